import { allocate } from '../tensor/elements.ts';
import { type Initialiser, Parameter, type Stored } from '../tensor/parameter.ts';
import { type Shape, sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { Fused } from './family.ts';

/** How the rows of several tensors lie in one: each tensor has so many, and all take turns in so many groups. */
export interface Rows {
  counts: readonly number[];
  groups: number;
}

/** A part of a whole, by its number. */
export interface PartOf {
  whole: string;
  /** Names of all parts. */
  parts: readonly string[];
  part: number;
  groups: string | undefined;
}

/** `name` with one thing in the place of another, which is a part of the dotted name or several. */
function swapped(name: string, from: string, to: string): string | undefined {
  const at = `.${name}.`.lastIndexOf(`.${from}.`);
  return at < 0 ? undefined : name.slice(0, at) + to + name.slice(at + from.length);
}

/** The tensors of which the one called `name` may be a part. */
export const wholesOf = (name: string, fused: readonly Fused[] = []): PartOf[] =>
  fused.flatMap(({ whole, parts, groups }) =>
    parts.flatMap((own, part) => {
      const stored = swapped(name, own, whole);
      return stored === undefined
        ? []
        : [{ whole: stored, parts: parts.map((other) => swapped(name, own, other) as string), part, groups }];
    }),
  );

/** The tensors that together may be the one called `name`. */
export const partsOf = (name: string, fused: readonly Fused[] = []): Omit<PartOf, 'part'>[] =>
  fused.flatMap(({ whole, parts, groups }) =>
    swapped(name, whole, whole) === undefined
      ? []
      : [{ whole: name, parts: parts.map((part) => swapped(name, whole, part) as string), groups }],
  );

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);

/** Calls `copy` with each run of rows of a part: where it begins in the whole, where in the part, and how many there are. */
function eachRun({ counts, groups }: Rows, part: number, copy: (inWhole: number, inPart: number, count: number) => void): void {
  const [all, before, own] = [sum(counts), sum(counts.slice(0, part)), counts[part]].map((count) => count / groups);
  for (let group = 0; group < groups; group++) copy(group * all + before, group * own, own);
}

/** Which rows of the whole those of a part are, in words. */
export function rowsInWords({ counts, groups }: Rows, part: number): string {
  const first = sum(counts.slice(0, part)) / groups;
  const last = first + counts[part] / groups - 1;
  return `rows ${first} to ${last}${groups > 1 ? ` of each ${sum(counts) / groups}` : ''}`;
}

/** Gives a parameter the rows that it has in `whole`: where they stand together, those themselves. */
export function takePart(parameter: Parameter, whole: Tensor, rows: Rows, part: number, storedAs?: Stored): void {
  const width = widthOf(parameter.shape);
  const fill: Initialiser = (values) => {
    const from = whole.elements as Float32Array;
    eachRun(rows, part, (inWhole, inPart, count) => values.set(from.subarray(inWhole * width, (inWhole + count) * width), inPart * width));
  };
  const first = sum(rows.counts.slice(0, part)) * width;
  if (rows.groups > 1 || whole instanceof Parameter) give(parameter, fill, [whole], storedAs);
  else parameter.adopt((whole.elements as Float32Array).subarray(first, first + parameter.size), storedAs);
}

/** Gives a parameter the rows of all `parts`. */
export function joinParts(parameter: Parameter, parts: readonly Tensor[], groups: number, storedAs?: Stored): void {
  const width = widthOf(parameter.shape);
  const rows = { counts: parts.map(({ shape }) => shape[0]), groups };
  const fill: Initialiser = (values) => {
    for (const [part, { elements }] of parts.entries())
      eachRun(rows, part, (inWhole, inPart, count) =>
        values.set((elements as Float32Array).subarray(inPart * width, (inPart + count) * width), inWhole * width),
      );
  };
  give(parameter, fill, parts, storedAs);
}

const widthOf = (shape: Shape): number => sizeOf(shape.slice(1));

/** Values that are made on first use, as those of quantised weights are, still are then. */
export function give(parameter: Parameter, fill: Initialiser, from: readonly Tensor[], storedAs?: Stored): void {
  if (from.some((tensor) => tensor instanceof Parameter)) {
    parameter.initialise = fill;
    return;
  }
  const values = allocate('float32', parameter.size);
  fill(values);
  parameter.adopt(values, storedAs);
}

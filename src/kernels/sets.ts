import { functionNames } from '../ops/kinds.ts';
import type { Op } from '../ops/op.ts';
import { SET_OPS, type SetName } from '../ops/sets.ts';
import { addRows, OPS } from '../ops/table.ts';
import type { Binary, Carried } from '../platform/platform.ts';

/** Ops that come together: rows of the op table, and their kernels where these are not in files beside the script. */
export interface OpSet {
  rows: Readonly<Record<string, Op>>;
  binaries: Carried;
  /** The numbers of what its ops compute, by name, where an argument says it. */
  functions?: Readonly<Record<string, number>>;
}

const carried = new Map<string, Carried[string]>();

/** A binary that came with a set. */
export const carriedBinary = (binary: Binary): Carried[string] | undefined => carried.get(binary);

/** Adds a set, once or again. */
export function addOps({ rows, binaries, functions = {} }: OpSet): void {
  addRows(rows);
  for (const [name, number] of Object.entries(functions)) functionNames.set(number, name);
  for (const [name, binary] of Object.entries(binaries)) carried.set(name, binary);
}

/** Loads a set by its name, where anything does. */
export const known: { load?: (name: SetName) => Promise<OpSet> } = {};

/** Has the sets of these ops there, or all sets, where something loads them. */
export async function opsFor(names: Iterable<string> = SET_OPS.keys()): Promise<void> {
  const { load } = known;
  if (!load) return;
  const missing = new Set([...names].flatMap((name) => (Object.hasOwn(OPS, name) ? [] : (SET_OPS.get(name) ?? []))));
  for (const set of await Promise.all([...missing].map(load))) addOps(set);
}

import { Parameter, type Stored } from './parameter.ts';
import { type Shape, sizeOf } from './tensor.ts';

type Floats = Float32Array;

/**
 * The values of a parameter in another order, or some of them, as a weight of its own. They follow those of the parameter, and are made anew where
 * nothing has held them meanwhile, for a second copy of all weights has no place in memory.
 */
export class Derived extends Parameter {
  readonly source: Parameter;
  /** What traces write behind the name of the source. */
  readonly suffix: string;
  readonly #derive: (values: Floats) => Floats;
  #values: WeakRef<Floats> | undefined;
  #seen = 0;

  constructor(source: Parameter, suffix: string, shape: Shape, derive: (values: Floats) => Floats) {
    super(shape, () => {});
    this.source = source;
    this.suffix = suffix;
    this.#derive = derive;
  }

  override get elements(): Floats {
    const { source } = this;
    const known = this.#seen === source.version && !source.lent ? this.#values?.deref() : undefined;
    if (known) return known;
    const values = this.#derive(source.elements);
    [this.#values, this.#seen] = [new WeakRef(values), source.version];
    return values;
  }

  override get lent(): boolean {
    return this.source.lent;
  }

  override get version(): number {
    return this.source.version;
  }

  override get storedAs(): Stored {
    return this.source.storedAs;
  }
}

const made = new WeakMap<Parameter, Map<string, Derived>>();

function derived(source: Parameter, suffix: string, shape: Shape, derive: (values: Floats) => Floats): Derived {
  const known = made.get(source) ?? new Map<string, Derived>();
  made.set(source, known);
  const before = known.get(suffix);
  if (before && sizeOf(before.shape) === sizeOf(shape)) return before;
  const after = new Derived(source, suffix, shape, derive);
  known.set(suffix, after);
  return after;
}

/** Caches hold blocks of so many rows and columns. */
const BLOCK = 32;

function transpose(values: Floats, rows: number, cols: number): Floats {
  const out = new Float32Array(values.length);
  for (let top = 0; top < rows; top += BLOCK)
    for (let left = 0; left < cols; left += BLOCK)
      for (let row = top; row < Math.min(top + BLOCK, rows); row++)
        for (let col = left; col < Math.min(left + BLOCK, cols); col++) out[col * rows + row] = values[row * cols + col];
  return out;
}

/** The rows of a parameter in `count` blocks of as many, each [rows / count, columns], or [rows / count] where rows are one number. */
export function blocksOf(source: Parameter, count: number): Derived[] {
  const [rows, ...row] = source.shape;
  const shape = row.length === 0 ? [rows / count] : [rows / count, sizeOf(row)];
  const size = sizeOf(shape);
  return Array.from({ length: count }, (_, i) =>
    derived(source, `rows.${i}`, shape, (values) => values.subarray(i * size, (i + 1) * size)),
  );
}

/** A parameter [rows, …] as [columns, rows]. */
export function transposedOf(source: Parameter): Derived {
  const [rows, ...row] = source.shape;
  const cols = sizeOf(row);
  return derived(source, 'transposed', [cols, rows], (values) => transpose(values, rows, cols));
}

/** How the values of a parameter follow from those that were derived of it: by the suffix of each, the first of all that there are. */
export const DERIVATIONS: readonly {
  suffixOf(i: number): string;
  restore(values: Floats, parts: readonly Floats[], shape: Shape): void;
}[] = [
  {
    suffixOf: (i) => `rows.${i}`,
    restore(values, parts) {
      let at = 0;
      for (const part of parts) {
        values.set(part, at);
        at += part.length;
      }
    },
  },
  {
    suffixOf: (i) => (i === 0 ? 'transposed' : ''),
    restore(values, [part], [rows, ...row]) {
      values.set(transpose(part, sizeOf(row), rows));
    },
  },
];

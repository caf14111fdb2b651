import { DTYPES, type DType, type TypedArray } from './dtype.ts';
import { TraceletError } from './error.ts';

/** Dimensions, the slowest first. */
export type Shape = readonly number[];
/** Nested arrays of numbers, as {@link tensor} takes them. */
export type Nested = number | bigint | boolean | readonly Nested[];

/** Number of elements of `shape`. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, dim) => product * dim, 1);

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => dim === b[i]);

/** A dense row-major array in host memory, as `torch.Tensor` on the CPU. */
export class Tensor {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly #data: TypedArray | null;

  /** `data` may be null only in subclasses that stand for values not computed yet. */
  constructor(dtype: DType, shape: Shape, data: TypedArray | null) {
    if (data && data.length !== sizeOf(shape))
      throw new TraceletError('shape', {
        what: `tensor of shape [${shape}]`,
        expected: `${sizeOf(shape)} elements`,
        got: `${data.length}`,
      });
    this.dtype = dtype;
    this.shape = shape;
    this.#data = data;
  }

  /** The elements in row-major order. */
  get data(): TypedArray {
    return this.#data as TypedArray;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The same elements under another shape of equal size; one dimension may be -1. */
  reshape(shape: Shape): Tensor {
    return new Tensor(this.dtype, resolveShape(this.shape, shape), this.data);
  }

  /** The only element of a tensor of size 1. */
  item(): number {
    if (this.size !== 1)
      throw new TraceletError('shape', { what: 'item()', expected: 'a tensor with one element', got: `shape [${this.shape}]` });
    return Number(this.data[0]);
  }

  /** Nested arrays of numbers (bigint for int64), shaped like the tensor. */
  // biome-ignore lint/suspicious/noExplicitAny: how deep it nests is not in the type
  tolist(): any {
    let flat: Nested[] = Array.from(this.data as ArrayLike<number | bigint>);
    if (this.shape.length === 0) return flat[0];
    for (const dim of this.shape.slice(1).reverse())
      flat = Array.from({ length: flat.length / dim }, (_, i) => flat.slice(i * dim, (i + 1) * dim));
    return flat;
  }
}

/** `wanted` with its -1 filled in, checked to hold as many elements as `shape`. */
export function resolveShape(shape: Shape, wanted: Shape): Shape {
  const known = wanted.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
  const resolved = wanted.map((dim) => (dim === -1 ? sizeOf(shape) / known : dim));
  if (sizeOf(resolved) !== sizeOf(shape) || !resolved.every((dim) => Number.isInteger(dim) && dim >= 0))
    throw new TraceletError('shape', {
      what: 'reshape',
      expected: `a shape of ${sizeOf(shape)} elements`,
      got: `[${wanted}] from [${shape}]`,
    });
  return resolved;
}

/**
 * A tensor from nested arrays, as `torch.tensor`. Without `dtype`, whole numbers and booleans become int32, bigints int64
 * and anything else float32.
 */
export function tensor(values: Nested, options: { dtype?: DType } = {}): Tensor {
  const shape: number[] = [];
  for (let level: Nested = values; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const flat: (number | bigint)[] = [];
  flatten(values, shape, 0, flat);
  const dtype = options.dtype ?? inferDType(flat);
  const data = allocate(dtype, flat.length);
  if (dtype === 'int64') for (let i = 0; i < flat.length; i++) data[i] = BigInt(flat[i]);
  else for (let i = 0; i < flat.length; i++) data[i] = Number(flat[i]);
  return new Tensor(dtype, shape, data);
}

function flatten(value: Nested, shape: Shape, depth: number, out: (number | bigint)[]): void {
  if (!Array.isArray(value)) {
    if (depth !== shape.length) throw ragged(shape, depth);
    if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean')
      throw new TraceletError('value', {
        what: 'tensor()',
        expected: 'numbers, bigints or booleans',
        got: value === null ? 'null' : typeof value,
      });
    out.push(typeof value === 'boolean' ? Number(value) : (value as number | bigint));
    return;
  }
  if (depth >= shape.length || value.length !== shape[depth]) throw ragged(shape, depth);
  for (const element of value) flatten(element, shape, depth + 1, out);
}

function ragged(shape: Shape, depth: number): TraceletError {
  return new TraceletError('shape', {
    what: 'tensor()',
    expected: `nested arrays of one shape ([${shape}] by their first elements)`,
    got: `an element of another length at depth ${depth}`,
    cure: 'Pad the rows to one length',
  });
}

function inferDType(flat: readonly (number | bigint)[]): DType {
  if (flat.some((v) => typeof v === 'bigint')) return 'int64';
  return flat.every((v) => Number.isInteger(v) && Math.abs(Number(v)) <= 0x7fffffff) ? 'int32' : 'float32';
}

/** A zeroed array for `length` elements of `dtype`. */
function allocate(dtype: DType, length: number): TypedArray {
  return new DTYPES[dtype].array(new ArrayBuffer(length * DTYPES[dtype].bytes));
}

/** What one typed array can hold in every engine. */
const MOST_ELEMENTS = 2 ** 31 - 1;

/** A tensor with every element `value`, as `torch.full`. */
export function full(shape: Shape, value: number, options: { dtype?: DType } = {}): Tensor {
  const dtype = options.dtype ?? 'float32';
  if (!shape.every((size) => Number.isInteger(size) && size >= 0) || sizeOf(shape) > MOST_ELEMENTS)
    throw new TraceletError('shape', {
      what: 'tensor',
      expected: `whole dimensions of at most ${MOST_ELEMENTS} elements`,
      got: `[${shape}]`,
    });
  const data = allocate(dtype, sizeOf(shape));
  if (dtype === 'int64') (data as BigInt64Array).fill(BigInt(value));
  else (data as Float32Array).fill(value);
  return new Tensor(dtype, shape, data);
}

/** As `torch.zeros`. */
export const zeros = (shape: Shape, options: { dtype?: DType } = {}): Tensor => full(shape, 0, options);

/** As `torch.ones`. */
export const ones = (shape: Shape, options: { dtype?: DType } = {}): Tensor => full(shape, 1, options);

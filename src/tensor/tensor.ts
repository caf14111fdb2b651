import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { typedArrayName } from '../base/realm.ts';
import { type ArrayOf, type DType, type DTypeName, dtypeNamed, type Named, type TypedArray } from './dtype.ts';
import { converted, elementsOf, numbersOf, type Values } from './elements.ts';
import { type Nested, partsOf } from './nested.ts';
import type { TensorOps } from './operations.ts';
import { dimension, dimsOf, resolveShape, type Shape, shapeOf, sizeOf } from './shape.ts';
import { DENO_INSPECT, describeTensor, INSPECT, jsonOf, showTensor } from './show.ts';

export { dimension, dimsOf, type Shape, sameShape, shapeOf, sizeOf } from './shape.ts';

/** What is left of a tensor that was cloned or posted: also the tensor of another copy of this package, or of transformers.js. */
export type TensorLike = { data: Values } & ({ dtype: string; shape: Shape } | { type: string; dims: Shape });

/** For tensors made of what was proved: a shape that nobody writes to, and an array of this realm that holds as many elements of the dtype. */
export const PROVED: unique symbol = Symbol('proved');

interface Parts<D extends DType> {
  dtype: D;
  shape: Shape;
  data: ArrayOf<D> | null;
}

/** A dense row-major array in host memory, as `torch.Tensor` on the CPU. `data` are its elements; 16-bit floats are held as their bits. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: ops on tensors are defined where ops are
export class Tensor<D extends DType = DType> {
  declare readonly dtype: D;
  declare readonly shape: Shape;

  /**
   * `data` is any array of numbers, converted where it is not the one that holds `dtype`, and kept without a copy where it is. The order
   * (type, data, dims) of transformers.js is understood where `data` is a typed array. Throws `dtype`, `shape` and `value` errors.
   */
  constructor(dtype: D, shape: Shape, data: Values | null);
  constructor(type: D, data: TypedArray, dims: Shape);
  constructor(dtype: D, shape: Shape, data: ArrayOf<D>, proved: typeof PROVED);
  constructor(type: D, second: Shape | TypedArray, third: Values | null, proved?: typeof PROVED) {
    const { dtype, shape, data } =
      proved === PROVED ? ({ dtype: type, shape: second, data: third } as Parts<D>) : prove(type, second, third, new.target === Tensor);
    this.dtype = dtype;
    this.shape = Object.freeze(shape);
    if (data !== null) (this as { data: ArrayOf<D> }).data = data;
    if (new.target === Tensor) Object.freeze(this);
  }

  /** A tensor from what was left of one by `structuredClone`, `postMessage` or another library, or from what `tensor` takes. */
  static from(value: Tensor | TensorLike | Nested): Tensor {
    const whole = tensorLike(value);
    if (whole) return whole;
    const { dtype, shape, data } = partsOf(value as Nested, tensorLike);
    return new Tensor(dtype, shape, data, PROVED);
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The shape, by the name it has in transformers.js. */
  get dims(): Shape {
    return this.shape;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }

  /** The elements, for code that does not write to them. */
  get elements(): ArrayOf<D> {
    return this.data;
  }

  /** Whether it stands for a value that is not computed yet. */
  get recorded(): boolean {
    return false;
  }

  /** This tensor as the operand `what` of an op that takes `dtype`. Throws `dtype` and `value` errors. */
  operand<W extends DType>(dtype: W, what: string): Tensor<W> {
    const { elements, size } = this;
    if (elements?.length !== size)
      throw new TraceletError('value', {
        what,
        expected: `${size} elements`,
        got: elements ? `${elements.length}: its buffer was detached or resized` : 'none',
      });
    if ((this.dtype as DType) === dtype) return this as unknown as Tensor<W>;
    return new Tensor(dtype, this.shape, converted(dtype, this.dtype, elements, what), PROVED);
  }

  /** The same elements under another shape of equal size; one dimension may be -1. */
  reshape(...shape: readonly number[] | readonly [Shape]): Tensor<D> {
    return this.reshaped(resolveShape(this.shape, dimsOf(shape)));
  }

  /** As {@link reshape}: tensors here are always contiguous. */
  view(...shape: readonly number[] | readonly [Shape]): Tensor<D> {
    return this.reshape(...shape);
  }

  protected reshaped(shape: Shape): Tensor<D> {
    return new Tensor(this.dtype, shape, this.data);
  }

  /** Without the dimensions of size 1, or without `dim` if it has that size. */
  squeeze(dim?: number): Tensor<D> {
    const at = dim === undefined ? undefined : dimension(this.shape, dim, 'squeeze');
    return this.reshaped(this.shape.filter((size, i) => size !== 1 || (at !== undefined && i !== at)));
  }

  /** With a dimension of size 1 put in at `dim`. */
  unsqueeze(dim: number): Tensor<D> {
    return this.reshaped(this.shape.toSpliced(dimension([...this.shape, 1], dim, 'unsqueeze'), 0, 1));
  }

  /** Dimensions `start` to `end` made one. */
  flatten(start = 0, end = -1): Tensor<D> {
    const { shape } = this;
    if (shape.length === 0) return this.reshaped([1]);
    const [first, last] = [dimension(shape, start, 'flatten'), dimension(shape, end, 'flatten')];
    if (first > last) throw new TraceletError('shape', { what: 'flatten', expected: 'a start before the end', got: `${start} and ${end}` });
    return this.reshaped(shape.toSpliced(first, last - first + 1, sizeOf(shape.slice(first, last + 1))));
  }

  /** The elements as numbers, proved to be there. */
  get #numbers(): TypedArray {
    return numbersOf(this.dtype, this.operand(this.dtype, 'tensor').elements);
  }

  /** The elements as another dtype, rounded where it is narrower. Whole numbers of a range it does not have are a `value` error. */
  to<N extends DTypeName>(dtype: N): Tensor<Named<N>> {
    const known = dtypeNamed(dtype, 'to');
    return new Tensor(known, this.shape, elementsOf(known, this.#numbers, 'to').slice() as ArrayOf<Named<N>>, PROVED);
  }

  /** The same elements in memory of their own. */
  clone(): Tensor<D> {
    return new Tensor(this.dtype, this.shape, this.operand(this.dtype, 'clone').elements.slice() as ArrayOf<D>, PROVED);
  }

  /** The only element of a tensor of size 1. Throws a `value` error for an int64 that a number does not hold exactly. */
  item(): number {
    if (this.size !== 1)
      throw new TraceletError('shape', { what: 'item()', expected: 'a tensor with one element', got: `shape [${this.shape}]` });
    const [element] = this.#numbers;
    if (typeof element === 'bigint' && BigInt(Number(element)) !== element)
      throw new TraceletError('value', { what: 'item()', expected: 'what a number holds', got: `${element}`, cure: 'Use data[0]' });
    return Number(element);
  }

  /** Nested arrays of numbers (bigint for int64), shaped like the tensor. */
  // biome-ignore lint/suspicious/noExplicitAny: how deep it nests is not in the type
  tolist(): any {
    return nested(Array.from(this.#numbers as ArrayLike<number | bigint>), this.shape);
  }

  /**
   * What `JSON.stringify` writes: the nested arrays of {@link tolist}. What JSON has no number for is a string: NaN, Infinity, -Infinity and
   * int64 beyond 2⁵³.
   */
  // biome-ignore lint/suspicious/noExplicitAny: how deep it nests is not in the type
  toJSON(): any {
    return nested(Array.from(this.#numbers as ArrayLike<number | bigint>, jsonOf), this.shape);
  }

  /** The tensors along the first dimension; one of no dimensions is not iterable. */
  get [Symbol.iterator](): () => IterableIterator<Tensor<D>> {
    return (this.ndim > 0 ? this.rows : undefined) as () => IterableIterator<Tensor<D>>;
  }

  /** The tensors along the first dimension, on the same memory: what `for … of` goes through. Throws a `shape` error where there is none. */
  *rows(): IterableIterator<Tensor<D>> {
    const [count, ...rest] = this.shape;
    if (count === undefined) throw new TraceletError('shape', { what: 'rows()', expected: 'at least one dimension', got: 'none' });
    const step = sizeOf(rest);
    const { data } = this.operand(this.dtype, 'rows()');
    for (let i = 0; i < count; i++) yield new Tensor(this.dtype, rest, data.subarray(i * step, (i + 1) * step) as ArrayOf<D>, PROVED);
  }

  /** Its text, or the number of a tensor with one element. Throws a `value` error where operators of JavaScript meet any other. */
  [Symbol.toPrimitive](hint: string): string | number {
    if (hint === 'string') return this.toString();
    if (this.size === 1) return this.item();
    throw new TraceletError('value', {
      what: `an operator on a tensor of shape [${this.shape}]`,
      expected: 'a tensor with one element',
      got: 'several',
      cure: 'Use add, sub, mul and matmul',
    });
  }

  /** The elements, shortened where there are many, with shape and dtype. */
  toString(): string {
    return showTensor(this.dtype, this.shape, this.#numbers);
  }

  [INSPECT](): string {
    const there = !this.recorded && this.elements?.length === this.size;
    return there ? this.toString() : `tensor(..., ${describeTensor(this.dtype, this.shape)})`;
  }

  [DENO_INSPECT](): string {
    return this[INSPECT]();
  }
}

/** What tensors get from the ops in `F`, and their elements. */
export interface Tensor<D extends DType = DType> extends TensorOps<D> {
  /** The elements in row-major order. */
  readonly data: ArrayOf<D>;
}

function prove<D extends DType>(dtype: D, second: Shape | TypedArray, third: Values | null, whole: boolean): Parts<D> {
  const swapped = typedArrayName(second) !== undefined && Array.isArray(third);
  const [given, data] = swapped ? [third, second] : [second, third];
  const shape = shapeOf(given);
  const what = `tensor of shape [${shape}]`;
  const known = dtypeNamed(dtype as DTypeName, what) as D;
  return { dtype: known, shape, data: data === null && !whole ? null : fitted(known, data as Values, shape, what) };
}

function fitted<D extends DType>(dtype: D, data: Values, shape: Shape, what: string): ArrayOf<D> {
  if (!Array.isArray(data) && typedArrayName(data) === undefined)
    throw new TraceletError('value', {
      what,
      expected: 'its elements: a typed array or an array of numbers',
      got: describe(data),
      cure: 'new Tensor(dtype, shape, data) takes all three; tensor(values) finds out the first two',
    });
  if (data.length !== sizeOf(shape))
    throw new TraceletError('shape', {
      what,
      expected: `${sizeOf(shape)} elements`,
      got: `${data.length}`,
      cure: data.length === 0 ? 'Was its buffer detached?' : 'The order is new Tensor(dtype, shape, data)',
    });
  return elementsOf(dtype, data, what);
}

/** The tensor that `value` is or was before it was cloned, if it is any. */
export function tensorLike(value: unknown): Tensor | undefined {
  if (value instanceof Tensor) return value;
  if (!isObject(value) || typedArrayName(value.data) === undefined) return undefined;
  const [dtype, shape] = [value.dtype ?? value.type, value.shape ?? value.dims];
  if (typeof dtype !== 'string' || shape === undefined) return undefined;
  return new Tensor(dtype as DType, shape as Shape, value.data as TypedArray);
}

function nested<T>(flat: T[], shape: Shape): unknown {
  if (shape.length === 0) return flat[0];
  let level: unknown[] = flat;
  for (let i = shape.length - 1; i > 0; i--) {
    const below = level;
    const dim = shape[i];
    level = Array.from({ length: sizeOf(shape.slice(0, i)) }, (_, at) => below.slice(at * dim, (at + 1) * dim));
  }
  return level;
}

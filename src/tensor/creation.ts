import { isObject } from '../base/json.ts';
import { checkOptions } from '../base/options.ts';
import { kind } from '../base/schema.ts';
import { type DType, type DTypeName, dtypeNamed, type Named } from './dtype.ts';
import { allocate, elementsOf } from './elements.ts';
import { type Nested, partsOf } from './nested.ts';
import { dimsOf, type Shape, shapeOf, sizeOf } from './shape.ts';
import { PROVED, Tensor, tensorLike } from './tensor.ts';

/** Options of what makes tensors. */
export interface CreationOptions<N extends DTypeName = DTypeName> {
  dtype?: N;
}

const CREATION_OPTIONS = { dtype: kind<DTypeName>('the name of a dtype', (value) => typeof value === 'string') };

function dtypeFrom<N extends DTypeName>(what: string, options: CreationOptions<N>): Named<N> | undefined {
  const { dtype } = checkOptions(what, options, CREATION_OPTIONS);
  return dtype === undefined ? undefined : (dtypeNamed(dtype, what) as Named<N>);
}

/**
 * A tensor from nested arrays, typed arrays or a tensor, whose numbers are copied, as `torch.tensor`. Without `dtype` typed arrays keep theirs;
 * otherwise whole numbers and booleans become int32, or int64 where they are larger, bigints int64, and anything else float32.
 * Throws `shape` errors for rows of different lengths, and `value` errors for what is no number or none of the dtype.
 */
export function tensor(values: Float32Array | Tensor<'float32'>): Tensor<'float32'>;
export function tensor<N extends DTypeName = DType>(values: Nested, options?: CreationOptions<N>): Tensor<Named<N>>;
export function tensor(values: Nested, options: CreationOptions = {}): Tensor {
  const wanted = dtypeFrom('tensor', options);
  const { dtype, shape, data } = partsOf(values, tensorLike, wanted);
  return new Tensor(dtype, shape, data, PROVED);
}

/** A tensor with every element `value`, as `torch.full`. */
export function full<N extends DTypeName = 'float32'>(shape: Shape, value: number | bigint, options?: CreationOptions<N>): Tensor<Named<N>>;
export function full(shape: Shape, value: number | bigint, options: CreationOptions = {}): Tensor {
  const dtype = dtypeFrom('full', options) ?? 'float32';
  const dims = shapeOf(shape);
  const [element] = elementsOf(dtype, [value], 'full: value');
  const data = allocate(dtype, sizeOf(dims));
  (data as Float32Array).fill(element as number);
  return new Tensor(dtype, dims, data, PROVED);
}

/** A shape as one list or dimension by dimension, and options behind it. */
type FullOf = {
  <N extends DTypeName = 'float32'>(shape: Shape, options?: CreationOptions<N>): Tensor<Named<N>>;
  <N extends DTypeName = 'float32'>(...shape: [...dims: number[], options: CreationOptions<N>]): Tensor<Named<N>>;
  (...shape: number[]): Tensor<'float32'>;
};

const filledWith = (value: number): FullOf =>
  ((...given: unknown[]): Tensor => {
    const last = given.at(-1);
    const options = isObject(last) ? (given.pop() as CreationOptions) : {};
    return full(dimsOf(given), value, options);
  }) as FullOf;

/** As `torch.zeros`: `zeros([2, 3])` or `zeros(2, 3)`, with `{ dtype }` behind it; float32 unless given. */
export const zeros: FullOf = filledWith(0);

/** As `torch.ones`: `ones([2, 3])` or `ones(2, 3)`, with `{ dtype }` behind it; float32 unless given. */
export const ones: FullOf = filledWith(1);

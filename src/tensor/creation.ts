import { TraceletError } from '../base/error.ts';
import { isObject } from '../base/json.ts';
import { checkOptions } from '../base/options.ts';
import { isDetached, typedArrayName } from '../base/realm.ts';
import { kind } from '../base/schema.ts';
import { type DType, type DTypeName, dtypeNamed, type Named, type TypedArray } from './dtype.ts';
import { allocate, elementsOf, numbersOf } from './elements.ts';
import { dimsOf, PROVED, type Shape, shapeOf, sizeOf, Tensor, tensorLike } from './tensor.ts';

/** Nested arrays of numbers, as {@link tensor} takes them. */
export type Nested = number | bigint | boolean | NumberArray | Tensor | readonly Nested[];

type NumberArray = TypedArray | Int16Array | Uint32Array | Uint8ClampedArray | BigUint64Array;

/** Options of what makes tensors. */
export interface CreationOptions<N extends DTypeName = DTypeName> {
  dtype?: N;
}

const CREATION_OPTIONS = { dtype: kind<DTypeName>('the name of a dtype', (value) => typeof value === 'string') };

function dtypeFrom<N extends DTypeName>(what: string, options: CreationOptions<N>): Named<N> | undefined {
  const { dtype } = checkOptions(what, options, CREATION_OPTIONS);
  return dtype === undefined ? undefined : (dtypeNamed(dtype, what) as Named<N>);
}

/** The dtype that each class of typed arrays stands for; what has no dtype of its own goes to the next that holds it. */
const BY_ARRAY: Readonly<Record<string, DType>> = {
  Float64Array: 'float64',
  Float32Array: 'float32',
  Float16Array: 'float16',
  BigInt64Array: 'int64',
  BigUint64Array: 'int64',
  Uint32Array: 'int64',
  Int32Array: 'int32',
  Uint16Array: 'int32',
  Int16Array: 'int32',
  Int8Array: 'int8',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
};

/** What nested arrays hold, in order, and the dtypes of typed arrays and tensors among them. */
interface Gathered {
  flat: (number | bigint | boolean)[];
  dtypes: Set<DType>;
}

const DEEPEST = 32;

/**
 * A tensor from nested arrays, typed arrays or a tensor, whose numbers are copied, as `torch.tensor`. Without `dtype` typed arrays keep theirs;
 * otherwise whole numbers and booleans become int32, or int64 where they are larger, bigints int64, and anything else float32.
 * Throws `shape` errors for rows of different lengths, and `value` errors for what is no number or none of the dtype.
 */
export function tensor(values: Float32Array | Tensor<'float32'>): Tensor<'float32'>;
export function tensor<N extends DTypeName = DType>(values: Nested, options?: CreationOptions<N>): Tensor<Named<N>>;
export function tensor(values: Nested, options: CreationOptions = {}): Tensor {
  const wanted = dtypeFrom('tensor', options);
  const shape = shapeOfNested(values);
  const gathered: Gathered = { flat: [], dtypes: new Set() };
  flatten(values, shape, 0, gathered);
  const dtype = wanted ?? inferDType(gathered);
  return new Tensor(dtype, shape, elementsOf(dtype, gathered.flat, 'tensor()'), PROVED);
}

/** Lengths of the first element at each depth. */
function shapeOfNested(values: Nested): number[] {
  const shape: number[] = [];
  let level: unknown = values;
  while (shape.length <= DEEPEST) {
    const whole = tensorLike(level);
    if (whole) return [...shape, ...whole.shape];
    if (!Array.isArray(level) && typedArrayName(level) === undefined) return shape;
    const { length, 0: first, buffer } = level as TypedArray;
    if (length === 0 && buffer && isDetached(buffer)) throw detached();
    shape.push(length);
    if (length === 0) return shape;
    level = first;
  }
  throw new TraceletError('shape', { what: 'tensor()', expected: `at most ${DEEPEST} dimensions`, got: 'arrays nested deeper' });
}

const detached = (): TraceletError =>
  new TraceletError('value', {
    what: 'tensor()',
    expected: 'numbers',
    got: 'an array whose buffer is detached',
    cure: 'Transfer a copy of it',
  });

function flatten(value: unknown, shape: Shape, depth: number, out: Gathered): void {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    if (depth !== shape.length) throw ragged(shape, depth);
    out.flat.push(value);
    return;
  }
  const whole = tensorLike(value);
  if (whole) flattenTensor(whole, shape, depth, out);
  else flattenArray(value, shape, depth, out);
}

function flattenArray(value: unknown, shape: Shape, depth: number, out: Gathered): void {
  const name = typedArrayName(value);
  if (!Array.isArray(value) && name === undefined) {
    if (depth !== shape.length) throw ragged(shape, depth);
    throw new TraceletError('value', {
      what: 'tensor()',
      expected: 'numbers, bigints or booleans',
      got: value === null ? 'null' : typeof value,
    });
  }
  const elements = value as ArrayLike<unknown>;
  if (depth >= shape.length || elements.length !== shape[depth]) throw ragged(shape, depth);
  if (name !== undefined) out.dtypes.add(dtypeOfArray(name));
  for (let i = 0; i < elements.length; i++) flatten(elements[i], shape, depth + 1, out);
}

function flattenTensor(whole: Tensor, shape: Shape, depth: number, out: Gathered): void {
  const { dtype, shape: own } = whole;
  const { elements } = whole.operand(dtype, 'tensor()');
  const rest = shape.slice(depth);
  if (rest.length !== own.length || rest.some((size, i) => size !== own[i])) throw ragged(shape, depth);
  out.dtypes.add(dtype);
  for (const number of numbersOf(dtype, elements)) out.flat.push(number);
}

function dtypeOfArray(name: string): DType {
  const dtype = BY_ARRAY[name];
  if (dtype) return dtype;
  throw new TraceletError('dtype', { what: 'tensor()', expected: `one of ${Object.keys(BY_ARRAY).join(', ')}`, got: name });
}

function ragged(shape: Shape, depth: number): TraceletError {
  return new TraceletError('shape', {
    what: 'tensor()',
    expected: `nested arrays of one shape ([${shape}] by their first elements)`,
    got: `an element of another length at depth ${depth}`,
    cure: 'Pad the rows to one length',
  });
}

function inferDType({ flat, dtypes }: Gathered): DType {
  const [known, ...others] = dtypes;
  if (others.length > 0)
    throw new TraceletError('dtype', {
      what: 'tensor()',
      expected: 'arrays of one dtype',
      got: [...dtypes].join(' and '),
      cure: 'Say which one is meant: { dtype }',
    });
  if (known) return known;
  if (flat.some((value) => typeof value === 'bigint')) return 'int64';
  if (!flat.every((value) => Number.isSafeInteger(Number(value)))) return 'float32';
  return flat.every((value) => Math.abs(Number(value)) < 2 ** 31) ? 'int32' : 'int64';
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

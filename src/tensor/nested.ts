import { TraceletError } from '../base/error.ts';
import { isDetached, typedArrayName } from '../base/realm.ts';
import type { ArrayOf, DType, TypedArray } from './dtype.ts';
import { elementsOf, numbersOf } from './elements.ts';
import type { Shape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** Nested arrays of numbers, as `tensor` takes them. */
export type Nested = number | bigint | boolean | NumberArray | Tensor | readonly Nested[];

type NumberArray = TypedArray | Int16Array | Uint32Array | Uint8ClampedArray | BigUint64Array;

/** Answers the tensor that a value is, if it is any. */
type TensorOf = (value: unknown) => Tensor | undefined;

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
  tensorOf: TensorOf;
  flat: (number | bigint | boolean)[];
  dtypes: Set<DType>;
}

const DEEPEST = 32;

/** What a tensor of nested arrays, typed arrays and tensors is made of. Throws `shape`, `value` and `dtype` errors. */
export function partsOf(values: Nested, tensorOf: TensorOf, wanted?: DType): { dtype: DType; shape: Shape; data: ArrayOf<DType> } {
  const shape = shapeOfNested(values, tensorOf);
  const gathered: Gathered = { tensorOf, flat: [], dtypes: new Set() };
  flatten(values, shape, 0, gathered);
  const dtype = wanted ?? inferDType(gathered);
  return { dtype, shape, data: elementsOf(dtype, gathered.flat, 'tensor()') };
}

/** Lengths of the first element at each depth. */
function shapeOfNested(values: Nested, tensorOf: TensorOf): number[] {
  const shape: number[] = [];
  let level: unknown = values;
  while (shape.length <= DEEPEST) {
    const whole = tensorOf(level);
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
  const whole = out.tensorOf(value);
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

import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { isSharedBuffer, typedArrayName } from '../base/realm.ts';
import { type ArrayOf, DTYPES, type DType, isWhole, type TypedArray } from './dtype.ts';
import { TO_FLOAT32, toBfloat16, toFloat16 } from './float.ts';

/** What tensors can be made of: an array of any kind that holds numbers. */
export type Values = ArrayLike<number | bigint | boolean>;

/** Which numbers a dtype holds, and how. */
interface Rule {
  expected: string;
  cure?: string;
  /** The number as an element, or undefined where the dtype has none for it. */
  read(value: number | bigint): number | bigint | undefined;
}

const floating = (read: (value: number) => number): Rule => ({ expected: 'a number', read: (value) => read(Number(value)) });

const whole = (low: number, high: number): Rule => ({
  expected: `a whole number from ${low} to ${high}`,
  read: (value) => (Number.isInteger(Number(value)) && value >= low && value <= high ? Number(value) : undefined),
});

const long: Rule = {
  expected: 'a whole number of 64 bits',
  read(value) {
    if (typeof value === 'number' && !Number.isInteger(value)) return undefined;
    const exact = BigInt(value);
    return BigInt.asIntN(64, exact) === exact ? exact : undefined;
  },
};

const RULES: Readonly<Record<DType, Rule>> = {
  float64: floating(Number),
  float32: floating(Number),
  float16: floating(toFloat16),
  bfloat16: floating(toBfloat16),
  int64: long,
  int32: whole(-(2 ** 31), 2 ** 31 - 1),
  int8: whole(-128, 127),
  uint8: whole(0, 255),
  bool: { expected: 'a number, true or false', read: (value) => Number(Number(value) !== 0) },
};

/** The largest whole number below which float32 holds all. */
const EXACT = 2 ** 24;

/** What floats are wanted of: whole numbers that float32 holds as they are. */
const exactFloat: Rule = {
  expected: `a whole number that float32 holds exactly, up to ${EXACT}`,
  cure: "Make it with { dtype: 'float32' } if it may be rounded",
  read: (value) => (value >= -EXACT && value <= EXACT ? Number(value) : undefined),
};

/** A zeroed array of `length` elements. Throws a `memory` error for `what` where there is no room. */
export function allocate<D extends DType>(dtype: D, length: number, what = `${dtype} tensor`): ArrayOf<D> {
  const { bytes, array } = DTYPES[dtype];
  try {
    return new array(new ArrayBuffer(length * bytes)) as ArrayOf<D>;
  } catch (cause) {
    throw new TraceletError('memory', {
      what,
      expected: `room for ${dtype} [${length}], ${length * bytes} bytes`,
      got: String((cause as Error).message),
      cause,
    });
  }
}

function convert<D extends DType>(dtype: D, values: Values, what: string, { expected, read, cure }: Rule): ArrayOf<D> {
  const elements = allocate(dtype, values.length);
  for (let i = 0; i < values.length; i++) {
    const value: unknown = values[i];
    const number = typeof value === 'boolean' ? Number(value) : value;
    const element = typeof number === 'number' || typeof number === 'bigint' ? read(number) : undefined;
    if (element === undefined)
      throw new TraceletError('value', { what: `${what}[${i}]`, expected: `${expected} for ${dtype}`, got: describe(value), cure });
    elements[i] = element;
  }
  return elements;
}

/** Arrays beside the one of a dtype that hold its elements as they are. */
const ALSO: Partial<Record<DType, string>> = { float16: 'Float16Array', uint8: 'Uint8ClampedArray' };

/**
 * `values` as elements of `dtype`: as they are where the array is the one that holds this dtype, and otherwise converted one by one.
 * A view of another class or realm becomes one of this realm on the same bytes; shared memory, which others may change, is copied.
 * Throws a `value` error that names the first element which the dtype does not hold.
 */
export function elementsOf<D extends DType>(dtype: D, values: Values, what: string): ArrayOf<D> {
  const name = typedArrayName(values);
  const { array } = DTYPES[dtype];
  if (name === undefined || (name !== array.name && name !== ALSO[dtype])) return convert(dtype, values, what, RULES[dtype]);
  if (dtype === 'bool' && (values as Uint8Array).some((value) => value > 1)) return convert(dtype, values, what, RULES.bool);
  const { buffer, byteOffset, length } = values as TypedArray;
  if (Object.getPrototypeOf(values) === array.prototype && !isSharedBuffer(buffer)) return values as ArrayOf<D>;
  const view = new array(buffer as ArrayBuffer, byteOffset, length) as ArrayOf<D>;
  return isSharedBuffer(buffer) ? (view.slice() as ArrayOf<D>) : view;
}

/** Elements as numbers: those of 16-bit floats, which are held as bits, as float32. */
export function numbersOf(dtype: DType, elements: TypedArray): TypedArray {
  if (dtype !== 'float16' && dtype !== 'bfloat16') return elements;
  const wide = new Float32Array(elements.length);
  TO_FLOAT32[dtype]?.(elements, wide);
  return wide;
}

/** Dtypes that become float32 or int32 where an op wants these, without another value. */
const WHOLE = (Object.keys(DTYPES) as DType[]).filter(isWhole);
const BECOMES: Partial<Record<DType, readonly DType[]>> = { float32: [...WHOLE, 'float16', 'bfloat16'], int32: WHOLE };

/**
 * Elements of one dtype as an op wants them. Whole numbers become floats where these are wanted, since a 1 in JavaScript is a 1.0 as well;
 * none changes its value. Throws `dtype` and `value` errors for all else.
 */
export function converted<D extends DType>(wanted: D, dtype: DType, elements: TypedArray, what: string): ArrayOf<D> {
  if (!BECOMES[wanted]?.includes(dtype))
    throw new TraceletError('dtype', {
      what,
      expected: BECOMES[wanted] ? [...new Set([wanted, ...(BECOMES[wanted] ?? [])])].join(', ') : wanted,
      got: dtype,
      cure: `Convert it with to('${wanted}'), or make it with { dtype: '${wanted}' }`,
    });
  const floats = dtype === 'float16' || dtype === 'bfloat16';
  return convert(wanted, numbersOf(dtype, elements), what, wanted === 'float32' && !floats ? exactFloat : RULES[wanted]);
}

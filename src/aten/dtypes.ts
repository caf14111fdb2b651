import { TraceletError } from '../base/error.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/tensor.ts';

/** PyTorch's numbers of dtypes (c10/core/ScalarType.h), as programs of TorchScript give them. */
export const SCALAR_TYPES: Readonly<Record<number, DType>> = {
  0: 'uint8',
  1: 'int8',
  3: 'int32',
  4: 'int64',
  5: 'float16',
  6: 'float32',
  7: 'float64',
  11: 'bool',
  15: 'bfloat16',
};

/** PyTorch's number of a dtype. */
export const numberOf = (dtype: DType): number => Number(Object.entries(SCALAR_TYPES).find(([, name]) => name === dtype)?.[0]);

/** The dtype of a number of PyTorch. Throws `dtype` errors for others. */
export function dtypeNumbered(number: number): DType {
  const dtype = SCALAR_TYPES[number];
  if (dtype) return dtype;
  throw new TraceletError('dtype', {
    what: `dtype number ${number}`,
    expected: Object.entries(SCALAR_TYPES)
      .map(([code, name]) => `${code} (${name})`)
      .join(', '),
    got: 'another',
  });
}

/** In which order dtypes take in one another. */
const ORDER: readonly DType[] = ['bool', 'uint8', 'int8', 'int32', 'int64', 'float16', 'bfloat16', 'float32', 'float64'];
const rankOf = (dtype: DType): number => ORDER.indexOf(dtype);

export const isFloating = (dtype: DType): boolean => rankOf(dtype) >= rankOf('float16');

/** Booleans, whole numbers, floats. */
const kindOf = (dtype: DType): number => (dtype === 'bool' ? 0 : isFloating(dtype) ? 2 : 1);

/** What promotion looks at. */
export interface Promoted {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Whether it is a number of Python. */
  readonly wrapped?: boolean;
}

const PAIRS: Readonly<Record<string, DType>> = { 'uint8 int8': 'int32', 'float16 bfloat16': 'float32' };

const wider = (a: DType, b: DType): DType => {
  const [low, high] = rankOf(a) < rankOf(b) ? [a, b] : [b, a];
  return PAIRS[`${low} ${high}`] ?? high;
};

const widest = (values: readonly Promoted[]): DType | undefined =>
  values.map(({ dtype }) => dtype).reduce<DType | undefined>((known, dtype) => (known ? wider(known, dtype) : dtype), undefined);

/**
 * The dtype that an op on `values` computes in: tensors without dimensions, and after them numbers of Python, count where they are of a later kind
 * (bool, whole, float) than tensors with dimensions. As `torch.result_type`.
 */
export function promoted(values: readonly Promoted[]): DType {
  const groups = [
    values.filter(({ shape, wrapped }) => shape.length > 0 && !wrapped),
    values.filter(({ shape, wrapped }) => shape.length === 0 && !wrapped),
    values.filter(({ wrapped }) => wrapped),
  ];
  const found = groups.map(widest);
  if (found[2] === 'float64' && (found[0] || found[1])) found[2] = 'float32';
  const kinds = found.map((dtype) => (dtype ? kindOf(dtype) : -1));
  return found[kinds.indexOf(Math.max(...kinds))] as DType;
}

/** `value` as an element of `dtype` is held. Halves are held as float32, in which all is computed. */
export function cast(value: number, dtype: DType): number {
  if (dtype === 'bool') return Number(value !== 0);
  if (dtype === 'float64') return value;
  if (isFloating(dtype)) return Math.fround(value);
  const whole = Math.trunc(value);
  const least = leastByte(dtype);
  return least === undefined ? whole : whole - BYTE * Math.floor((whole - least) / BYTE);
}

/** How many numbers a byte holds: beyond them it begins again. */
export const BYTE = 256;

/** The least number of a dtype of bytes; undefined for others. */
export const leastByte = (dtype: DType): number | undefined => (dtype === 'uint8' ? 0 : dtype === 'int8' ? -BYTE / 2 : undefined);

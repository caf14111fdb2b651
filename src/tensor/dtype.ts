import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { didYouMean } from '../base/nearest.ts';

/** The array that holds the elements of a dtype. */
interface Arrays {
  float64: Float64Array;
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  int8: Int8Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

/** What holds the elements of a tensor of this dtype. */
export type ArrayOf<D extends DType> = Arrays[D];

/** What holds the elements of a tensor. */
export type TypedArray = Arrays[keyof Arrays];

interface DTypeRow {
  /** Name in a safetensors header. */
  safetensors: string;
  bytes: number;
  array: new (buffer: ArrayBuffer, offset?: number, length?: number) => TypedArray;
}

/** One row a dtype. 16-bit floats are held as their bits. */
export const DTYPES = {
  float64: { safetensors: 'F64', bytes: 8, array: Float64Array },
  float32: { safetensors: 'F32', bytes: 4, array: Float32Array },
  float16: { safetensors: 'F16', bytes: 2, array: Uint16Array },
  bfloat16: { safetensors: 'BF16', bytes: 2, array: Uint16Array },
  int64: { safetensors: 'I64', bytes: 8, array: BigInt64Array },
  int32: { safetensors: 'I32', bytes: 4, array: Int32Array },
  int8: { safetensors: 'I8', bytes: 1, array: Int8Array },
  uint8: { safetensors: 'U8', bytes: 1, array: Uint8Array },
  bool: { safetensors: 'BOOL', bytes: 1, array: Uint8Array },
} as const satisfies Record<string, DTypeRow>;

/** The type of a tensor's elements, by the name that PyTorch gives it. */
export type DType = keyof typeof DTYPES;

const WHOLE: readonly DType[] = ['int64', 'int32', 'int8', 'uint8', 'bool'];

/** Whether elements of this dtype are whole numbers. */
export const isWhole = (dtype: DType): boolean => WHOLE.includes(dtype);

const BY_SAFETENSORS = new Map(Object.entries(DTYPES).map(([name, row]) => [row.safetensors as string, name as DType]));

/** The dtype whose safetensors name is `name`, if this build knows it. */
export function dtypeOfSafetensors(name: string): DType | undefined {
  return BY_SAFETENSORS.get(name);
}

/** Bits an element of the other dtypes that safetensors files hold, by their names there. Nothing here computes with them. */
export const FOREIGN_BITS = {
  C64: 64,
  U64: 64,
  U32: 32,
  I16: 16,
  U16: 16,
  F8_E4M3: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2: 8,
  F8_E5M2FNUZ: 8,
  F8_E8M0: 8,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F4: 4,
} as const;

/** A dtype that is only known to be one. */
export type ForeignDType = keyof typeof FOREIGN_BITS;

export const isForeign = (dtype: string): dtype is ForeignDType => Object.hasOwn(FOREIGN_BITS, dtype);

/** PyTorch's other names of dtypes. */
const ALIASES = {
  double: 'float64',
  float: 'float32',
  half: 'float16',
  long: 'int64',
  int: 'int32',
  char: 'int8',
  byte: 'uint8',
} as const satisfies Record<string, DType>;

/** A dtype, or one of PyTorch's other names for it: long, int, float, double, half, char, byte. */
export type DTypeName = DType | keyof typeof ALIASES;

/** The dtype that a name means. */
export type Named<N extends DTypeName> = N extends keyof typeof ALIASES ? (typeof ALIASES)[N] : N extends DType ? N : never;

/** The dtype that `name` means. Throws a `dtype` error for `what` where it means none. */
export function dtypeNamed<N extends DTypeName>(name: N, what: string): Named<N> {
  const known = typeof name === 'string' ? name : '';
  if (Object.hasOwn(DTYPES, known)) return name as Named<N>;
  if (Object.hasOwn(ALIASES, known)) return ALIASES[name as keyof typeof ALIASES] as Named<N>;
  const names = Object.keys(DTYPES);
  throw new TraceletError('dtype', {
    what,
    expected: `a dtype: one of ${names.join(', ')}`,
    got: describe(name),
    cure: typeof name === 'string' ? didYouMean(name, [...names, ...Object.keys(ALIASES)]) : undefined,
  });
}

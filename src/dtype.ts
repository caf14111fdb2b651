/** What holds the elements of a tensor. */
export type TypedArray = Float32Array | Float64Array | BigInt64Array | Int32Array | Int8Array | Uint8Array | Uint16Array;

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

import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { DTYPES, type DType, FOREIGN_BITS, type ForeignDType, isForeign } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/tensor.ts';

/** One tensor of a file; `begin` and `end` are bytes from the start of the data. */
export interface TensorInfo<D = DType> {
  name: string;
  dtype: D;
  shape: Shape;
  begin: number;
  end: number;
}

/** A tensor of any dtype that the format knows. */
export type AnyInfo = TensorInfo<DType | ForeignDType>;

/** The order of the data. */
export const byPlace = (a: AnyInfo, b: AnyInfo): number => a.begin - b.begin || a.end - b.end;

/** What messages call a tensor of the file `name`. */
export const labelOf = (tensor: string, name: string): string => `tensor ${describe(tensor)} of ${name}`;

export function formatError(what: string, expected: string, got: string, cure?: string): TraceletError {
  return new TraceletError('format', { what, expected, got, cure });
}

/** The one definition of a sound layout: tensors in their order, each as long as its shape says, cover the data once. Answers its length. */
export function checkLayout(infos: readonly AnyInfo[], name: string): number {
  for (const { name: tensor, dtype, shape, begin, end } of infos) {
    if (begin > end) throw formatError(labelOf(tensor, name), 'an end at or behind its begin', `data_offsets [${begin}, ${end}]`);
    const bytes = byteSize(shape, dtype, () => labelOf(tensor, name));
    if (end - begin !== bytes) throw formatError(labelOf(tensor, name), `${bytes} bytes for ${dtype} ${describe(shape)}`, `${end - begin}`);
  }
  return checkOrder(infos, name, { holes: false });
}

/** Throws a `format` error if tensors in their order lie on one another, or leave holes where those are not allowed. Answers where the last ends. */
export function checkOrder(infos: readonly AnyInfo[], name: string, { holes }: { holes: boolean }): number {
  let cursor = 0;
  let previous: AnyInfo | undefined;
  for (const info of infos) {
    if (info.begin < cursor || (info.begin > cursor && !holes)) {
      const behind = previous ? `tensor ${describe(previous.name)}` : 'the header';
      const got = info.begin < cursor ? `an overlap from byte ${info.begin}` : `a hole up to byte ${info.begin}`;
      throw formatError(labelOf(info.name, name), `data from byte ${cursor}, behind ${behind}`, got);
    }
    cursor = info.end;
    previous = info;
  }
  return cursor;
}

/** Bytes of a tensor. Throws `format` errors that call it `what`. */
export function byteSize(shape: Shape, dtype: DType | ForeignDType, what: () => string): number {
  const foreign = isForeign(dtype);
  if (!foreign && !Object.hasOwn(DTYPES, dtype)) throw formatError(what(), `a dtype of ${Object.keys(DTYPES)}`, describe(dtype));
  let size = foreign ? FOREIGN_BITS[dtype] : DTYPES[dtype].bytes;
  for (const dim of shape) {
    if (!isCount(dim)) throw formatError(what(), 'dimensions that are whole numbers from 0', describe(shape));
    size *= dim;
    if (!Number.isSafeInteger(size)) throw formatError(what(), `fewer than ${Number.MAX_SAFE_INTEGER} bytes`, `shape ${describe(shape)}`);
  }
  if (!foreign) return size;
  if (size % 8 !== 0) throw formatError(what(), 'whole bytes', `${size} bits for ${dtype} ${describe(shape)}`);
  return size / 8;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

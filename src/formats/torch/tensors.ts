import { TraceletError } from '../../base/error.ts';
import { DTYPES, type DType, isForeign, type TypedArray } from '../../tensor/dtype.ts';
import { allocate } from '../../tensor/elements.ts';
import type { Shape } from '../../tensor/shape.ts';
import { type AnyDType, gather, type Storage, type Strided } from './storage.ts';

/** A tensor with its elements in order; without them where nothing here computes with its dtype. */
export interface RawTensor {
  readonly dtype: AnyDType;
  readonly shape: Shape;
  readonly elements?: TypedArray;
}

/** How many elements may be copied for each of a storage, so that no small file makes large tensors, and how many beside. */
const COPIES = 2;
const SPARE = 2 ** 20;
/** Dtypes whose elements stay as they are, so that whoever has them needs no copy. */
const KEPT: readonly AnyDType[] = ['float32', 'int64', 'int32', 'int8', 'uint8', 'bool'];

/** Puts the elements of strided tensors in order: views on storages where they lie so, copies elsewhere. Tensors of the same elements are one. */
export class TensorMaker {
  readonly #made = new Map<Storage, Map<string, RawTensor>>();
  readonly #arrays = new Map<Storage, TypedArray>();
  readonly #file: string;
  #left = SPARE;

  /** @param file what messages call it */
  constructor(file: string) {
    this.#file = file;
  }

  /** The tensor that messages call `name`. Throws `format` and `memory` errors. */
  make(strided: Strided, name: string): RawTensor {
    const { layout, shape, storage } = strided;
    const made = this.#made.get(storage) ?? new Map<string, RawTensor>();
    const tensor = made.get(layout) ?? { dtype: storage.dtype, shape, elements: this.#ordered(strided, name) };
    this.#made.set(storage, made.set(layout, tensor));
    return tensor;
  }

  #ordered(strided: Strided, name: string): TypedArray | undefined {
    const { storage, begin, size, contiguous } = strided;
    const { dtype } = storage;
    if (isForeign(dtype)) return undefined;
    const stored = this.#elementsOf(storage, dtype);
    if (!contiguous || !KEPT.includes(dtype)) this.#count(size, name);
    if (contiguous) return stored.subarray(begin, begin + size);
    const ordered = allocate(dtype, size, name);
    gather(strided, stored, ordered);
    return ordered;
  }

  #elementsOf(storage: Storage, dtype: DType): TypedArray {
    const known = this.#arrays.get(storage);
    if (known) return known;
    const { array, bytes } = DTYPES[dtype];
    const stored = storage.read();
    const aligned = stored.byteOffset % bytes === 0 ? stored : new Uint8Array(stored);
    const elements = new array(aligned.buffer as ArrayBuffer, aligned.byteOffset, storage.length);
    this.#arrays.set(storage, elements);
    this.#left += COPIES * storage.length;
    return elements;
  }

  #count(size: number, name: string): void {
    this.#left -= size;
    if (this.#left >= 0) return;
    throw new TraceletError('format', {
      what: `${name} of ${this.#file}`,
      expected: `tensors of at most ${COPIES} times the elements that are stored`,
      got: `${size} elements more`,
      cure: 'Save the model once more with contiguous tensors',
    });
  }
}

import { TraceletError } from '../../base/error.ts';
import { DTYPES, type DType, isForeign, type TypedArray } from '../../tensor/dtype.ts';
import { allocate } from '../../tensor/elements.ts';
import { TO_FLOAT32 } from '../../tensor/float.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { gather, type Storage, type Strided } from './storage.ts';

/** How many elements may be copied for each of a storage, so that no small file makes large tensors, and how many beside. */
const COPIES = 2;
const SPARE = 2 ** 20;

/**
 * Makes tensors of strided ones: views on their storages where these lie in order, copies elsewhere, and float32 of all floats. Tensors
 * of the same elements are one.
 */
export class TensorMaker {
  readonly #made = new Map<string, Tensor>();
  readonly #arrays = new Map<Storage, TypedArray>();
  readonly #file: string;
  #left = SPARE;

  /** @param file what messages call it */
  constructor(file: string) {
    this.#file = file;
  }

  /** The tensor called `name`, of a dtype that is not foreign. Throws `format` and `memory` errors. */
  make(strided: Strided, name: string): Tensor {
    const { identity } = strided;
    const made = this.#made.get(identity) ?? this.#make(strided, name);
    this.#made.set(identity, made);
    return made;
  }

  #make(strided: Strided, name: string): Tensor {
    const { shape, storage, begin, size, contiguous } = strided;
    const dtype = storage.dtype as DType;
    const elements = this.#elementsOf(storage, dtype);
    const widen = dtype === 'float32' ? undefined : TO_FLOAT32[dtype];
    if (!contiguous || widen) this.#count(size, name);
    const ordered = contiguous ? elements.subarray(begin, begin + size) : allocate(dtype, size, name);
    if (!contiguous) gather(strided, elements, ordered);
    if (!widen) return new Tensor(dtype, [...shape], ordered);
    const wide = allocate('float32', size, name);
    widen(ordered, wide);
    return new Tensor('float32', [...shape], wide);
  }

  #elementsOf(storage: Storage, dtype: DType): TypedArray {
    const known = this.#arrays.get(storage);
    if (known) return known;
    const { array, bytes } = DTYPES[dtype];
    const stored = storage.read();
    const aligned = stored.byteOffset % bytes === 0 ? stored : stored.slice();
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

/** Whether nothing here computes with a tensor. */
export const isPassedOver = ({ storage }: Strided): boolean => isForeign(storage.dtype);

import { describe } from '../../base/json.ts';
import { DTYPES, type DType, FOREIGN_BITS, type ForeignDType, isForeign, type TypedArray } from '../../tensor/dtype.ts';
import { MOST_ELEMENTS, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Fault } from './fault.ts';

/** What the elements of a tensor are; those that nothing here computes with have their name in safetensors. */
export type AnyDType = DType | ForeignDType;

export const bytesOfElement = (dtype: AnyDType): number => (isForeign(dtype) ? FOREIGN_BITS[dtype] / 8 : DTYPES[dtype].bytes);

/** Elements of one kind in a row, in which tensors lie. */
export interface Storage {
  readonly key: string;
  readonly dtype: AnyDType;
  readonly length: number;
  /** Its bytes, which may lie anywhere. */
  read(): Uint8Array;
}

/** A stretch of a storage, by elements. */
export class Region {
  readonly name = 'a storage';
  readonly storage: Storage;
  readonly begin: number;
  readonly length: number;

  constructor(storage: Storage, begin: number, length: number) {
    this.storage = storage;
    this.begin = begin;
    this.length = length;
  }
}

const MOST_DIMENSIONS = 64;

/** A tensor as a pickle says that it lies in a storage: proved to be within it. */
export class Strided {
  readonly name = 'a tensor';
  readonly storage: Storage;
  readonly begin: number;
  readonly shape: Shape;
  readonly strides: readonly number[];

  constructor({ storage, begin, length }: Region, offset: unknown, shape: unknown, strides: unknown, fault: Fault) {
    if (!isCount(offset)) throw fault('an offset that is a whole number from 0', describe(offset));
    if (!areCounts(shape) || !areCounts(strides) || shape.length !== strides.length || shape.length > MOST_DIMENSIONS)
      throw fault(
        `at most ${MOST_DIMENSIONS} dimensions and as many strides, whole numbers from 0`,
        `${shown(shape)} and ${shown(strides)}`,
      );
    const size = sizeOf(shape);
    if (size > MOST_ELEMENTS) throw fault(`a tensor of at most ${MOST_ELEMENTS} elements`, shown(shape));
    const last = shape.reduce((at, dim, i) => at + (dim - 1) * strides[i], offset);
    if (size > 0 ? last >= length : offset > length)
      throw fault(
        `a tensor within the ${length} elements of storage ${storage.key}`,
        `${shown(shape)} by ${shown(strides)} from ${offset} on`,
      );
    this.storage = storage;
    this.begin = begin + offset;
    this.shape = shape;
    this.strides = strides;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** Whether its elements follow one another. */
  get contiguous(): boolean {
    let step = 1;
    for (let i = this.shape.length - 1; i >= 0; i--) {
      if (this.shape[i] !== 1 && this.strides[i] !== step) return this.size === 0;
      step *= this.shape[i];
    }
    return true;
  }

  /** Tells tensors of one storage apart that are not the same elements in the same order. */
  get layout(): string {
    return JSON.stringify([this.begin, this.shape, this.strides]);
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const areCounts = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(isCount);
const shown = (value: unknown): string => (Array.isArray(value) && value.length <= 16 ? `[${value.map(describe)}]` : typeof value);

/** Copies the elements of a strided tensor one behind the other. */
export function gather({ shape, strides, begin }: Strided, from: TypedArray, to: TypedArray): void {
  const last = shape.length - 1;
  const counters = new Array(shape.length).fill(0);
  const [width, step] = last < 0 ? [1, 0] : [shape[last], strides[last]];
  let row = begin;
  for (let at = 0; at < to.length; ) {
    for (let i = 0, element = row; i < width; i++, element += step) to[at++] = from[element];
    for (let dim = last - 1; dim >= 0; dim--) {
      row += strides[dim];
      if (++counters[dim] < shape[dim]) break;
      row -= strides[dim] * shape[dim];
      counters[dim] = 0;
    }
  }
}

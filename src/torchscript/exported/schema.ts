import { describe, isObject, type JsonObject } from '../../base/json.ts';
import type { Fault } from '../../formats/torch/fault.ts';
import type { DType } from '../../tensor/dtype.ts';

/** What may be said of a part of the JSON of a program: what was read is proved as it is looked at. */
export class Json {
  readonly #value: JsonObject;
  readonly fault: Fault;

  /** Throws a `format` error for what is no object. */
  constructor(value: unknown, fault: Fault) {
    if (!isObject(value)) throw fault('an object', describe(value));
    this.#value = value as JsonObject;
    this.fault = fault;
  }

  get keys(): string[] {
    return Object.keys(this.#value);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#value, key) && this.#value[key] !== null;
  }

  raw(key: string): unknown {
    return this.has(key) ? this.#value[key] : undefined;
  }

  object(key: string): Json {
    return new Json(this.raw(key), this.#at(key));
  }

  list(key: string): unknown[] {
    const value = this.raw(key);
    if (Array.isArray(value)) return value;
    throw this.#at(key)('a list', describe(value));
  }

  objects(key: string): Json[] {
    return this.list(key).map((each) => new Json(each, this.#at(key)));
  }

  text(key: string): string {
    const value = this.raw(key);
    if (typeof value === 'string') return value;
    throw this.#at(key)('a text', describe(value));
  }

  /** The one thing that a union is, and its kind. */
  union(): [kind: string, value: unknown] {
    const entries = Object.entries(this.#value).filter(([, value]) => value !== undefined);
    if (entries.length !== 1) throw this.fault('one of several kinds', describe(this.#value));
    return entries[0];
  }

  #at(key: string): Fault {
    return (expected, got) => this.fault(`${expected} under ${key}`, got);
  }
}

/** PyTorch's dtypes by their number in a program, with their number in ops. */
const DTYPES: Readonly<Record<number, readonly [dtype: DType | 'I16', number: number]>> = {
  1: ['uint8', 0],
  2: ['int8', 1],
  3: ['I16', 2],
  4: ['int32', 3],
  5: ['int64', 4],
  6: ['float16', 5],
  7: ['float32', 6],
  8: ['float64', 7],
  12: ['bool', 11],
  13: ['bfloat16', 15],
};

function row(value: unknown, fault: Fault): (typeof DTYPES)[number] {
  if (typeof value === 'number' && Object.hasOwn(DTYPES, value)) return DTYPES[value];
  throw fault(`a dtype of numbers ${Object.keys(DTYPES).join(', ')}`, describe(value));
}

/** The dtype of tensors. */
export const dtypeOf = (value: unknown, fault: Fault): DType | 'I16' => row(value, fault)[0];

/** The number that ops take for a dtype. */
export const dtypeNumber = (value: unknown, fault: Fault): number => row(value, fault)[1];

/** Layouts and memory formats that change no number, by what ops take for them. */
export const STRIDED = 0;
export const CONTIGUOUS = 0;

/** A whole number that a size is, or undefined for a symbol. */
export function sizeOf(value: unknown, fault: Fault): number | undefined {
  const json = new Json(value, fault);
  const size = json.raw('as_int');
  if (size === undefined) return undefined;
  if (Number.isSafeInteger(size) && (size as number) >= 0) return size as number;
  throw fault('a size', describe(size));
}

import { decodeUtf8 } from '../../base/decode.ts';
import { TraceletError } from '../../base/error.ts';
import { describe } from '../../base/json.ts';
import { type Fault, faultOf } from './fault.ts';

/** A list of Python. Its tuples are arrays here, its dicts maps, None is null, and whole numbers beyond 2^53 are bigints. */
export class List {
  readonly items: unknown[] = [];
}

/** What a pickle may name. Where it has no `call` it is a name and nothing else. */
export interface Named {
  readonly name: string;
  call?(args: readonly unknown[], fault: Fault): unknown;
}

/** All that a pickle can do beside numbers, strings and containers. */
export interface Vocabulary {
  /** What `name` of `module` stands for, if that is known. */
  find(module: string, name: string): Named | undefined;
  /** What names are known, and what can be done about others: for messages. */
  readonly known: string;
  readonly cure: string;
  /** What an id stands for that the writer gave to something outside of the pickle. */
  persistent(id: unknown, fault: Fault): unknown;
  /** What a float stands for, where it is told from a whole number. */
  float?(value: number): unknown;
  /** Sets the state of what a call made; whether it is of a kind that has one. */
  build(object: unknown, state: unknown): boolean;
}

const DEEPEST_STACK = 1_000_000;
const MOST_MEMOS = 1_000_000;
const MOST_OBJECTS = 1_000_000;
const LONGEST_WHOLE = 10;

/** The state of reading a pickle, and the moves of which its opcodes are made. */
export class Machine {
  at: number;
  stopped = false;
  readonly vocabulary: Vocabulary;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  readonly #stack: unknown[] = [];
  /** How high the stack was at each mark. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();
  #objects = 0;
  /** Where the opcode is. */
  #op: number;

  constructor(bytes: Uint8Array, begin: number, vocabulary: Vocabulary, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
    this.vocabulary = vocabulary;
    this.at = begin;
    this.#op = begin;
  }

  readonly fault: Fault = (expected, got) => faultOf(this.#where)(expected, got);

  get #where(): string {
    return `${this.#what}, byte ${this.#op}`;
  }

  /** The next opcode. */
  next(): number {
    this.#op = this.at;
    return this.take(1);
  }

  stop(): void {
    this.stopped = true;
  }

  /** Moves on by so many bytes, which are there. */
  #skip(length: number): number {
    if (length > this.#bytes.length - this.at) throw this.fault(`${length} bytes`, `${this.#bytes.length - this.at} up to the end`);
    this.at += length;
    return this.at - length;
  }

  /** A whole number of 1 to 6 bytes, without sign. */
  take(length: number): number {
    const begin = this.#skip(length);
    let value = 0;
    for (let i = length - 1; i >= 0; i--) value = value * 256 + this.#bytes[begin + i];
    return value;
  }

  double(): unknown {
    const value = this.#view.getFloat64(this.#skip(8));
    return this.vocabulary.float ? this.vocabulary.float(value) : value;
  }

  int32(): number {
    return this.#view.getInt32(this.#skip(4), true);
  }

  /** A whole number of any sign. */
  whole(length: number): number | bigint {
    if (length > LONGEST_WHOLE) throw this.fault(`a whole number of at most ${LONGEST_WHOLE} bytes`, `${length}`);
    const begin = this.#skip(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[begin + i]);
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  bytes(length: number): Uint8Array {
    const begin = this.#skip(length);
    return new Uint8Array(this.#bytes.subarray(begin, begin + length));
  }

  text(length: number): string {
    const begin = this.#skip(length);
    const text = decodeUtf8(this.#bytes.subarray(begin, begin + length));
    if (text === undefined) throw this.fault('text in UTF-8', 'other bytes');
    return text;
  }

  line(): string {
    const end = this.#bytes.indexOf(10, this.at);
    if (end < 0) throw this.fault('a line', 'no end of it');
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  frame(): void {
    const length = this.#view.getBigUint64(this.#skip(8), true);
    const rest = this.#bytes.length - this.at;
    if (length > rest) throw this.fault(`a frame of at most ${rest} bytes`, `${length}`);
  }

  push(value: unknown): void {
    if (this.#stack.length === DEEPEST_STACK) throw this.fault(`at most ${DEEPEST_STACK} values on the stack`, 'more');
    this.#stack.push(value);
  }

  /** Pushes something new, of which there may be so many only. */
  make(object: unknown): void {
    if (this.#objects++ === MOST_OBJECTS) throw this.fault(`at most ${MOST_OBJECTS} objects`, 'more');
    this.push(object);
  }

  get #floor(): number {
    return this.#marks[this.#marks.length - 1] ?? 0;
  }

  pop(): unknown {
    if (this.#stack.length === this.#floor) throw this.fault('a value on the stack', 'none');
    return this.#stack.pop();
  }

  /** The last values, in their order. */
  popMany(count: number): unknown[] {
    if (this.#stack.length - count < this.#floor) throw this.fault(`${count} values on the stack`, `${this.#stack.length - this.#floor}`);
    return this.#stack.splice(this.#stack.length - count);
  }

  popLast(): unknown {
    if (this.#stack.length !== 1 || this.#marks.length > 0) throw this.fault('one value at the end', `${this.#stack.length}`);
    return this.#stack.pop();
  }

  top(): unknown {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  mark(): void {
    if (this.#marks.length === DEEPEST_STACK) throw this.fault(`at most ${DEEPEST_STACK} marks`, 'more');
    this.#marks.push(this.#stack.length);
  }

  /** What is above the last mark, which goes. */
  popToMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.fault('a mark', 'none');
    return this.#stack.splice(mark);
  }

  keep(index: number): void {
    if (index >= MOST_MEMOS) throw this.fault(`at most ${MOST_MEMOS} values kept`, `number ${index}`);
    this.#memo.set(index, this.top());
  }

  keepNext(): void {
    this.keep(this.#memo.size);
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) throw this.fault('a value that was kept', `number ${index}, which was not`);
    this.push(this.#memo.get(index));
  }

  global(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') throw this.fault('the name of something in a module', 'no strings');
    const found = this.vocabulary.find(module, name);
    if (!found) {
      const { known: expected, cure } = this.vocabulary;
      throw new TraceletError('unsupported', { what: this.#where, expected, got: describe(`${module}.${name}`), cure });
    }
    this.push(found);
  }

  call(): void {
    const [callee, args] = this.popMany(2);
    if (!(callee instanceof Object && 'call' in callee && 'name' in callee))
      throw this.fault('something that can be called', kindOf(callee));
    if (!Array.isArray(args)) throw this.fault('arguments in a tuple', kindOf(args));
    this.make((callee as Required<Named>).call(args, this.fault));
  }

  build(): void {
    const state = this.pop();
    const object = this.top();
    if (!this.vocabulary.build(object, state)) throw this.fault('something that takes this state', kindOf(object));
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!(list instanceof List)) throw this.fault('a list', kindOf(list));
    for (const item of items) list.items.push(item);
  }

  setItems(items: readonly unknown[]): void {
    const map = this.top();
    if (!(map instanceof Map)) throw this.fault('a dict', kindOf(map));
    if (items.length % 2 === 1) throw this.fault('a value for every key', `${items.length} keys and values`);
    for (let i = 0; i < items.length; i += 2) {
      if (items[i] instanceof List || items[i] instanceof Map) throw this.fault('keys that do not change', kindOf(items[i]));
      map.set(items[i], items[i + 1]);
    }
  }
}

/** A value in messages. */
export function kindOf(value: unknown): string {
  if (value instanceof List) return 'a list';
  if (Array.isArray(value)) return 'a tuple';
  if (value instanceof Map) return 'a dict';
  if (value === null) return 'None';
  return value instanceof Object ? ((value as Partial<Named>).name ?? describe(value)) : describe(value);
}

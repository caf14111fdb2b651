import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';

/** How deep values may nest, as in the Rust crate. */
const DEEPEST = 128;
const NESTS: Readonly<Record<string, number>> = { '{': 1, '[': 1, '}': -1, ']': -1 };
const SCALAR = /[^ \t\n\r"{}[\],:]+/y;
const SPACE = ' \t\n\r';
const ESCAPED_SURROGATE = /\\(?:u(d[89ab][0-9a-f]{2})(\\ud[c-f][0-9a-f]{2})?|u(d[c-f][0-9a-f]{2})|[\s\S])/gi;

/** A value as it stands in the JSON, where another was expected. */
export class Unexpected {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }

  /** What messages call it: numbers that are whole in all but their spelling as they are written. */
  toString(): string {
    const value: unknown = JSON.parse(this.json);
    const whole = [value].flat().every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
    return whole && /[-.e]/i.test(this.json) ? describe(this.json).slice(1, -1) : describe(value);
  }
}

/**
 * Reads the JSON of a safetensors header front to back, value by value, as strictly as the Rust crate does: numbers that are whole in their
 * spelling, every key once, no half of a surrogate pair.
 */
export class HeaderReader {
  readonly #text: string;
  readonly #name: string;
  #at = 0;

  constructor(text: string, name: string) {
    this.#text = text;
    this.#name = name;
    if (/\\ud/i.test(text))
      for (const [found, high, low, lone] of text.matchAll(ESCAPED_SURROGATE))
        if ((high && !low) || lone) throw this.#problem('text in which surrogates come in pairs', found);
  }

  /** The next character that is no space; undefined at the end. */
  peek(): string | undefined {
    while (SPACE.includes(this.#text[this.#at] ?? '?')) this.#at++;
    return this.#text[this.#at];
  }

  /** Calls `read` behind every key of an object, to read its value. */
  object(read: (key: string) => void): void {
    const keys = new Set<string>();
    this.#need('{');
    if (this.#take('}')) return;
    do {
      const key = this.string();
      if (keys.has(key)) throw this.#problem('every key once', `${describe(key)} twice`);
      keys.add(key);
      this.#need(':');
      read(key);
    } while (this.#take(','));
    this.#need('}');
  }

  string(): string {
    this.#need('"');
    const begin = this.#at;
    let escaped = false;
    for (; ; this.#at++) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit === 0x22) break;
      if (!(unit >= 0x20)) throw this.#broken();
      if (unit === 0x5c) {
        escaped = true;
        this.#at++;
      }
    }
    const end = this.#at++;
    return escaped ? (this.#parsed(begin - 1, end + 1) as string) : this.#text.slice(begin, end);
  }

  /** A string, or what stands in its place. */
  text(): string | Unexpected {
    return this.peek() === '"' ? this.string() : this.other();
  }

  /** A list of whole numbers from 0, or what stands in its place. */
  counts(): number[] | Unexpected {
    const counts: number[] = [];
    this.peek();
    const begin = this.#at;
    let whole = this.#take('[');
    if (whole && this.#take(']')) return counts;
    while (whole) {
      const count = this.#count();
      counts.push(count);
      whole = Number.isSafeInteger(count);
      if (whole && !this.#take(',')) break;
    }
    if (whole && this.#take(']')) return counts;
    this.#at = begin;
    return this.other();
  }

  /** Any value. */
  other(): Unexpected {
    this.peek();
    const begin = this.#at;
    let depth = 0;
    do {
      const next = this.peek();
      if (next === undefined) throw this.#broken();
      if (next === '"') this.string();
      else if ('{}[],:'.includes(next)) {
        depth += NESTS[next] ?? 0;
        this.#at++;
      } else {
        SCALAR.lastIndex = this.#at;
        SCALAR.test(this.#text);
        this.#at = SCALAR.lastIndex;
      }
      if (depth > DEEPEST) throw this.#broken();
    } while (depth > 0);
    this.#parsed(begin, this.#at);
    return new Unexpected(this.#text.slice(begin, this.#at));
  }

  /** The next characters, at most `length`. */
  rest(length: number): string {
    return this.#text.slice(this.#at, this.#at + length);
  }

  /** Throws a `format` error unless all was read. */
  end(): void {
    if (this.peek() !== undefined) throw this.#broken();
  }

  #count(): number {
    this.peek();
    const begin = this.#at;
    let count = 0;
    for (; ; this.#at++) {
      const digit = this.#text.charCodeAt(this.#at) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      count = count * 10 + digit;
    }
    const length = this.#at - begin;
    return length === 0 || (length > 1 && this.#text[begin] === '0') ? Number.NaN : count;
  }

  #take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.#at++;
    return true;
  }

  #need(character: string): void {
    if (!this.#take(character)) throw this.#broken();
  }

  #parsed(begin: number, end: number): unknown {
    try {
      return JSON.parse(this.#text.slice(begin, end));
    } catch {
      this.#at = begin;
      throw this.#broken();
    }
  }

  #broken(): TraceletError {
    const rest = this.rest(16);
    return this.#problem('JSON', rest === '' ? 'an end too early' : `${describe(rest)} at ${this.#at}`);
  }

  #problem(expected: string, got: string): TraceletError {
    return new TraceletError('format', { what: `header of ${this.#name}`, expected, got });
  }
}

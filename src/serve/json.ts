import { TextEncoder } from '../base/globals.ts';
import { MOST_CHARACTERS, writeNumber } from './numbers.ts';

const encoder = new TextEncoder();
/** Where answers are written that have room there, one at a time. */
const room = new Uint8Array(1 << 18);

/** Bytes that are written one after the other. */
class Writer {
  #bytes = room;
  #length = 0;

  get written(): Uint8Array {
    const written = this.#bytes.subarray(0, this.#length);
    return this.#bytes === room ? written.slice() : written;
  }

  text(text: string): void {
    this.#need(3 * text.length);
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  /** Elements with nine significant digits, which give each back. */
  vector(vector: Float32Array): void {
    this.#need(2 + MOST_CHARACTERS * vector.length);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = OPEN;
    for (let i = 0; i < vector.length; i++) {
      if (i > 0) bytes[at++] = COMMA;
      at = writeNumber(bytes, at, vector[i]);
    }
    bytes[at++] = CLOSE;
    this.#length = at;
  }

  #need(more: number): void {
    const least = this.#length + more;
    if (least <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(least, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

const [OPEN, COMMA, CLOSE] = [...'[,]'].map((character) => character.charCodeAt(0));

const holdsVector = (value: unknown): boolean =>
  value instanceof Float32Array || (typeof value === 'object' && value !== null && Object.values(value).some(holdsVector));

/** What `JSON.stringify` writes, as UTF-8, and vectors as arrays of numbers. */
export function jsonBytes(value: unknown): Uint8Array {
  const writer = new Writer();
  write(value, writer);
  return writer.written;
}

function write(value: unknown, to: Writer): void {
  if (value instanceof Float32Array) to.vector(value);
  else if (holdsVector(value)) writeParts(value as object, to);
  else to.text(JSON.stringify(value) ?? 'null');
}

function writeParts(value: object, to: Writer): void {
  const isList = Array.isArray(value);
  const parts = Object.entries(value).filter(([, each]) => isList || each !== undefined);
  to.text(isList ? '[' : '{');
  for (const [i, [name, each]] of parts.entries()) {
    to.text(`${i > 0 ? ',' : ''}${isList ? '' : `${JSON.stringify(name)}:`}`);
    write(each, to);
  }
  to.text(isList ? ']' : '}');
}

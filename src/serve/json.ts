import { TextEncoder } from '../base/globals.ts';
import { MOST_CHARACTERS, writeNumber } from './numbers.ts';

/** Most bytes that are kept to write the next answer in. */
const KEPT = 1 << 20;
let room = new Uint8Array(1 << 14);
const encoder = new TextEncoder();

/** Bytes that are written one after the other, by one at a time. */
class Writer {
  #bytes = room;
  #length = 0;

  /** A copy of what was written, where the room for it is written in again. */
  get written(): Uint8Array {
    if (this.#bytes.length > KEPT) return this.#bytes.subarray(0, this.#length);
    room = this.#bytes;
    return room.slice(0, this.#length);
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

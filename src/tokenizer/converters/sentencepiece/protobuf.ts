import { TraceletError } from '../../../base/error.ts';

/** A field of a message: its number, and what it holds by its wire type: a number, or the bytes of a text or a message within. */
export type ProtobufField = readonly [number: number, value: number | Uint8Array];

const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];

/**
 * The fields of a message of Protocol Buffers, in the order of the file. Whole numbers beyond 2⁵³ lose their last digits, and fixed fields of
 * eight bytes are read as nothing but skipped. Throws a `format` error for bytes that are no message.
 */
export function* fieldsOf(bytes: Uint8Array, what: string): Generator<ProtobufField> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const wrong = (expected: string, got: string): TraceletError =>
    new TraceletError('format', { what: `${what}, byte ${at}`, expected, got });
  const varint = (): number => {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      if (at >= bytes.length) throw wrong('a whole number', 'the end of the message');
      const byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw wrong('a whole number of at most 10 bytes', 'a longer one');
  };
  const take = (length: number): number => {
    if (length > bytes.length - at) throw wrong(`${length} bytes`, `${bytes.length - at}`);
    at += length;
    return at - length;
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, type] = [Math.floor(key / 8), key % 8];
    if (number === 0) throw wrong('the number of a field', '0');
    if (type === VARINT) yield [number, varint()];
    else if (type === FIXED32) yield [number, view.getFloat32(take(4), true)];
    else if (type === FIXED64) take(8);
    else if (type === BYTES) {
      const length = varint();
      const start = take(length);
      yield [number, bytes.subarray(start, at)];
    } else throw wrong('a field of wire type 0, 1, 2 or 5', `${type}`);
  }
}

/** Protocol buffers, as far as an ONNX graph needs them. */

/** @param {number} value */
function varint(value) {
  const bytes = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    const low = Number(rest & 127n);
    bytes.push(rest < 128n ? low : low + 128);
    if (rest < 128n) return Buffer.from(bytes);
  }
}

/** A field that holds a whole number, or text, bytes or a message. @param {number} tag @param {number | string | Uint8Array} value */
export function field(tag, value) {
  if (typeof value === 'number') return Buffer.concat([varint(tag * 8), varint(value)]);
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint(tag * 8 + 2), varint(bytes.length), bytes]);
}

/** A field that holds a float. @param {number} tag @param {number} value */
export function floatField(tag, value) {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint(tag * 8 + 5), bytes]);
}

export const message = (/** @type {Uint8Array[]} */ ...fields) => Buffer.concat(fields);

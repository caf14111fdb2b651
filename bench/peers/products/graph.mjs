/** The smallest ONNX graph of a matrix product, as bytes of its protocol buffer. */

const FLOAT = 1;
const IR_VERSION = 8;
const OPSET = 17;

/** @param {number} value */
function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) return Buffer.from(bytes);
  }
}

/** A field that holds a whole number, or text, bytes or a message. @param {number} tag @param {number | string | Uint8Array} value */
function field(tag, value) {
  if (typeof value === 'number') return Buffer.concat([varint(tag * 8), varint(value)]);
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint(tag * 8 + 2), varint(bytes.length), bytes]);
}

const message = (/** @type {Uint8Array[]} */ ...fields) => Buffer.concat(fields);

/** ValueInfoProto: a float tensor of this shape. @param {string} name @param {readonly number[]} shape */
function valueInfo(name, shape) {
  const dims = message(...shape.map((size) => field(1, message(field(1, size)))));
  const type = message(field(1, message(field(1, FLOAT), field(2, dims))));
  return message(field(1, name), field(2, type));
}

/** y = x times `w` [inner, cols], which the graph holds. @param {import('./inputs.mjs').Sizes} sizes @param {Float32Array} w */
export function productGraph({ rows, inner, cols }, w) {
  const node = message(field(1, 'x'), field(1, 'w'), field(2, 'y'), field(4, 'MatMul'));
  const raw = new Uint8Array(w.buffer, w.byteOffset, w.byteLength);
  const weight = message(field(1, inner), field(1, cols), field(2, FLOAT), field(8, 'w'), field(9, raw));
  const inputs = field(11, valueInfo('x', [rows, inner]));
  const graph = message(field(1, node), field(2, 'product'), field(5, weight), inputs, field(12, valueInfo('y', [rows, cols])));
  return message(field(1, IR_VERSION), field(7, graph), field(8, message(field(1, ''), field(2, OPSET))));
}

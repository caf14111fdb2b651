/** An ONNX graph that is put together node by node, with its weights inside. */
import { field, floatField, message } from './protobuf.mjs';

/**
 * @typedef {readonly number[]} Shape
 * @typedef {'float32' | 'int64'} DType
 * @typedef {{ name: string, shape: Shape, dtype?: DType }} Value what a node reads: float32 unless it says otherwise
 * @typedef {Record<string, number | readonly number[]>} Attributes whole numbers, or floats where their names are in FLOATS
 */

const IR_VERSION = 8;
const OPSET = 17;
const DTYPES = { float32: 1, int64: 7 };
const FLOATS = new Set(['epsilon']);
/** AttributeProto: its kinds, and the tags of what they hold. */
const KINDS = { float: { type: 1, tag: 2 }, int: { type: 2, tag: 3 }, ints: { type: 7, tag: 8 } };

/** @param {string} name @param {number | readonly number[]} value */
function attribute(name, value) {
  const kind = FLOATS.has(name) ? 'float' : Array.isArray(value) ? 'ints' : 'int';
  const { type, tag } = KINDS[kind];
  const held = [value].flat().map((each) => (kind === 'float' ? floatField : field)(tag, each));
  return message(field(1, name), ...held, field(20, type));
}

/** ValueInfoProto. @param {Value} value */
function valueInfo({ name, shape, dtype = 'float32' }) {
  const dims = message(...shape.map((size) => field(1, message(field(1, size)))));
  const type = message(field(1, message(field(1, DTYPES[dtype]), field(2, dims))));
  return message(field(1, name), field(2, type));
}

export class GraphWriter {
  /** @type {Buffer[]} */
  #nodes = [];
  /** @type {Buffer[]} */
  #initializers = [];
  /** @type {Buffer[]} */
  #inputs = [];
  /** @type {Buffer[]} */
  #outputs = [];
  /** @type {Map<string, string>} */
  #known = new Map();
  #count = 0;

  /** A node with one output, whose name it answers. @param {string} op @param {readonly string[]} inputs @param {Attributes} [attributes] */
  node(op, inputs, attributes = {}) {
    const name = `v${this.#count++}`;
    this.#write(op, inputs, name, attributes);
    return name;
  }

  /** What is made once and read wherever `key` is asked for. @param {string} key @param {() => string} make */
  once(key, make) {
    const known = this.#known.get(key) ?? make();
    this.#known.set(key, known);
    return known;
  }

  /** @param {DType} dtype @param {Shape} shape @param {Float32Array | BigInt64Array} data */
  constant(dtype, shape, data) {
    const name = `c${this.#count++}`;
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const dims = shape.map((size) => field(1, size));
    this.#initializers.push(message(...dims, field(2, DTYPES[dtype]), field(8, name), field(9, raw)));
    return name;
  }

  /** Whole numbers, the same ones once. @param {readonly number[]} values @param {Shape} [shape] */
  integers(values, shape = [values.length]) {
    return this.once(`integers [${shape}] ${values}`, () => this.constant('int64', shape, BigInt64Array.from(values, BigInt)));
  }

  /** @param {number} value */
  scalar(value) {
    return this.once(`scalar ${value}`, () => this.constant('float32', [], Float32Array.of(value)));
  }

  /** @param {Value} value */
  input(value) {
    this.#inputs.push(valueInfo(value));
  }

  /** Gives a value out under another name. @param {string} from @param {Value} value */
  output(from, value) {
    this.#write('Identity', [from], value.name, {});
    this.#outputs.push(valueInfo(value));
  }

  /** ModelProto. */
  bytes() {
    const all = [
      ...this.#nodes.map((each) => field(1, each)),
      field(2, 'traced'),
      ...this.#initializers.map((each) => field(5, each)),
      ...this.#inputs.map((each) => field(11, each)),
      ...this.#outputs.map((each) => field(12, each)),
    ];
    return message(field(1, IR_VERSION), field(7, message(...all)), field(8, message(field(1, ''), field(2, OPSET))));
  }

  /** @param {string} op @param {readonly string[]} inputs @param {string} output @param {Attributes} attributes */
  #write(op, inputs, output, attributes) {
    const given = Object.entries(attributes).map(([name, value]) => field(5, attribute(name, value)));
    this.#nodes.push(message(...inputs.map((name) => field(1, name)), field(2, output), field(4, op), ...given));
  }
}

/** A trace without fusion as an ONNX graph of the same sizes, with its weights inside. */
import { transposed } from '../products/inputs.mjs';
import { GraphWriter } from './graph.mjs';
import { HOST_SPELLINGS, SPELLINGS } from './spellings.mjs';

/** @typedef {import('../../../dist/index.js').TracedModule['instance']} Instance */

class Exporter {
  #graph = new GraphWriter();
  #instance;
  /** Names of values that were spelled. @type {Map<number, string>} */
  #names = new Map();

  /** @param {Instance} instance */
  constructor(instance) {
    this.#instance = instance;
  }

  bytes() {
    const { program, proved } = this.#instance;
    for (const { name, value } of program.inputs) {
      this.#graph.input({ name, shape: program.values[value].shape, dtype: 'int64' });
      this.#names.set(value, name);
    }
    for (const instruction of proved.instructions) this.#names.set(instruction.out, this.#spelled(instruction));
    for (const { name, value } of program.outputs) this.#graph.output(this.#nameOf(value), { name, shape: program.values[value].shape });
    return this.#graph.bytes();
  }

  /** @param {Instance['proved']['instructions'][number]} instruction */
  #spelled({ op, operands, call, activation }) {
    const spelling = SPELLINGS[op];
    if (!spelling || activation !== 'none') throw new Error(`${op} with activation ${activation} has no spelling in ONNX`);
    const given = Object.entries(operands).flatMap(([name, index]) => (index === null ? [] : [[name, this.#operand(index)]]));
    return spelling(this.#graph, { operands: Object.fromEntries(given), numbers: call.numbers, shape: call.shape });
  }

  /** What a spelling may ask for; only what it asks for comes into the graph. @param {number} index @returns {import('./spellings.mjs').Operand} */
  #operand(index) {
    const nameOf = () => this.#nameOf(index);
    const [rows, cols] = this.#instance.program.values[index].shape;
    return {
      get name() {
        return nameOf();
      },
      shape: this.#instance.program.values[index].shape,
      transposed: () =>
        this.#graph.once(`transposed ${index}`, () =>
          this.#graph.constant('float32', [cols, rows], transposed(/** @type {Float32Array} */ (this.#weight(index).data), rows, cols)),
        ),
    };
  }

  /** @param {number} index of a value */
  #nameOf(index) {
    const known = this.#names.get(index) ?? this.#made(index);
    this.#names.set(index, known);
    return known;
  }

  /** @param {number} index of a constant, a view or what the host writes @returns {string} */
  #made(index) {
    const { program } = this.#instance;
    const { place, shape } = program.values[index];
    if ('view' in place) return this.#graph.node('Reshape', [this.#nameOf(place.view), this.#graph.integers(shape)]);
    if ('constant' in place) {
      const { dtype, data } = this.#weight(index);
      if (dtype === 'int32') return this.#graph.integers(Array.from(data), shape);
      return this.#graph.constant('float32', shape, /** @type {Float32Array} */ (data));
    }
    const host = program.hostValues.find(({ value }) => value === index);
    const spelling = host && HOST_SPELLINGS[host.rule];
    if (!spelling) throw new Error(`${host?.rule} has no spelling in ONNX`);
    return spelling(this.#graph, { shape, fill: host.fill ?? 0, input: host.input ?? '' });
  }

  /** @param {number} index of a constant */
  #weight(index) {
    const { program, constants } = this.#instance;
    const place = /** @type {{ constant: number }} */ (program.values[index].place);
    const [part, ...more] = program.constants[place.constant].parts;
    if (more.length > 0) throw new Error(`${part} and ${more} are one weight: trace with { fusion: false }`);
    return constants.part(part).tensor;
  }
}

/** The bytes of the ONNX model of a trace that was made with `{ fusion: false, exact_padding: true }`. @param {import('../../../dist/index.js').TracedModule} traced */
export const onnxOf = (traced) => new Exporter(traced.instance).bytes();

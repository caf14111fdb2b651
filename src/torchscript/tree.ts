import { TraceletError } from '../base/error.ts';
import { Strided } from '../formats/torch/storage.ts';
import { type RawTensor, TensorMaker } from '../formats/torch/tensors.ts';
import { Module } from '../nn/module.ts';
import { type DType, isForeign, type TypedArray } from '../tensor/dtype.ts';
import { TO_FLOAT32 } from '../tensor/float.ts';
import { isHalf } from '../tensor/half.ts';
import { Parameter } from '../tensor/parameter.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { ScriptArchive } from './archive.ts';
import type { Located } from './frame.ts';
import { ScriptObject } from './values.ts';

/** A tensor of an archive: a parameter, or numbers that the program has. */
export interface Stored {
  readonly tensor: Tensor;
  /** In the archive. */
  readonly dtype: DType;
}

/** A part of a program, which its own code runs. */
export class ScriptPart extends Module<never[], never> {
  forward(): never {
    throw new TraceletError('unsupported', {
      what: 'a part of a TorchScript module',
      expected: 'a call of the whole',
      got: 'one of a part',
      cure: 'Call the module that jit.open_script answers',
    });
  }
}

const FLOATS: readonly DType[] = ['float32', 'float64', 'float16', 'bfloat16'];
const CONSTANTS = 'CONSTANTS';
/** Names that a field of a module cannot have here. */
const TAKEN = new Set(['forward', 'call_', 'children', 'named_modules', 'named_parameters', 'constructor']);

/** The module tree of an archive, and the tensors in it. */
export class Tree {
  readonly #archive: ScriptArchive;
  readonly #maker: TensorMaker;
  readonly #floats = new Map<RawTensor, Float32Array>();
  readonly #located = new Map<ScriptObject, Located>();
  readonly #parameters = new Map<ScriptObject, Map<string, Stored>>();
  /** Those of modules, and what was made of others. */
  readonly #made = new Map<Strided, Stored>();
  readonly #constants: (Stored | undefined)[];

  /** Fills `root`, which stands for the root of the archive, with parts and parameters. */
  constructor(archive: ScriptArchive, root: Module<never[], never>) {
    this.#archive = archive;
    this.#maker = new TensorMaker(archive.name);
    this.#fill(root);
    this.#constants = this.#fillConstants(root);
  }

  /** Where an object of the archive lies; undefined for others. */
  locate(object: ScriptObject): Located | undefined {
    return this.#located.get(object);
  }

  /** The tensor `name` of an object. */
  attribute(object: ScriptObject, name: string, strided: Strided): Stored {
    return this.#parameters.get(object)?.get(name) ?? this.buffer(strided, name);
  }

  /** The constant of a number, where it is a tensor. */
  constant(at: number): Stored | undefined {
    return this.#constants[at];
  }

  /** A tensor that is no parameter. */
  buffer(strided: Strided, name = 'a tensor'): Stored {
    const known = this.#made.get(strided) ?? this.#plain(strided, name);
    this.#made.set(strided, known);
    return known;
  }

  #fill(root: object): void {
    const waiting: [ScriptObject, object, string][] = [];
    const found = (object: ScriptObject, part: object, path: string): void => {
      this.#located.set(object, { path, module: part });
      waiting.push([object, part, path]);
    };
    found(this.#archive.root, root, '');
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [object, part, path] = next;
      const names = new Set(this.#archive.program.classOf(object.name).lists.get('__parameters__'));
      const parameters = new Map<string, Stored>();
      this.#parameters.set(object, parameters);
      for (const [name, value] of object.attributes) {
        const inner = path ? `${path}.${name}` : name;
        if (value instanceof Strided && names.has(name) && isWeight(value)) {
          const parameter = this.#parameter(value, inner);
          parameters.set(name, parameter);
          this.#made.set(value, parameter);
          define(part, name, parameter.tensor, inner);
        } else if (value instanceof ScriptObject && !this.#located.has(value)) {
          const child = new ScriptPart();
          define(part, name, child, inner);
          found(value, child, inner);
        }
      }
    }
  }

  /** Weights of frozen archives are constants; those are parameters of a part of that name. */
  #fillConstants(root: object): (Stored | undefined)[] {
    const part = new ScriptPart();
    const stored = this.#archive.constants.map((value, i) => {
      if (!(value instanceof Strided)) return undefined;
      const known = this.#made.get(value);
      if (known || !isWeight(value)) return known ?? this.#plain(value, `${CONSTANTS}.c${i}`);
      const constant = this.#parameter(value, `${CONSTANTS}.c${i}`);
      define(part, `c${i}`, constant.tensor, CONSTANTS);
      return constant;
    });
    if (stored.some((constant) => constant?.tensor instanceof Parameter)) define(root, CONSTANTS, part, CONSTANTS);
    return stored;
  }

  #raw(strided: Strided, name: string): { raw: RawTensor; dtype: DType; elements: TypedArray } {
    const raw = this.#maker.make(strided, name);
    const { dtype, elements } = raw;
    if (!isForeign(dtype) && elements) return { raw, dtype, elements };
    throw new TraceletError('unsupported', {
      what: `${name} of ${this.#archive.name}`,
      expected: 'numbers that are computed with here',
      got: dtype,
    });
  }

  #plain(strided: Strided, name: string): Stored {
    const { dtype, elements } = this.#raw(strided, name);
    return { tensor: new Tensor(dtype, strided.shape, elements), dtype };
  }

  #parameter(strided: Strided, name: string): Stored {
    const { raw, dtype, elements } = this.#raw(strided, name);
    const floats = this.#floats.get(raw) ?? widened(dtype, elements);
    this.#floats.set(raw, floats);
    const parameter = new Parameter(strided.shape, () => {});
    parameter.adopt(floats, isHalf(dtype) ? dtype : 'float32');
    return { tensor: parameter, dtype };
  }
}

const isWeight = ({ shape, storage: { dtype } }: Strided): boolean =>
  (FLOATS as readonly string[]).includes(dtype) && shape.length > 0 && shape.every((size) => size > 0);

function widened(dtype: DType, elements: TypedArray): Float32Array {
  const widen = TO_FLOAT32[dtype];
  if (!widen || dtype === 'float32') return elements as Float32Array;
  const floats = new Float32Array(elements.length);
  widen(elements, floats);
  return floats;
}

function define(part: object, name: string, value: unknown, path: string): void {
  if (TAKEN.has(name))
    throw new TraceletError('unsupported', {
      what: path,
      expected: 'a module whose parts have other names than methods of modules',
      got: name,
    });
  Object.defineProperty(part, name, { value, enumerable: true, configurable: true, writable: true });
}

import { Strided } from '../formats/torch/storage.ts';
import { Parameter } from '../tensor/parameter.ts';
import type { ScriptArchive } from './archive.ts';
import type { Located } from './frame.ts';
import { define, isWeight, ScriptPart, type Stored, StoredTensors } from './tensors.ts';
import { ScriptObject } from './values.ts';

const CONSTANTS = 'CONSTANTS';

/** The module tree of an archive, and the tensors in it. */
export class Tree {
  readonly #archive: ScriptArchive;
  readonly #tensors: StoredTensors;
  readonly #located = new Map<ScriptObject, Located>();
  readonly #parameters = new Map<ScriptObject, Map<string, Stored>>();
  /** Those of modules, and what was made of others. */
  readonly #made = new Map<Strided, Stored>();
  readonly #constants: readonly (Stored | undefined)[];

  /** Fills `root`, which stands for the root of the archive, with parts and parameters. */
  constructor(archive: ScriptArchive, root: object) {
    this.#archive = archive;
    this.#tensors = new StoredTensors(archive.name);
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
    const known = this.#made.get(strided) ?? this.#tensors.plain(this.#tensors.raw(strided, name), name);
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
      const parameters = this.#parametersOf(object, path);
      for (const [name, value] of object.attributes) {
        const inner = path ? `${path}.${name}` : name;
        const parameter = parameters.get(name);
        if (parameter) define(part, name, parameter.tensor, inner);
        if (!(value instanceof ScriptObject) || this.#located.has(value)) continue;
        const child = new ScriptPart();
        define(part, name, child, inner);
        found(value, child, inner);
      }
    }
  }

  #parametersOf(object: ScriptObject, path: string): Map<string, Stored> {
    const parameters = new Map<string, Stored>();
    for (const name of this.#archive.program.classOf(object.name).lists.get('__parameters__') ?? []) {
      const value = object.attributes.get(name);
      if (!(value instanceof Strided) || !isWeight(value.storage.dtype, value.shape)) continue;
      const inner = path ? `${path}.${name}` : name;
      const parameter = this.#tensors.parameter(this.#tensors.raw(value, inner), inner);
      parameters.set(name, parameter);
      this.#made.set(value, parameter);
    }
    this.#parameters.set(object, parameters);
    return parameters;
  }

  /** Weights of frozen archives are constants; those are parameters of a part of that name. */
  #fillConstants(root: object): (Stored | undefined)[] {
    const part = new ScriptPart();
    const stored = this.#archive.constants.map((value, i) => {
      if (!(value instanceof Strided)) return undefined;
      const name = `${CONSTANTS}.c${i}`;
      const known = this.#made.get(value);
      if (known || !isWeight(value.storage.dtype, value.shape)) return known ?? this.buffer(value, name);
      const constant = this.#tensors.parameter(this.#tensors.raw(value, name), name);
      define(part, `c${i}`, constant.tensor, CONSTANTS);
      return constant;
    });
    if (stored.some((constant) => constant?.tensor instanceof Parameter)) define(root, CONSTANTS, part, CONSTANTS);
    return stored;
  }
}

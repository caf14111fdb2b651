import { Aten } from '../aten/aten.ts';
import type { AtenTensor } from '../aten/values.ts';
import { TraceletError } from '../base/error.ts';
import { Strided } from '../formats/torch/storage.ts';
import { nameInputs, toInt32 } from '../nn/inputs.ts';
import { Module } from '../nn/module.ts';
import type { ForwardResult } from '../nn/outputs.ts';
import type { DType } from '../tensor/dtype.ts';
import { isForeign } from '../tensor/dtype.ts';
import type { Shape, Tensor } from '../tensor/tensor.ts';
import type { ScriptArchive } from './archive.ts';
import type { Expression, FunctionCode } from './code/syntax.ts';
import { Interpreter } from './interpreter.ts';
import { Values } from './objects.ts';
import { resultOf } from './outputs.ts';
import { type Stored, Tree } from './tree.ts';
import type { Value } from './values.ts';

/** An input that the module was traced with. */
export interface ExampleInput {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

const FORWARD = 'forward';
const TENSOR = 'Tensor';

/**
 * A module that PyTorch saved with `torch.jit.save`, as `torch.jit.ScriptModule`: its printed code is read and run op by op at the sizes of its inputs.
 * It is called with tensors, by position or by name, and traced as any other module.
 */
export class ScriptModule extends Module<(Tensor | undefined)[], ForwardResult> {
  readonly #archive: ScriptArchive;
  readonly #tree: Tree;
  readonly #forward: FunctionCode;
  readonly #names: readonly string[];

  /** @param names what its inputs are called, if not as in its code. Throws `value` errors for another number of them. */
  constructor(archive: ScriptArchive, names?: readonly string[]) {
    super();
    this.#archive = archive;
    this.#tree = new Tree(archive, this as unknown as Module<never[], never>);
    const { root, program } = archive;
    const forward = program.classOf(root.name).methods.get(FORWARD);
    if (!forward)
      throw new TraceletError('unsupported', {
        what: archive.name,
        expected: `a module with a method ${FORWARD}`,
        got: `one with ${[...program.classOf(root.name).methods.keys()].join(', ') || 'none'}`,
      });
    this.#forward = forward;
    this.#names = namesOf(inputsOf(forward), names, archive.name);
  }

  /** What its inputs are called, by position. */
  get input_names(): readonly string[] {
    return this.#names;
  }

  /** The printed code of the module and of all that it calls. */
  get code(): string {
    return this.#archive.program.text(this.#archive.code);
  }

  /** The extra files in its archive. */
  get files(): ReadonlyMap<string, Uint8Array> {
    return this.#archive.files;
  }

  /** The inputs that it was traced with, where the archive says so; undefined for scripted, frozen and old ones. */
  get example_inputs(): readonly ExampleInput[] | undefined {
    const { traced } = this.#archive;
    if (traced?.length !== this.#names.length) return undefined;
    return traced.map(({ shape, storage: { dtype } }, i) => ({ name: this.#names[i], shape, dtype: isForeign(dtype) ? 'float32' : dtype }));
  }

  trace_files(): Record<string, Uint8Array> {
    return Object.fromEntries(this.files);
  }

  override call_(...args: (Tensor | undefined)[]): ForwardResult {
    const named = nameInputs(args, this.#names, this.#archive.name);
    const given = this.#names.map((name) => {
      const tensor: Tensor | undefined = named[name];
      return !tensor || tensor.recorded || tensor.dtype === 'float32' ? tensor : toInt32(tensor, name);
    });
    return super.call_(...given);
  }

  forward(...given: (Tensor | undefined)[]): ForwardResult {
    const { root, program, constants } = this.#archive;
    const aten = new Aten();
    const tensors = new Map<Stored, AtenTensor>();
    const tensorOf = (stored: Stored): AtenTensor => {
      const known = tensors.get(stored) ?? aten.stored(stored.tensor, stored.dtype);
      tensors.set(stored, known);
      return known;
    };
    const values = new Values((strided) => tensorOf(this.#tree.buffer(strided)));
    const interpreter = new Interpreter({
      program,
      aten,
      constants,
      constant: (at) => {
        const stored = this.#tree.constant(at);
        return stored ? tensorOf(stored) : values.of(constants[at]);
      },
      attribute: (object, name) => {
        const raw = object.attributes.get(name);
        return raw instanceof Strided ? tensorOf(this.#tree.attribute(object, name, raw)) : values.of(raw);
      },
      locate: (object) => this.#tree.locate(object),
    });
    const result = interpreter.method(root, FORWARD, [], this.#arguments(given, aten));
    return resultOf(result, aten, root.name.slice(root.name.lastIndexOf('.') + 1));
  }

  /** Inputs by the names of the code; those that are not given are None where nothing else stands for them. */
  #arguments(given: readonly (Tensor | undefined)[], aten: Aten): Map<string, Value> {
    const named = new Map<string, Value>();
    for (const [i, parameter] of inputsOf(this.#forward).entries()) {
      const tensor = given[i];
      if (tensor) named.set(parameter.name, aten.input(this.#names[i], tensor, this.#dtypeOf(i, tensor)));
      else if (parameter.optional && !parameter.hasDefault) named.set(parameter.name, null);
      else if (!parameter.optional)
        throw new TraceletError('value', { what: `${this.#archive.name}: input "${this.#names[i]}"`, expected: 'a tensor', got: 'none' });
    }
    return named;
  }

  /** Whole numbers are int64 unless the archive says that it took others. */
  #dtypeOf(at: number, { dtype }: Tensor): DType {
    if (dtype === 'float32') return dtype;
    const traced = this.#archive.traced?.[at]?.storage.dtype;
    return traced === undefined || isForeign(traced) || traced.startsWith('float') || traced === 'bfloat16' ? 'int64' : traced;
  }
}

interface InputParameter {
  name: string;
  optional: boolean;
  hasDefault: boolean;
}

/** The parameters of `forward` that are tensors. Throws an `unsupported` error for others that have to be given. */
function inputsOf({ parameters, file, line }: FunctionCode): InputParameter[] {
  return parameters.slice(1).flatMap(({ name, type, value }) => {
    const optional = type?.kind === 'index' && type.of.kind === 'name' && type.of.name === 'Optional';
    const inner = optional ? type.at : type;
    if (inner?.kind === 'name' && inner.name === TENSOR)
      return [{ name, optional: optional || value !== undefined, hasDefault: value !== undefined }];
    if (value !== undefined) return [];
    throw new TraceletError('unsupported', {
      what: `${file}, line ${line}: input ${name}`,
      expected: 'a tensor',
      got: inner ? shown(inner) : 'something else',
      cure: 'Wrap the module in Python in one that takes tensors alone, and save that',
    });
  });
}

function shown(type: Expression): string {
  if (type.kind === 'name') return type.name;
  if (type.kind === 'index') return `${shown(type.of)}[${shown(type.at)}]`;
  return type.kind === 'tuple' ? type.items.map(shown).join(', ') : type.kind === 'attribute' ? type.name : 'a type';
}

function namesOf(parameters: readonly InputParameter[], given: readonly string[] | undefined, what: string): readonly string[] {
  const own = parameters.map(({ name }) => name);
  if (given === undefined) return own;
  if (given.length === own.length && new Set(given).size === given.length) return given;
  throw new TraceletError('value', {
    what: `${what}: input_names`,
    expected: `a name for each of ${own.join(', ')}`,
    got: given.join(', ') || 'none',
  });
}

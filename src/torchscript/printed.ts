import { Aten } from '../aten/aten.ts';
import { TraceletError } from '../base/error.ts';
import { Strided } from '../formats/torch/storage.ts';
import { NOTES } from '../formats/trace.ts';
import type { ForwardResult } from '../nn/outputs.ts';
import { isForeign } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ScriptArchive } from './archive.ts';
import { ContinuedAten } from './baked.ts';
import type { Expression, FunctionCode } from './code/syntax.ts';
import { Interpreter } from './interpreter.ts';
import { dtypeOfInput, type ExampleInput, missing, namesFor, ScriptModule, tensorsOf } from './module.ts';
import { Values } from './objects.ts';
import { resultOf } from './outputs.ts';
import { Tree } from './tree.ts';
import type { Value } from './values.ts';

const FORWARD = 'forward';
const TENSOR = 'Tensor';

/** A module of `torch.jit.save`, whose printed code is interpreted. */
export class PrintedModule extends ScriptModule {
  readonly #archive: ScriptArchive;
  readonly #tree: Tree;
  readonly #parameters: readonly InputParameter[];
  readonly #names: readonly string[];
  /** The length of traced inputs that stands in the code, where it may be another. */
  #written: number | undefined;

  /** @param names what its inputs are called, if not as in its code. Throws `value` errors for another number of them. */
  constructor(archive: ScriptArchive, names?: readonly string[]) {
    super(archive);
    this.#archive = archive;
    this.#tree = new Tree(archive, this);
    const { root, program, name } = archive;
    const { methods } = program.classOf(root.name);
    const forward = methods.get(FORWARD);
    if (!forward)
      throw new TraceletError('unsupported', {
        what: name,
        expected: `a module with a method ${FORWARD}`,
        got: `one with ${[...methods.keys()].join(', ') || 'none'}`,
      });
    this.#parameters = inputsOf(forward);
    this.#names = namesFor(
      this.#parameters.map((parameter) => parameter.name),
      names,
      name,
    );
  }

  override get input_names(): readonly string[] {
    return this.#names;
  }

  override get code(): string {
    return this.#archive.program.text(this.#archive.code);
  }

  override continue_ranges(length: number): void {
    if (this.#archive.baked) this.#written = length;
  }

  override trace_files(): Record<string, string | Uint8Array> {
    if (this.#written === undefined) return super.trace_files();
    const note = `its code has ranges of ${this.#written} tokens, which PyTorch wrote down when it was traced: they go on to the length of each call`;
    return { ...super.trace_files(), [NOTES]: note };
  }

  override get example_inputs(): readonly ExampleInput[] | undefined {
    const { traced } = this.#archive;
    if (traced?.length !== this.#names.length) return undefined;
    return traced.map(({ shape, storage: { dtype } }, i) => ({ name: this.#names[i], shape, dtype: isForeign(dtype) ? 'float32' : dtype }));
  }

  forward(...given: (Tensor | undefined)[]): ForwardResult {
    const { root, program, constants } = this.#archive;
    const aten =
      this.#written === undefined ? new Aten(this.formulates) : new ContinuedAten(this.#written, lengthOf(given), this.formulates);
    const tensorOf = tensorsOf(aten);
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
    for (const [i, { name, optional, hasDefault }] of this.#parameters.entries()) {
      const tensor = given[i];
      const said = this.#archive.traced?.[i]?.storage.dtype;
      if (tensor) named.set(name, aten.input(this.#names[i], tensor, dtypeOfInput(tensor, said)));
      else if (!optional) throw missing(this.#archive.name, this.#names[i]);
      else if (!hasDefault) named.set(name, null);
    }
    return named;
  }
}

const lengthOf = (given: readonly (Tensor | undefined)[]): number => given.find((tensor) => tensor !== undefined)?.shape.at(-1) ?? 0;

interface InputParameter {
  name: string;
  optional: boolean;
  hasDefault: boolean;
}

/** The parameters of `forward` that are tensors. Throws an `unsupported` error for others that have to be given. */
function inputsOf({ parameters, file, line }: FunctionCode): InputParameter[] {
  return parameters.slice(1).flatMap(({ name, type, value }) => {
    const isOptional = type?.kind === 'index' && type.of.kind === 'name' && type.of.name === 'Optional';
    const inner = isOptional ? type.at : type;
    const hasDefault = value !== undefined;
    if (inner?.kind === 'name' && inner.name === TENSOR) return [{ name, optional: isOptional || hasDefault, hasDefault }];
    if (hasDefault) return [];
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

import type { Aten } from '../aten/aten.ts';
import type { AtenTensor } from '../aten/values.ts';
import { TraceletError } from '../base/error.ts';
import { nameInputs, toInt32 } from '../nn/inputs.ts';
import { Module } from '../nn/module.ts';
import type { ForwardResult } from '../nn/outputs.ts';
import type { Bounds } from '../tensor/dim.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Shape, Tensor } from '../tensor/tensor.ts';
import type { Stored } from './tensors.ts';

/** An input that a program was made with. */
export interface ExampleInput {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** What its writer says of the sizes that a program takes: as the options of `jit.trace` with these names. */
export interface OpenSizes {
  readonly dynamic: Bounds;
  readonly dynamic_axes?: Readonly<Record<string, Readonly<Record<number, string>>>>;
}

/** What an archive holds beside its program. */
export interface Contents {
  /** What messages call the archive. */
  readonly name: string;
  /** `_extra_files` by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * A module that PyTorch saved, as `torch.jit.ScriptModule`: its program is read and run op by op at the sizes of its inputs. It is called with
 * tensors, by position or by name, and traced as any other module.
 */
export abstract class ScriptModule extends Module<(Tensor | undefined)[], ForwardResult> {
  readonly #contents: Contents;
  /** Whether constants that are others at each size are made by formulas: slower, and at any size. */
  formulates = false;

  constructor(contents: Contents) {
    super();
    this.#contents = contents;
  }

  /** What its inputs are called, by position. */
  abstract get input_names(): readonly string[];

  /** Its program as text. */
  abstract get code(): string;

  /** The inputs that it was made with, where the archive says so. */
  abstract get example_inputs(): readonly ExampleInput[] | undefined;

  /** The sizes that it was exported for, where the archive says so. */
  get open_sizes(): OpenSizes | undefined {
    return undefined;
  }

  /** The extra files in its archive. */
  get files(): ReadonlyMap<string, Uint8Array> {
    return this.#contents.files;
  }

  /** Where the code has ranges of the length of the inputs that were traced, which is `length`: they may go on to that of others. */
  continue_ranges(_length: number): void {}

  trace_files(): Record<string, string | Uint8Array> {
    return Object.fromEntries(this.files);
  }

  override call_(...args: (Tensor | undefined)[]): ForwardResult {
    const names = this.input_names;
    const named = nameInputs(args, names, this.#contents.name);
    const given = names.map((name) => {
      const tensor: Tensor | undefined = named[name];
      return !tensor || tensor.recorded || tensor.dtype === 'float32' ? tensor : toInt32(tensor, name);
    });
    return super.call_(...given);
  }
}

/** Each tensor of an archive as one of a forward pass. */
export function tensorsOf(aten: Aten): (stored: Stored) => AtenTensor {
  const known = new Map<Stored, AtenTensor>();
  return (stored) => {
    const tensor = known.get(stored) ?? aten.stored(stored.tensor, stored.dtype);
    known.set(stored, tensor);
    return tensor;
  };
}

/** Whole numbers are int64 unless the archive says that it takes others. */
export function dtypeOfInput({ dtype }: Tensor, said: string | undefined): DType {
  if (dtype === 'float32') return dtype;
  return WHOLE.find((each) => each === said) ?? 'int64';
}

const WHOLE: readonly DType[] = ['int32', 'int8', 'uint8', 'bool'];

/** That an input is not given. */
export const missing = (what: string, name: string): TraceletError =>
  new TraceletError('value', { what: `${what}: input "${name}"`, expected: 'a tensor', got: 'none' });

/** The names of inputs, or `given` in their place. Throws a `value` error for another number of them. */
export function namesFor(own: readonly string[], given: readonly string[] | undefined, what: string): readonly string[] {
  if (given === undefined) return own;
  if (given.length === own.length && new Set(given).size === given.length) return given;
  throw new TraceletError('value', {
    what: `${what}: input_names`,
    expected: `a name for each of ${own.join(', ')}`,
    got: given.join(', ') || 'none',
  });
}

import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { ANY, checkOptions, curesIn, OBJECT, type OptionTable, SIGNAL, TOKENIZER } from '../base/options.ts';
import { DEVIATION, FLAG, kind } from '../base/schema.ts';
import { FORWARD } from '../formats/trace.ts';
import { VARIANT } from '../kernels/binaries.ts';
import type { NestedTensors } from '../nn/nesting.ts';
import type { Variant } from '../platform/platform.ts';
import type { ThreadCount } from '../runtime/threads/choose.ts';
import type { Bounds } from '../tensor/dim.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { TracedModule, TracedResult } from '../traced/traced.ts';
import { refuseMore } from './arguments.ts';
import type { DynamicAxes } from './dynamic.ts';
import { forwardOf } from './forwardpass.ts';
import { traceMethods } from './tracemethods.ts';

/** Inputs of a model: by position, by name, or the only one; each a tensor, or a list or an object of such, of any depth. */
export type Inputs = readonly NestedTensors[] | Readonly<Record<string, NestedTensors>> | Tensor;

/** Options of `jit.trace`. */
export interface TraceOptions {
  /** Run the trace against the model and record the model twice; true unless given. */
  check_trace?: boolean;
  /** Absolute plus relative difference that the check allows; 1e-5 unless given. */
  check_tolerance?: number;
  /** More inputs to check the trace with: each as the dummy inputs may be given, of sizes that the trace takes. */
  check_inputs?: readonly Inputs[];
  /** Dummy inputs by name, in place of the second argument. */
  example_kwarg_inputs?: Readonly<Record<string, NestedTensors>>;
  /** Whether a forward pass that answers an object of names is refused, as PyTorch does; false unless given. */
  strict?: boolean;
  /** Merge steps into ops that do several at once; true unless given. */
  fusion?: boolean;
  /**
   * Sizes that calls may choose, with their bounds: `{ batch: [1, 64], sequence: [1, 512] }`. `batch` is the first dimension of the inputs
   * and `sequence` the last, but `decoder_sequence` or `encoder_sequence` in inputs whose names begin so; `dynamic_axes` says where others stand. A trace without takes the dummies' sizes alone.
   */
  dynamic?: Bounds;
  /** Where symbols stand, by input and dimension, as in `torch.onnx.export`: `{ x: { 0: 'n' } }`. */
  dynamic_axes?: DynamicAxes;
  /** Compute the tokens that the attention_mask rules out, as PyTorch does, instead of answering zeros for them; false unless given. */
  exact_padding?: boolean;
  /** Travels in the trace, so that it can be called with texts. */
  tokenizer?: PreTrainedTokenizerFast;
  /** The kernels to run on; the fastest that the engine has unless given. */
  kernels?: Variant;
  /** How many threads a call of the trace runs on, one unless given; where several cannot be had, `explain()` says why. */
  threads?: ThreadCount;
  /** Stops between two phases of tracing, or two recordings for the bounds of `dynamic`. */
  signal?: AbortSignal;
}

/** What each option of `jit.trace` may be. */
export const TRACE_OPTIONS: OptionTable<TraceOptions> = {
  check_trace: FLAG,
  check_tolerance: DEVIATION,
  check_inputs: kind('a list of inputs', Array.isArray),
  example_kwarg_inputs: OBJECT,
  strict: FLAG,
  fusion: FLAG,
  dynamic: OBJECT,
  dynamic_axes: OBJECT,
  exact_padding: FLAG,
  tokenizer: TOKENIZER,
  kernels: VARIANT,
  threads: ANY,
  signal: SIGNAL,
};

/** What takes the place of other options of torch.jit.trace and torch.onnx.export. */
const CURES: Readonly<Record<string, string>> = {
  optimize: 'Leave it out, or say { fusion: false } to keep steps apart',
  _force_outplace: 'Leave it out: no op writes in place',
  _module_class: 'Leave it out: every trace is a TracedModule',
  _compilation_unit: 'Leave it out: every trace is a TracedModule',
  _store_inputs: 'Leave it out: dummy inputs travel in the trace, so that it can be verified',
  input_names: 'Name the inputs where they are given: { input_ids: … }',
  dynamic_shapes: 'Did you mean dynamic?',
};

/** Cures for these. */
export const cureOf = curesIn(CURES);

/**
 * Records what `model`, a module or a function of tensors, does on `inputs` (by position, or by name) as a program for their dimensions, or
 * for all sizes within the bounds of `dynamic`, as `torch.jit.trace`.
 * Throws `tied`, `tracing`, `value` and {@link TracingCheckError} errors, and those of the model.
 */
export async function trace<Result>(
  // biome-ignore lint/suspicious/noExplicitAny: takes modules and functions whatever their arguments
  model: (...inputs: any[]) => Result,
  inputs?: Inputs | null,
  options: TraceOptions = {},
  ...others: never[]
): Promise<TracedModule<TracedResult<Result>>> {
  const checked = checkOptions('jit.trace', options, TRACE_OPTIONS, cureOf);
  refuseMore('jit.trace', others, '{ check_trace: false }');
  const forward = { pass: forwardOf(model), inputs: examplesOf(inputs, checked), check_inputs: checked.check_inputs };
  return traceMethods<TracedResult<Result>>(new Map([[FORWARD, forward]]), checked);
}

function examplesOf(inputs: Inputs | null | undefined, { example_kwarg_inputs: named }: TraceOptions): Inputs {
  if (named && inputs)
    throw new TraceletError('value', { what: 'jit.trace', expected: 'dummy inputs, or example_kwarg_inputs', got: 'both' });
  const given = named ?? inputs ?? [];
  if (given instanceof Tensor || Array.isArray(given) || isObject(given)) return given;
  throw new TraceletError('value', { what: 'jit.trace: dummy inputs', expected: 'tensors, in a list or by name', got: describe(given) });
}

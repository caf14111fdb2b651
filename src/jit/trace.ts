import { patterns } from '#archives';
import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { ANY, checkOptions, curesIn, OBJECT, type OptionTable, SIGNAL, TOKENIZER } from '../base/options.ts';
import { isFunction } from '../base/realm.ts';
import { DEVIATION, FLAG, kind } from '../base/schema.ts';
import { type ExtraFiles, textFiles } from '../formats/beside.ts';
import { bestVariant, VARIANT } from '../kernels/binaries.ts';
import { opsFor } from '../kernels/sets.ts';
import { withKernels } from '../nn/executor.ts';
import { copied, nameInputs, toInt32 } from '../nn/inputs.ts';
import { type AnyModule, Module } from '../nn/module.ts';
import { flattened, type NestedTensors, nested } from '../nn/nesting.ts';
import { type ForwardResult, flattenOutputs } from '../nn/outputs.ts';
import type { Variant } from '../platform/platform.ts';
import { chooseThreads, type ThreadCount } from '../runtime/threads/choose.ts';
import type { Bounds, Sizes } from '../tensor/dim.ts';
import type { DType } from '../tensor/dtype.ts';
import { Tensor } from '../tensor/tensor.ts';
import { checkReach } from '../text/reach.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { TracedModule, TracedResult } from '../traced/traced.ts';
import { refuseMore } from './arguments.ts';
import { checkSameRecording, type Expectation } from './check.ts';
import { compile } from './compile.ts';
import { axesOf, type DynamicAxes, inputsAt } from './dynamic.ts';
import { isSpelled, type Recording, type Replay, record, type TracedInput } from './record.ts';

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
   * and `sequence` the last, but `decoder_sequence` in inputs whose names begin with `decoder_`; `dynamic_axes` says where others stand. A trace without takes the dummies' sizes alone.
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

/** A module that tells of its inputs and outputs, and which files belong with it. */
interface Traceable {
  input_names?: readonly string[];
  input_dtype?: DType;
  /** Inputs that may be floats though others may not. */
  float_inputs?: readonly string[];
  meant?: (args: readonly unknown[]) => readonly unknown[];
  trace_files?: () => ExtraFiles;
  /** Whether padding is computed unless the options say otherwise. */
  exact_padding?: boolean;
  /** Outputs that calls ask for without the others. */
  asked_alone?: readonly string[];
  /** The tokenizer among these files. */
  tokenizer?: unknown;
}

/** What each option of `jit.trace` may be. */
const TRACE_OPTIONS: OptionTable<TraceOptions> = {
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

const cureOf = curesIn(CURES);

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
  return traceModule<TracedResult<Result>>(moduleOf(model), examplesOf(inputs, checked), checked);
}

/** A function of tensors as a module. */
class TracedFunction extends Module<Tensor[], ForwardResult> {
  readonly #body: (...inputs: Tensor[]) => ForwardResult;

  constructor(body: (...inputs: Tensor[]) => ForwardResult) {
    super();
    this.#body = body;
  }

  forward(...inputs: Tensor[]): ForwardResult {
    return this.#body(...inputs);
  }
}

function moduleOf(model: unknown): AnyModule {
  if (model instanceof Module) return model;
  const isClass = typeof model === 'function';
  if (isFunction(model)) return new TracedFunction(model as (...inputs: Tensor[]) => ForwardResult);
  throw new TraceletError('value', {
    what: 'jit.trace: model',
    expected: 'a module, or a function of tensors',
    got: isClass ? `the class ${(model as { name: string }).name}` : describe(model),
    cure: isClass ? 'Make one with new, or with from_pretrained' : 'The model comes first, then its dummy inputs',
  });
}

function examplesOf(inputs: Inputs | null | undefined, { example_kwarg_inputs: named }: TraceOptions): Inputs {
  if (named && inputs)
    throw new TraceletError('value', { what: 'jit.trace', expected: 'dummy inputs, or example_kwarg_inputs', got: 'both' });
  const given = named ?? inputs ?? [];
  if (given instanceof Tensor || Array.isArray(given) || isObject(given)) return given;
  throw new TraceletError('value', { what: 'jit.trace: dummy inputs', expected: 'tensors, in a list or by name', got: describe(given) });
}

async function traceModule<Result>(model: AnyModule, inputs: Inputs, options: TraceOptions): Promise<TracedModule<Result>> {
  const { fusion = true, signal } = options;
  await opsFor();
  signal?.throwIfAborted();
  const names = namesOf(model, inputs);
  const given = copied(dummyInputs(inputs, names, model));
  const signature = signatureOf(given);
  const bounds = options.dynamic ?? {};
  const { axes, sizes } = axesOf(signature, bounds, options.dynamic_axes);
  const recording = (replay?: Replay): RecordAt => {
    return (at) => recordModel(model, names, inputsAt(signature, axes, at), options.strict, replay);
  };
  const plain = recording();
  const from = { names, given, sizes, bounds };
  const recorded = plain(sizes);
  const replay = fusion && isSpelled(recorded.graph) ? await patterns?.() : undefined;
  if (!replay) return traceWith<Result>(model, recorded, plain, from, options);
  const spelled = recording(replay);
  try {
    return await traceWith<Result>(model, spelled(sizes), spelled, from, options);
  } catch {
    signal?.throwIfAborted();
    return traceWith<Result>(model, plain(sizes), plain, from, options);
  }
}

type RecordAt = (at: Sizes) => Recording;

/** What a trace is made from. */
interface Dummies {
  names: readonly string[];
  given: Record<string, Tensor>;
  sizes: Sizes;
  bounds: Bounds;
}

async function traceWith<Result>(
  model: AnyModule,
  recorded: Recording,
  recordAt: RecordAt,
  { names, given, sizes, bounds }: Dummies,
  options: TraceOptions,
): Promise<TracedModule<Result>> {
  const { fusion = true, check_trace = true, check_tolerance: tolerance, signal, kernels } = options;
  const tokenizer = options.tokenizer ?? TOKENIZER.read((model as Traceable).tokenizer);
  if (tokenizer) checkReach(recorded.graph, tokenizer as PreTrainedTokenizerFast);
  const dummies = asRecorded(given, recorded);
  const threads = chooseThreads(options.threads, kernels ?? bestVariant());
  const expected = check_trace ? expectationOf(model, names, options) : undefined;
  if (expected) {
    const again = recordAt(sizes);
    withKernels(kernels ?? bestVariant(), () => checkSameRecording(recorded, again, dummies, tolerance));
  }
  return compile<Result>(recorded.graph, dummies, {
    structure: recorded.structure,
    files: textFiles({ ...(model as Traceable).trace_files?.(), ...options.tokenizer?.files() }),
    passes: { fusion, compaction: !(options.exact_padding ?? (model as Traceable).exact_padding), alone: (model as Traceable).asked_alone },
    dynamic: { sizes, bounds, graphAt: (at) => recordAt(at).graph },
    expected,
    kernels,
    threads,
    signal,
  });
}

/** The answers of the model itself. */
function expectationOf(model: AnyModule, names: readonly string[], { check_inputs = [], check_tolerance }: TraceOptions): Expectation {
  return {
    answer: (inputs) => flattenOutputs(model(...positional(names, inputs)) as ForwardResult).tensors,
    more: Array.from(check_inputs, (given) => dummyInputs(given, names, model)),
    tolerance: check_tolerance,
  };
}

/** Inputs of the dtypes in which the ops of a recording take them. */
const asRecorded = (inputs: Record<string, Tensor>, { graph }: Recording): Record<string, Tensor> =>
  Object.fromEntries(graph.inputs.map(({ name, dtype }) => [name, inputs[name].operand(dtype, `dummy input "${name}"`)]));

const signatureOf = (inputs: Record<string, Tensor>): TracedInput[] =>
  Object.entries(inputs).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));

/** Names of inputs; those of nested ones are dotted. */
function namesOf(model: AnyModule, inputs: Inputs): readonly string[] {
  const { input_names } = model as Traceable;
  if (inputs instanceof Tensor) return input_names ?? ['input_0'];
  const given: [string, unknown][] = Array.isArray(inputs)
    ? Array.from(inputs, (value, i) => [input_names?.[i] ?? `input_${i}`, value])
    : Object.entries(inputs);
  const byHead = new Map(given.map(([name, value]) => [name, flattened(value, name).map(([each]) => each)]));
  return (input_names ?? [...byHead.keys()]).flatMap((name) => byHead.get(name) ?? [name]);
}

/** Inputs by name; whole numbers as int32, and floats as well where the model takes them so. */
function dummyInputs(inputs: Inputs, names: readonly string[], model: AnyModule): Record<string, Tensor> {
  const named = nameInputs(
    (model as Traceable).meant?.([inputs]) ?? [inputs],
    names,
    model instanceof TracedFunction ? 'jit.trace' : model.constructor.name,
  );
  if (Object.keys(named).length === 0)
    throw new TraceletError('value', {
      what: 'jit.trace',
      expected: 'dummy inputs',
      got: 'none',
      cure: 'Pass tensors of the dimensions to trace for',
    });
  const { input_dtype, float_inputs } = model as Traceable;
  const asGiven = (name: string, { dtype }: Tensor): boolean =>
    dtype === 'float32' && (input_dtype !== 'int32' || float_inputs?.includes(name) === true);
  return Object.fromEntries(
    Object.entries(named).map(([name, tensor]) => [name, asGiven(name, tensor) ? tensor : toInt32(tensor, name, `dummy input "${name}"`)]),
  );
}

/** The arguments of a forward pass. */
const positional = (names: readonly string[], inputs: Record<string, Tensor>): unknown[] =>
  nested(
    names.map((name) => [name, inputs[name]] as const),
    Object.fromEntries,
  ).map(([, value]) => value);

function recordModel(
  model: AnyModule,
  names: readonly string[],
  inputs: readonly TracedInput[],
  strict = false,
  replay?: Replay,
): Recording {
  const forward = (tensors: Tensor[]): ForwardResult => {
    const byName = Object.fromEntries(inputs.map(({ name }, i) => [name, tensors[i]]));
    const result = model(...positional(names, byName)) as ForwardResult;
    if (strict && !(result instanceof Tensor) && !Array.isArray(result))
      throw new TraceletError('tracing', {
        what: 'the result of forward',
        expected: 'a tensor or a list of them, as strict says',
        got: describe(result),
        cure: 'Answer a list, or leave strict out',
      });
    return result;
  };
  return record(model, inputs, forward, replay);
}

import { platform } from '#platform';
import type { Bounds, Sizes } from './dim.ts';
import type { DType } from './dtype.ts';
import { TraceletError } from './error.ts';
import { withKernels } from './executor.ts';
import { TextDecoder, TextEncoder } from './globals.ts';
import { bestVariant } from './kernels.ts';
import type { AnyModule, Module } from './nn/module.ts';
import { optimise } from './passes/index.ts';
import { packsRows } from './passes/rows.ts';
import type { Variant } from './platform/platform.ts';
import type { TracePool } from './pool/pool.ts';
import type { SourceOptions } from './sources/folder.ts';
import { openSource, type Source } from './sources/source.ts';
import { ones, Tensor } from './tensor.ts';
import { chooseThreads, type ThreadCount } from './threads/choose.ts';
import type { BertTokenizer } from './tokenizer/index.ts';
import { buildInstance } from './trace/build.ts';
import { checkOutputs, checkSameRecording } from './trace/check.ts';
import { constantOf } from './trace/decode.ts';
import { axesOf, type DynamicAxes, inputsAt, symbolicGraph } from './trace/dynamic.ts';
import { CODE, type Entry, encodeTrace, FILES, GOLDEN_IN, GOLDEN_OUT, SMOOTH, TRACE_NAME } from './trace/file.ts';
import { copied, MASK, nameInputs, toInt32 } from './trace/inputs.ts';
import type { Instance } from './trace/instance.ts';
import { type LoadOptions, loadTrace } from './trace/load.ts';
import { type ForwardResult, flattenOutputs, type ModelOutput, type Named } from './trace/outputs.ts';
import { TracedModule, type TracedResult } from './trace/traced.ts';
import { type Recording, record, type TracedInput } from './trace/tracer.ts';

export { TracingCheckError } from './trace/check.ts';

type Inputs = readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** Extra files of a trace, by name. */
export type ExtraFiles = Readonly<Record<string, string | Uint8Array>>;

/** Options of {@link trace}. */
export interface TraceOptions {
  /** Run the trace against the model and record the model twice; true unless given. */
  check_trace?: boolean;
  /** Absolute plus relative difference that the check allows; 1e-5 unless given. */
  check_tolerance?: number;
  /** Merge steps into ops that do several at once; true unless given. */
  fusion?: boolean;
  /**
   * Sizes that calls may choose, with their bounds: `{ batch: [1, 64], sequence: [1, 512] }`. `batch` is the first dimension of the inputs
   * and `sequence` the last; `dynamic_axes` says where others stand. A trace without takes the dummies' sizes alone.
   */
  dynamic?: Bounds;
  /** Where symbols stand, by input and dimension, as in `torch.onnx.export`: `{ x: { 0: 'n' } }`. */
  dynamic_axes?: DynamicAxes;
  /** Compute the tokens that the attention_mask rules out, as PyTorch does, instead of answering zeros for them; false unless given. */
  exact_padding?: boolean;
  /** Travels in the trace, so that it can be called with texts. */
  tokenizer?: BertTokenizer;
  /** The kernels to run on; the fastest that the engine has unless given. */
  kernels?: Variant;
  /** How many threads a call of the trace runs on, one unless given; where several cannot be had, `explain()` says why. */
  threads?: ThreadCount;
  /** Stops between two phases of tracing. */
  signal?: AbortSignal;
}

/** A module that tells how its inputs are called, what they become before `forward`, and which files belong with it. */
interface Traceable {
  input_names?: readonly string[];
  input_dtype?: DType;
  trace_files?: () => Record<string, string>;
}

/**
 * Records what `model` does on `inputs` (by position, or by name) as a program for their dimensions, or for all sizes within
 * the bounds of `dynamic`, as `torch.jit.trace`.
 * Throws `tied`, `tracing`, `value` and {@link TracingCheckError} errors, and those of the model.
 */
export async function trace<Result>(
  // biome-ignore lint/suspicious/noExplicitAny: takes modules whatever their arguments
  model: Module<any[], Result>,
  inputs: Inputs | Tensor,
  options: TraceOptions = {},
): Promise<TracedModule<TracedResult<Result>>> {
  const { check_trace = true, check_tolerance = 1e-5, fusion = true, signal, kernels } = options;
  signal?.throwIfAborted();
  const names = namesOf(model, inputs);
  const dummies = copied(dummyInputs(inputs, names, model));
  const signature = Object.entries(dummies).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const bounds = options.dynamic ?? {};
  const { axes, sizes } = axesOf(signature, bounds, options.dynamic_axes);
  const recordAt = (at: Sizes): Recording => recordModel(model, names, inputsAt(signature, axes, at));
  const recorded = recordAt(sizes);
  const optimised = symbolicGraph(recorded, { sizes, bounds }, recordAt, (graph, rows) =>
    optimise(graph, { fusion, packing: !options.exact_padding, rows }),
  );
  const instance = buildInstance(optimised, recorded.structure, chooseThreads(options.threads, kernels ?? bestVariant()));
  signal?.throwIfAborted();
  const files = textFiles({ ...(model as Traceable).trace_files?.(), ...options.tokenizer?.files() });
  const golden = { inputs: Object.entries(dummies).map(([name, tensor]) => ({ name, tensor })), outputs: [] as Named[] };
  const traced = new TracedModule<TracedResult<Result>>(instance, { files, golden, kernels });
  golden.outputs.push(...instance.run(dummies, { kernels: 'baseline' }));
  signal?.throwIfAborted();
  if (check_trace) {
    checkSameRecording(recorded, recordAt(sizes));
    const whole = packsRows(optimised) ? withoutPadding(dummies) : dummies;
    withKernels(traced.kernels, () => {
      const eager = flattenOutputs(model(...positional(names, whole)) as ForwardResult).tensors;
      checkOutputs(traced, eager, whole, { recorded: recorded.graph, optimised }, check_tolerance);
    });
  }
  await instance.gather(traced);
  return traced;
}

function namesOf(model: AnyModule, inputs: Inputs | Tensor): readonly string[] {
  const { input_names } = model as Traceable;
  if (input_names) return input_names;
  if (inputs instanceof Tensor) return ['input_0'];
  return Array.isArray(inputs) ? inputs.map((_, i) => `input_${i}`) : Object.keys(inputs);
}

/** Inputs by name; whole numbers as int32, and floats as well where the model takes them so. */
function dummyInputs(inputs: Inputs | Tensor, names: readonly string[], model: AnyModule): Record<string, Tensor> {
  const named = nameInputs([inputs], names, model.constructor.name);
  if (Object.keys(named).length === 0)
    throw new TraceletError('value', {
      what: 'jit.trace',
      expected: 'dummy inputs',
      got: 'none',
      cure: 'Pass tensors of the dimensions to trace for',
    });
  const asGiven = ({ dtype }: Tensor): boolean => dtype === 'float32' && (model as Traceable).input_dtype !== 'int32';
  return Object.fromEntries(
    Object.entries(named).map(([name, tensor]) => [name, asGiven(tensor) ? tensor : toInt32(tensor, name, `dummy input "${name}"`)]),
  );
}

const positional = (names: readonly string[], inputs: Record<string, Tensor>): (Tensor | undefined)[] => names.map((name) => inputs[name]);

/** The inputs with an attention_mask that lets all tokens through. */
const withoutPadding = (inputs: Record<string, Tensor>): Record<string, Tensor> => ({
  ...inputs,
  [MASK]: ones(inputs[MASK].shape, { dtype: 'int32' }),
});

function recordModel(model: AnyModule, names: readonly string[], inputs: readonly TracedInput[]): Recording {
  return record(model, inputs, (tensors) => {
    const byName = Object.fromEntries(inputs.map(({ name }, i) => [name, tensors[i]]));
    return model(...positional(names, byName)) as ForwardResult;
  });
}

const textFiles = (files: ExtraFiles): Map<string, Uint8Array> =>
  new Map(
    Object.entries(files).map(([name, content]) => [name, typeof content === 'string' ? new TextEncoder().encode(content) : content]),
  );

/** Options of {@link save} and {@link serialize}. */
export interface SaveOptions {
  /** More files to travel in the trace, beside those it already has. */
  _extra_files?: ExtraFiles;
  signal?: AbortSignal;
}

/** In an order that survives saving and loading. */
const byName = (tensors: readonly Named[]): Named[] => tensors.toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** The bytes of the trace file in pieces; weights are read back from wasm memory one tensor at a time. */
export function serialize(traced: TracedModule<unknown>, options: SaveOptions = {}): Promise<Iterable<Uint8Array>> {
  const { program, weights } = traced.instance;
  const { code, ...rest } = program;
  const held = (name: string, tensor: Tensor): Entry => ({ name, dtype: tensor.dtype, shape: tensor.shape, read: () => tensor });
  const files = new Map([...traced.files, ...textFiles(options._extra_files ?? {})]);
  const entries: Entry[] = [
    held(CODE, new Tensor('int32', [code.length], code)),
    ...byName(traced.golden.inputs).map(({ name, tensor }) => held(GOLDEN_IN + name, tensor)),
    ...byName(traced.golden.outputs).map(({ name, tensor }) => held(GOLDEN_OUT + name, tensor)),
    ...byName([...files].map(([name, bytes]) => ({ name, tensor: new Tensor('uint8', [bytes.length], bytes) }))).map(({ name, tensor }) =>
      held(FILES + name, tensor),
    ),
    ...weights.stored(),
    ...companions(traced.instance).map(({ name, tensor }) => held(name, tensor)),
  ];
  return encodeTrace(entries, JSON.stringify(rest), options);
}

/** `smooth` belongs to every weight of a product of several, so that each can be read on its own. */
function companions({ program, weights, decoded }: Instance): Named[] {
  const partsOf = (value: number): string[] => {
    const constant = constantOf(program.values, value);
    return constant === undefined ? [] : program.constants[constant].parts;
  };
  return decoded.instructions.flatMap(({ operands: { weight, smooth } }) => {
    if (typeof weight !== 'number' || typeof smooth !== 'number') return [];
    const [name] = partsOf(smooth);
    const { tensor } = weights.part(name);
    return partsOf(weight)
      .map((part) => ({ name: part + SMOOTH, tensor }))
      .filter((entry) => entry.name !== name);
  });
}

/** Writes the trace to a file, whole or not at all. As `torch.jit.save`. */
export async function save(traced: TracedModule<unknown>, path: string, options: SaveOptions = {}): Promise<void> {
  await platform.write(path, await serialize(traced, options), options);
}

/** Options of {@link load}. */
export interface JitLoadOptions extends LoadOptions, SourceOptions {
  /** Filled with the extra files whose names it has, as text. */
  _extra_files?: Record<string, string>;
}

/** Options that make {@link load} answer a {@link TracePool}. */
export type WithWorkers = { worker: true } | { workers: ThreadCount };

/**
 * Reads a trace: a file, a URL, bytes, a response or a stream, or the model.tracelet of a directory, an address that ends in a slash, or a
 * hub id. As `torch.jit.load`. With `worker` or `workers`, a {@link TracePool}. A damaged trace never loads.
 */
export function load<Result = ModelOutput>(source: Source, options: JitLoadOptions & WithWorkers): Promise<TracePool<Result>>;
export function load<Result = ModelOutput>(source: Source, options?: JitLoadOptions): Promise<TracedModule<Result>>;
export async function load<Result = ModelOutput>(source: Source, options: JitLoadOptions = {}): Promise<TracedModule<Result>> {
  const bytes = await openSource(source, TRACE_NAME, options);
  try {
    const traced = await loadTrace<Result>(bytes, options);
    const wanted = options._extra_files ?? {};
    for (const name of Object.keys(wanted)) {
      const content = traced.files.get(name);
      if (!content) {
        traced.dispose();
        throw new TraceletError('value', {
          what: `extra file "${name}"`,
          expected: `one of ${[...traced.files.keys()].join(', ')}`,
          got: 'no such file',
        });
      }
      wanted[name] = new TextDecoder().decode(content);
    }
    return traced;
  } finally {
    await bytes.close();
  }
}

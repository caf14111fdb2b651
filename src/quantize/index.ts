import { TraceletError } from '../base/error.ts';
import { TextEncoder } from '../base/globals.ts';
import { checkOptions, FUNCTION, type OptionTable, SIGNAL } from '../base/options.ts';
import { kind, oneOf } from '../base/schema.ts';
import { Slice } from '../base/slices.ts';
import { type Constant, type Graph, makeNode, rewrite, type Value, verifyGraph } from '../graph/graph.ts';
import { compile, type Method } from '../jit/compile.ts';
import type { ModelOutput } from '../nn/outputs.ts';
import { widenWeights } from '../passes/narrow.ts';
import { liftGraph } from '../program/lift.ts';
import { isTraced, proveTraced, type TracedModule } from '../traced/traced.ts';
import { type Answer, answer, cosines, type InputStatistics, observe, type Sample } from './calibrate.ts';
import { relativeError } from './error.ts';
import { sumsOf } from './round.ts';
import {
  type Bits,
  constantsOf,
  type Quantised,
  quantiseWeight,
  sharedTables,
  valuesOf,
  type WeightUse,
  weightLike,
  weightUsesOf,
} from './weights.ts';

export type { Sample } from './calibrate.ts';
export type { Bits } from './weights.ts';

/** Options of {@link quantize}. */
export interface QuantizeOptions {
  /** Bits a weight: 8 unless given, or 4 in groups of 32. */
  bits?: Bits;
  /** Texts or inputs to calibrate with: a few dozen that look like what the trace will be given. */
  calibrate?: readonly Sample[];
  /** Says which weights stay float32, by name. */
  keep?: (name: string) => boolean;
  /** A quantised trace of the same model, whose weights are taken as they are. */
  like?: TracedModule<unknown>;
  /** Stops between two weights, or two instructions of a sample. */
  signal?: AbortSignal;
  /** Told how far the work has come. */
  progress?: (state: { phase: 'calibrating' | 'rounding' | 'comparing'; done: number; total: number }) => void;
}

const QUANTIZE_OPTIONS: OptionTable<QuantizeOptions> = {
  bits: oneOf([8, 4]),
  calibrate: kind('a list of texts or inputs', Array.isArray),
  keep: FUNCTION,
  like: kind('a quantised trace of the same model', isTraced),
  signal: SIGNAL,
  progress: FUNCTION,
};

/** What became of one weight. */
export interface QuantizedLayer {
  /** Of the weight, or of the first of those that are multiplied as one. */
  name: string;
  op: 'linear' | 'embedding';
  shape: readonly number[];
  /** 32 where it stayed float. */
  bits: Bits | 32;
  /**
   * Root mean square error as a share of the root mean square: of the products with what was seen while calibrating, or, for lookups
   * and without calibration, of the weight.
   */
  error: number;
}

/** What quantising did to a trace. */
export interface QuantizeReport {
  bits: Bits;
  /** How many samples it was calibrated with. */
  samples: number;
  layers: QuantizedLayer[];
  /** Cosine of each output to that of the float trace, over the samples; none without calibration. */
  outputs: { name: string; mean: number; worst: number }[];
}

/** The extra file that says what was done. */
export const REPORT_FILE = 'quantization.json';

/**
 * A trace of the same model that multiplies and looks up in integers: weights of 8 or 4 bits with a scale a row, activations rounded
 * to 128 steps on the way. It gives the same bits in every runtime and on all kernels. Its report travels as `quantization.json`.
 *
 * Throws `value` errors for a trace that is quantised already or has nothing to quantise, and for weights that are not finite.
 */
export async function quantize<Result = ModelOutput>(
  traced: TracedModule<Result>,
  options: QuantizeOptions = {},
): Promise<{ traced: TracedModule<Result>; report: QuantizeReport }> {
  proveTraced('quantize', traced);
  const checked = checkOptions('quantize', options, QUANTIZE_OPTIONS);
  const whole = await roundMethod(traced, checked);
  const methods = new Map<string, Method>();
  for (const [name, method] of traced.methods) methods.set(name, (await roundMethod(method, { ...checked, calibrate: [] }, whole)).method);
  const { bits = 8, calibrate: samples = [], like, signal } = checked;
  const files = new Map(traced.files);
  const { graph, inputs, structure } = whole.method;
  const result = await compile<Result>(graph, inputs, { structure, files, methods, kernels: traced.kernels });
  const step = stepper(checked);
  const after = [];
  for (const [done, sample] of samples.entries()) {
    await step('comparing', done, samples.length);
    after.push(await answer(result, sample, signal));
  }
  const report: QuantizeReport = { bits, samples: samples.length, layers: whole.layers, outputs: cosines(whole.answers, after) };
  files.set(REPORT_FILE, like?.files.get(REPORT_FILE) ?? new TextEncoder().encode(JSON.stringify(report)));
  return { traced: result, report };
}

/** A method in integers, what became of its weights, and its answers to the samples before. */
interface RoundedMethod {
  method: Method;
  layers: QuantizedLayer[];
  answers: Answer[];
  /** What its weights were, and are now, by the name of their first tensor. */
  uses: ReadonlyMap<string, WeightUse>;
  quantised: ReadonlyMap<string, Quantised>;
}

/** Rounds the weights of a method. Those that `forward` has too are as they are there; a method beside it may have none. */
async function roundMethod(traced: TracedModule<unknown>, options: QuantizeOptions, forward?: RoundedMethod): Promise<RoundedMethod> {
  const { bits = 8, calibrate: samples = [], like, keep, signal } = options;
  const { program, proved, constants } = traced.instance;
  const graph = widenWeights(liftGraph(program, proved, (name) => constants.part(name)));
  const uses = weightUsesOf(graph);
  refuse(graph, uses, forward !== undefined);
  const step = stepper(options);
  const readers = new Map(
    [...uses.values()].filter(({ op }) => op === 'linear').flatMap(({ name, nodes }) => nodes.map((at) => [at, name])),
  );
  const between = (done: number) => step('calibrating', done, samples.length);
  const { seen, answers } = await observe(traced, samples, { weights: readers, between, signal });
  const quantised = new Map<string, Quantised>();
  const layers: QuantizedLayer[] = [];
  const shared = sharedTables(uses);
  for (const [name, use] of uses) {
    await step('rounding', layers.length, uses.size);
    const values = valuesOf(use.constant);
    const make = () => makeWeight(use, values, bits, { like, seen: seen.get(name), shared: shared.has(name) });
    const made = keep?.(name) ? undefined : (asBefore(use, forward) ?? make());
    if (made) quantised.set(name, made);
    const error = made ? relativeError(values, use.constant.shape[1], made, seen.get(name)) : 0;
    layers.push({ name, op: use.op, shape: use.constant.shape, bits: made?.bits ?? 32, error });
  }
  const inputs = Object.fromEntries(traced.golden.inputs.map(({ name, tensor }) => [name, tensor]));
  const { structure } = program;
  return { method: { graph: integerGraph(graph, uses, quantised), inputs, structure }, layers, answers, uses, quantised };
}

/** A weight as `forward` has it, where it is multiplied there as one with the same others. */
function asBefore({ name, constant }: WeightUse, forward: RoundedMethod | undefined): Quantised | undefined {
  const namesOf = (parts: Constant['parts'] = []): string => parts.map((part) => part.name).join();
  const alike = namesOf(forward?.uses.get(name)?.constant.parts) === namesOf(constant.parts);
  return alike ? forward?.quantised.get(name) : undefined;
}

function refuse({ nodes }: Graph, uses: ReadonlyMap<string, WeightUse>, mayHaveNone: boolean): void {
  const integer = nodes.find(({ call }) => call.row.exact);
  if (integer)
    throw new TraceletError('value', {
      what: 'quantize',
      expected: 'a trace with float32 weights',
      got: `one that is quantised (${integer.op} of ${integer.path || 'the model'})`,
      cure: 'Quantise the trace that it was made from',
    });
  if (uses.size === 0 && !mayHaveNone)
    throw new TraceletError('value', { what: 'quantize', expected: 'a trace with linear layers or large embeddings', got: 'none of them' });
}

type Phase = Parameters<NonNullable<QuantizeOptions['progress']>>[0]['phase'];

/** How long quantising goes on before it lets other work through. */
const STEP_MS = 50;

/** Lets other work through, stops when told to, and says how far things are. */
function stepper({ signal, progress }: QuantizeOptions): (phase: Phase, done: number, total: number) => Promise<void> {
  const slice = new Slice(signal, STEP_MS);
  return async (phase, done, total) => {
    signal?.throwIfAborted();
    progress?.({ phase, done, total });
    if (slice.over) await slice.next();
    signal?.throwIfAborted();
  };
}

interface WeightOptions {
  like: TracedModule<unknown> | undefined;
  seen: InputStatistics | undefined;
  shared: boolean;
}

const makeWeight = (use: WeightUse, values: Float32Array, bits: Bits, { like, seen, shared }: WeightOptions): Quantised | undefined =>
  like ? weightLike(use, like) : quantiseWeight(use, values, bits, seen, shared);

/** The graph with integer ops in place of float ones. */
function integerGraph(graph: Graph, uses: ReadonlyMap<string, WeightUse>, quantised: ReadonlyMap<string, Quantised>): Graph {
  const constants = new Map(
    [...quantised].map(([name, weight]) => {
      const use = uses.get(name) as WeightUse;
      return [use.constant as Value, { ...constantsOf(use, weight, sumsOf(weight, use.constant.shape[1])), bits: weight.bits }];
    }),
  );
  const integers = rewrite(graph, (node) => {
    const { op, operands, attrs } = node;
    const made = constants.get((operands.weight ?? operands.table) as Value);
    if (!made) return node;
    const { weight, steps, scale, sums, smooth, bits } = made;
    const nibbles = steps ? { steps } : {};
    if (op === 'embedding') return makeNode(`embedding_i${bits}`, { ids: operands.ids, table: weight, ...nibbles, scale }, {}, node);
    const product = makeNode(`linear_i${bits}`, { x: operands.x, weight, ...nibbles, scale, sums, smooth, bias: operands.bias }, {}, node);
    return attrs.activation === 'none' ? product : makeNode(attrs.activation as string, { x: product }, {}, node);
  });
  verifyGraph(integers);
  return integers;
}

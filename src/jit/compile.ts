import { sliced, whole } from '../base/slices.ts';
import type { Graph } from '../graph/graph.ts';
import { bestVariant } from '../kernels/binaries.ts';
import { withKernels } from '../nn/executor.ts';
import { optimise, type Passes } from '../passes/index.ts';
import { narrowWeights } from '../passes/narrow.ts';
import type { Variant } from '../platform/platform.ts';
import { encode } from '../program/encode.ts';
import type { Program } from '../program/program.ts';
import { prove } from '../program/prove.ts';
import { ConstantsBuilder } from '../runtime/constants.ts';
import { Instance } from '../runtime/instance.ts';
import { ONE_THREAD, type ThreadChoice } from '../runtime/threads/choose.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { LocalRunner } from '../traced/runner.ts';
import { TracedModule } from '../traced/traced.ts';
import { checkAnswers, type Expectation } from './check.ts';
import { type ChosenSizes, symbolicGraph } from './dynamic.ts';

export interface CompileOptions {
  /** Whether a call answers with one tensor or with a tuple. */
  structure: Program['structure'];
  /** Extra files that travel in the trace, by name. */
  files: Map<string, Uint8Array>;
  /** Which passes run; none for a graph that has been through them. */
  passes?: Omit<Passes, 'tokens'>;
  /** Only those of the dummy inputs, unless given. */
  dynamic?: ChosenSizes;
  /** What the trace is compared with, if with anything. */
  expected?: Expectation;
  /** The kernels to run on; the fastest that the engine has unless given. */
  kernels?: Variant;
  threads?: ThreadChoice;
  /** Stops between two phases. */
  signal?: AbortSignal;
}

/**
 * A graph as a trace, whose dummy inputs are `inputs`: optimised, encoded, proved, with its constants in a memory of its own and the outputs that
 * the baseline kernels give. Throws `tracing` errors for a graph that is another at other sizes, and a TracingCheckError where answers are not as
 * expected.
 */
export async function compile<Result>(
  graph: Graph,
  inputs: Record<string, Tensor>,
  options: CompileOptions,
): Promise<TracedModule<Result>> {
  const { structure, files, expected, kernels, threads = ONE_THREAD, signal } = options;
  const optimised = narrowWeights(await optimisedGraph(graph, options));
  const instance = instanceOf(optimised, structure, threads.threads > 1);
  signal?.throwIfAborted();
  const named = Object.entries(inputs).map(([name, tensor]) => ({ name, tensor }));
  const golden = { inputs: named, outputs: instance.run(inputs, { kernels: 'baseline' }) };
  const traced = new TracedModule<Result>(new LocalRunner(instance, { kernels }), { files, golden });
  signal?.throwIfAborted();
  if (expected) withKernels(traced.kernels, () => checkAnswers(traced, expected, inputs, { recorded: graph, optimised }));
  await instance.startThreads(threads, traced, signal);
  return traced;
}

async function optimisedGraph(
  graph: Graph,
  { passes, dynamic = { sizes: {}, bounds: {}, graphAt: () => graph }, signal }: CompileOptions,
): Promise<Graph> {
  if (!passes) return graph;
  const improve = (one: Graph, tokens?: number): Graph => optimise(one, { ...passes, tokens, sharing: false });
  const graphs = symbolicGraph(graph, dynamic, improve);
  return signal ? sliced(graphs, signal) : whole(graphs);
}

/** A graph as a program in a memory of its own, which threads share if `shared`. */
function instanceOf(graph: Graph, structure: Program['structure'], shared: boolean): Instance {
  const { program, constants } = encode(graph, structure);
  const proved = prove(program);
  const rows = new Map(constants.flatMap(({ parts }) => parts).map(({ name, tensor }) => [name, tensor.shape[0]]));
  const builder = new ConstantsBuilder(program, (name) => rows.get(name) ?? 0, shared);
  builder.fill(constants);
  return new Instance(program, proved, whole(builder.settle(bestVariant())));
}

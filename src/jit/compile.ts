import { sliced, whole } from '../base/slices.ts';
import { FORWARD } from '../formats/trace.ts';
import type { Graph } from '../graph/graph.ts';
import { bestVariant } from '../kernels/binaries.ts';
import { withKernels } from '../nn/executor.ts';
import { optimise, type Passes } from '../passes/index.ts';
import { narrowWeights } from '../passes/narrow.ts';
import type { Variant } from '../platform/platform.ts';
import { type Encoded, encode } from '../program/encode.ts';
import { joined } from '../program/methods.ts';
import type { Program } from '../program/program.ts';
import { prove } from '../program/prove.ts';
import { ConstantsBuilder } from '../runtime/constants.ts';
import type { Instance } from '../runtime/instance.ts';
import { instancesOf } from '../runtime/instances.ts';
import { ONE_THREAD, type ThreadChoice } from '../runtime/threads/choose.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Contents } from '../traced/contents.ts';
import { type LocalRunner, localRunners } from '../traced/runner.ts';
import { TracedModule } from '../traced/traced.ts';
import { checkAnswers, type Expectation } from './check.ts';
import { type ChosenSizes, symbolicGraph } from './dynamic.ts';

/** How the graph of one method is compiled. */
export interface MethodOptions {
  /** Whether a call answers with one tensor or with a tuple. */
  structure: Program['structure'];
  /** Which passes run; none for a graph that has been through them. */
  passes?: Omit<Passes, 'tokens'>;
  /** Only those of the dummy inputs, unless given. */
  dynamic?: ChosenSizes;
  /** What the trace is compared with, if with anything. */
  expected?: Expectation;
}

/** A method that is compiled together with others. */
export interface Method extends MethodOptions {
  graph: Graph;
  /** Dummy inputs by name. */
  inputs: Record<string, Tensor>;
}

export interface CompileOptions extends MethodOptions {
  /** Extra files that travel in the trace, by name. */
  files: Map<string, Uint8Array>;
  /** Other methods of the same model by name. */
  methods?: ReadonlyMap<string, Method>;
  /** The kernels to run on; the fastest that the engine has unless given. */
  kernels?: Variant;
  threads?: ThreadChoice;
  /** Stops between two phases. */
  signal?: AbortSignal;
}

/**
 * A graph as a trace, whose dummy inputs are `inputs`: optimised, encoded, proved, with its constants, and those of other methods, in a memory of
 * its own and the outputs that the baseline kernels give. Throws `tracing` errors for a graph that is another at other sizes, and a
 * TracingCheckError where answers are not as expected.
 */
export async function compile<Result>(
  graph: Graph,
  inputs: Record<string, Tensor>,
  { files, kernels, threads = ONE_THREAD, signal, methods = new Map(), ...how }: CompileOptions,
): Promise<TracedModule<Result>> {
  const all = new Map<string, Method>([[FORWARD, { graph, inputs, ...how }], ...methods]);
  const optimised = new Map<string, Graph>();
  for (const [name, method] of all) optimised.set(name, narrowWeights(await optimisedGraph(method, signal)));
  const [instance, ...beside] = instancesIn(all, optimised, threads.threads > 1);
  signal?.throwIfAborted();
  const [local, ...others] = localRunners([instance, ...beside], { kernels });
  const names = [...methods.keys()];
  const contentsOf = (name: string, { instance: its }: LocalRunner) => ({ files, golden: goldenOf(its, (all.get(name) as Method).inputs) });
  const made = others.map((runner, i) => [names[i], new TracedModule<unknown>(runner, contentsOf(names[i], runner))] as const);
  const traced = new TracedModule<Result>(local, { ...contentsOf(FORWARD, local), methods: new Map(made) });
  signal?.throwIfAborted();
  for (const [name, each] of [[FORWARD, traced] as const, ...made]) {
    const { graph: recorded, inputs: dummies, expected } = all.get(name) as Method;
    const graphs = { recorded, optimised: optimised.get(name) as Graph };
    if (expected) withKernels(traced.kernels, () => checkAnswers(each, expected, dummies, graphs));
  }
  await instance.startThreads(threads, traced, signal, beside);
  return traced;
}

/** The dummy inputs, and what the baseline kernels answer on them. */
const goldenOf = (instance: Instance, inputs: Record<string, Tensor>): Contents['golden'] => ({
  inputs: Object.entries(inputs).map(([name, tensor]) => ({ name, tensor })),
  outputs: instance.run(inputs, { kernels: 'baseline' }),
});

async function optimisedGraph(
  { graph, passes, dynamic = { sizes: {}, bounds: {}, graphAt: () => graph } }: Method,
  signal: AbortSignal | undefined,
): Promise<Graph> {
  if (!passes) return graph;
  const improve = (one: Graph, tokens?: number): Graph => optimise(one, { ...passes, tokens, sharing: false });
  const graphs = symbolicGraph(graph, dynamic, improve);
  return signal ? sliced(graphs, signal) : whole(graphs);
}

/** The graphs of methods as programs in a memory of theirs, which threads share if `shared`. */
function instancesIn(methods: ReadonlyMap<string, Method>, graphs: ReadonlyMap<string, Graph>, shared: boolean): Instance[] {
  const encoded = [...methods].map(([name, { structure }]) => [name, encode(graphs.get(name) as Graph, structure)] as const);
  const { programs, constants } = togetherOf(encoded);
  const proved = programs.map((program) => prove(program));
  const rows = new Map(constants.flatMap(({ parts }) => parts).map(({ name, tensor }) => [name, tensor.shape[0]]));
  const builder = new ConstantsBuilder(programs, (name) => rows.get(name) ?? 0, shared);
  builder.fill(constants);
  return instancesOf(programs, proved, whole(builder.settle(bestVariant())));
}

/** Programs on one list of constants. */
function togetherOf(encoded: readonly (readonly [string, Encoded])[]): { programs: Program[]; constants: Encoded['constants'] } {
  const [[, { program, constants }], ...others] = encoded;
  if (others.length === 0) return { programs: [program], constants };
  const all = joined(new Map(encoded));
  return { programs: [...all.programs.values()], constants: all.constants };
}

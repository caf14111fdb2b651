import { TraceletError } from '../base/error.ts';
import { quoteList } from '../base/json.ts';
import { ANY, type OptionTable, SIGNAL } from '../base/options.ts';
import { FLAG } from '../base/schema.ts';
import { sliced, whole } from '../base/slices.ts';
import { bytesOfTensor, expectEnd, type TensorInfo } from '../formats/safetensors.ts';
import { CODE, checkHash, FILES, GOLDEN_IN, GOLDEN_OUT, readTraceHeader, type TraceHeader, tensorFor } from '../formats/trace.ts';
import { readTensors } from '../formats/walker.ts';
import { bestVariant, VARIANT } from '../kernels/binaries.ts';
import { INTEGER_FORM, type IntegerForm } from '../kernels/integers.ts';
import { opsFor } from '../kernels/sets.ts';
import type { Named } from '../nn/outputs.ts';
import type { ByteSource, Variant } from '../platform/platform.ts';
import { readProgram } from '../program/json.ts';
import type { Port, Program } from '../program/program.ts';
import { proving } from '../program/prove.ts';
import { ConstantsBuilder } from '../runtime/constants.ts';
import { Instance } from '../runtime/instance.ts';
import { chooseThreads, type ThreadCount } from '../runtime/threads/choose.ts';
import { sameShape, sizeOf, type Tensor } from '../tensor/tensor.ts';
import { filesIn } from '../tokenizer/files.ts';
import { partsFor } from '../tokenizer/parts.ts';
import { chooseWorkers } from '../traced/pool/choose.ts';
import { LocalRunner } from '../traced/runner.ts';
import { TracedModule } from '../traced/traced.ts';

/** Options of loading a trace. */
export interface LoadOptions {
  /** Stops the loading; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** The kernels to run on; the fastest that the engine has unless given. */
  kernels?: Variant;
  /** How quantised programs multiply integers; the fastest way that the kernels have here unless given. */
  integers?: IntegerForm;
  /** How many threads a call runs on, one unless given; where several cannot be had, `explain()` says why. All numbers give the same bits. */
  threads?: ThreadCount;
  /** Runs calls in a worker, so that this thread stays free: the trace is called by `run` and `embed` alone. The same as `workers: 1`. */
  worker?: boolean;
  /** How many workers answer calls, each a call at a time; 'auto' is as many as the machine has threads, 8 at most. */
  workers?: ThreadCount;
}

/** What each option of loading a trace may be. */
export const TRACE_LOAD_OPTIONS: OptionTable<LoadOptions> = {
  signal: SIGNAL,
  kernels: VARIANT,
  integers: INTEGER_FORM,
  threads: ANY,
  worker: FLAG,
  workers: ANY,
};

/** Reads a trace from its first byte to its last, weights straight to their place in wasm memory. */
export async function loadTrace<Result>(source: ByteSource, options: LoadOptions = {}): Promise<TracedModule<Result>> {
  const { kernels = bestVariant(), signal } = options;
  const workers = options.worker || options.workers !== undefined ? await chooseWorkers(options, kernels) : undefined;
  const pools = workers && (await import('#pool'));
  const head = await readTraceHeader(source, options);
  const program = readProgram(head.program, tensorFor(codeOf(head, source.name)).data as Int32Array, head.version);
  await opsFor(program.ops);
  const parts = checkParts(program, head, source.name);
  const threads = chooseThreads(options.threads, kernels);
  const shared = workers?.shared ?? false;
  const builder = new ConstantsBuilder(program, (name) => head.find(name)?.shape[0] ?? 0, shared || threads.threads > 1);
  const host = await readPlaced(source, head, { program, builder, parts }, options);
  await expectEnd(source, head.header);
  const work = <T>(steps: Generator<void, T>) => (pools || signal ? sliced(steps, signal) : whole(steps));
  const proved = await work(proving(program));
  const constants = await work(builder.settle(kernels));
  signal?.throwIfAborted();
  const instance = new Instance(program, proved, constants, { shared });
  const contents = contentsOf(host);
  await partsFor(filesIn(contents.files));
  checkGolden(contents.golden.inputs, program.inputs, program, `${source.name}: ${GOLDEN_IN}`);
  checkGolden(contents.golden.outputs, program.outputs, program, `${source.name}: ${GOLDEN_OUT}`);
  const local = new LocalRunner(instance, { kernels: options.kernels, integers: options.integers });
  await instance.startThreads(threads, local.target, signal);
  const runner = pools && workers ? await pools.startPool(local, workers, signal) : local;
  const traced = new TracedModule<Result>(runner, contents);
  if (signal?.aborted) traced.dispose();
  signal?.throwIfAborted();
  return traced;
}

function checkGolden(golden: readonly Named[], ports: readonly Port[], { values }: Program, what: string): void {
  const others = new Map(golden.map(({ name, tensor }) => [name, tensor]));
  for (const { name, value } of ports) {
    const tensor = others.get(name);
    others.delete(name);
    const { dtype, shape } = values[value];
    if (tensor?.dtype !== dtype || !sameShape(tensor.shape, shape)) throw partError(what, name, `${dtype} [${shape}]`, tensor);
  }
  for (const extra of others.keys())
    throw new TraceletError('format', { what: `${what}${extra}`, expected: `one of ${quoteList(ports.map(({ name }) => name))}` });
}

function codeOf({ find }: TraceHeader, name: string): TensorInfo {
  const info = find(CODE);
  if (info?.dtype !== 'int32' || info.shape.length !== 1)
    throw new TraceletError('format', {
      what: `${name}: ${CODE}`,
      expected: 'an int32 list',
      got: info ? `${info.dtype} [${info.shape}]` : 'nothing',
    });
  return info;
}

/** Reads every tensor to its place and checks its hash; answers with those that stay in host memory. */
async function readPlaced(
  source: ByteSource,
  head: TraceHeader,
  { program, builder, parts }: { program: Program; builder: ConstantsBuilder; parts: ReadonlySet<string> },
  options: LoadOptions,
): Promise<Map<string, Tensor>> {
  const { header, aliases, hashes } = head;
  const host = new Map<string, Tensor>();
  const placesOf = (info: TensorInfo): Uint8Array[] => {
    const names = [info.name, ...(aliases.get(info.name) ?? [])];
    const places = names.flatMap((name) => builder.targets(name));
    if (names.includes(CODE)) places.push(new Uint8Array(program.code.buffer));
    const others = names.filter((name) => name !== CODE && !parts.has(name));
    if (others.length === 0) return places;
    const tensor = tensorFor(info);
    for (const name of others) host.set(name, tensor);
    return [...places, bytesOfTensor(tensor)];
  };
  const copies = new Map<TensorInfo, Uint8Array[]>();
  const placeOf = (info: TensorInfo): Uint8Array => {
    const [first, ...others] = placesOf(info);
    copies.set(info, others);
    return first;
  };
  const done = (info: TensorInfo, bytes: Uint8Array): Promise<void> => {
    for (const copy of copies.get(info) ?? []) copy.set(bytes);
    return checkHash(bytes, info.name, hashes);
  };
  await readTensors(source, header.tensors, placeOf, { signal: options.signal, done });
  return host;
}

/** Names of the tensors that constants are made of, each proved to be in the file with the elements that its constant needs. */
function checkParts(program: Program, { find }: TraceHeader, file: string): Set<string> {
  const names = new Set<string>();
  for (const { dtype, shape, parts } of program.constants)
    for (const name of parts) {
      const info = find(name);
      const fits = parts.length > 1 ? info?.shape.slice(1).join() === shape.slice(1).join() : info && sizeOf(info.shape) === sizeOf(shape);
      if (!fits || info?.dtype !== dtype) throw partError(file, name, `${dtype} [${shape}]`, info);
      names.add(name);
    }
  return names;
}

const partError = (file: string, name: string, expected: string, info: Pick<TensorInfo, 'dtype' | 'shape'> | undefined): TraceletError =>
  new TraceletError('format', { what: `${file}: ${name}`, expected, got: info ? `${info.dtype} [${info.shape}]` : 'no such tensor' });

function contentsOf(host: ReadonlyMap<string, Tensor>): { files: Map<string, Uint8Array>; golden: { inputs: Named[]; outputs: Named[] } } {
  const under = (prefix: string): Named[] =>
    [...host].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => ({ name: name.slice(prefix.length), tensor }));
  const files = new Map(under(FILES).map(({ name, tensor }) => [name, bytesOfTensor(tensor)]));
  return { files, golden: { inputs: under(GOLDEN_IN), outputs: under(GOLDEN_OUT) } };
}

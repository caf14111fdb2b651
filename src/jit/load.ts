import { startPool } from '#pool';
import { TraceletError } from '../base/error.ts';
import { quoteList } from '../base/json.ts';
import { ANY, type OptionTable, SIGNAL } from '../base/options.ts';
import { FLAG } from '../base/schema.ts';
import { sliced, whole } from '../base/slices.ts';
import { bytesOfTensor, expectEnd, type TensorInfo } from '../formats/safetensors.ts';
import { checkHash, FILES, FORWARD, readTraceHeader, type TraceHeader, tensorFor, tensorNames } from '../formats/trace.ts';
import { readTensors } from '../formats/walker.ts';
import { bestVariant, VARIANT } from '../kernels/binaries.ts';
import { INTEGER_FORM, type IntegerForm } from '../kernels/integers.ts';
import { opsFor } from '../kernels/sets.ts';
import type { Named } from '../nn/outputs.ts';
import type { ByteSource, Variant } from '../platform/platform.ts';
import { readProgram } from '../program/json.ts';
import type { Port, Program } from '../program/program.ts';
import { type ProvedProgram, proving } from '../program/prove.ts';
import { ConstantsBuilder } from '../runtime/constants.ts';
import { instancesOf } from '../runtime/instances.ts';
import { chooseThreads, type ThreadCount } from '../runtime/threads/choose.ts';
import { sameShape, sizeOf, type Tensor } from '../tensor/tensor.ts';
import { filesIn } from '../tokenizer/files.ts';
import { partsFor } from '../tokenizer/parts.ts';
import { chooseWorkers } from '../traced/pool/choose.ts';
import { type LocalRunner, localRunners, type Runner } from '../traced/runner.ts';
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
  const head = await readTraceHeader(source, options);
  const codes = new Map<TensorInfo, Int32Array>();
  const codeFor = (method: string): Int32Array => {
    const info = codeOf(head, source.name, method);
    const code = codes.get(info) ?? (tensorFor(info).data as Int32Array);
    codes.set(info, code);
    return code;
  };
  const { program, methods } = readProgram(head.program, codeFor, head.version);
  const programs = new Map([[FORWARD, program], ...methods]);
  const all = [...programs.values()];
  await opsFor(all.flatMap(({ ops }) => ops));
  const parts = checkParts(program, head, source.name);
  const threads = chooseThreads(options.threads, kernels);
  const shared = workers?.shared ?? false;
  const rowsOf = (name: string): number => head.find(name)?.shape[0] ?? 0;
  const builder = new ConstantsBuilder(all, rowsOf, shared || threads.threads > 1);
  const host = await readPlaced(source, head, { programs, builder, parts }, options);
  await expectEnd(source, head.header);
  const work = <T>(steps: Generator<void, T>) => (workers || signal ? sliced(steps, signal) : whole(steps));
  const proved: ProvedProgram[] = [];
  for (const each of all) proved.push(await work(proving(each)));
  const constants = await work(builder.settle(kernels));
  signal?.throwIfAborted();
  const [instance, ...beside] = instancesOf(all, proved, constants, { shared });
  const files = filesOf(host);
  await partsFor(filesIn(files));
  const goldens = [...programs].map(([name, each]) => goldenOf(host, each, name, source.name));
  const [local, ...others] = localRunners([instance, ...beside], { kernels: options.kernels, integers: options.integers });
  await instance.startThreads(threads, local.target, signal, beside);
  const locals = new Map([...methods.keys()].map((name, i) => [name, others[i]]));
  const pool = workers ? await startPool(local, workers, { signal, methods: locals }) : undefined;
  const runnerOf = (name: string, runner: LocalRunner): Runner => pool?.method(name, runner) ?? runner;
  const [golden, ...rest] = goldens;
  const made = [...locals].map(
    ([name, runner], i) => [name, new TracedModule<unknown>(runnerOf(name, runner), { files, golden: rest[i] })] as const,
  );
  const traced = new TracedModule<Result>(pool ?? local, { files, golden, methods: new Map(made) });
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

function codeOf({ find }: TraceHeader, name: string, method: string): TensorInfo {
  const { code } = tensorNames(method);
  const info = find(code);
  if (info?.dtype !== 'int32' || info.shape.length !== 1)
    throw new TraceletError('format', {
      what: `${name}: ${code}`,
      expected: 'an int32 list',
      got: info ? `${info.dtype} [${info.shape}]` : 'nothing',
    });
  return info;
}

/** Reads every tensor to its place and checks its hash; answers with those that stay in host memory. */
async function readPlaced(
  source: ByteSource,
  head: TraceHeader,
  { programs, builder, parts }: { programs: ReadonlyMap<string, Program>; builder: ConstantsBuilder; parts: ReadonlySet<string> },
  options: LoadOptions,
): Promise<Map<string, Tensor>> {
  const { header, aliases, hashes } = head;
  const host = new Map<string, Tensor>();
  const codes = new Map([...programs].map(([method, { code }]) => [tensorNames(method).code, code]));
  const placesOf = (info: TensorInfo): Uint8Array[] => {
    const names = [info.name, ...(aliases.get(info.name) ?? [])];
    const places = names.flatMap((name) => builder.targets(name));
    for (const code of new Set(names.flatMap((name) => codes.get(name) ?? []))) places.push(new Uint8Array(code.buffer));
    const others = names.filter((name) => !codes.has(name) && !parts.has(name));
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

const under = (host: ReadonlyMap<string, Tensor>, prefix: string): Named[] =>
  [...host].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => ({ name: name.slice(prefix.length), tensor }));

const filesOf = (host: ReadonlyMap<string, Tensor>): Map<string, Uint8Array> =>
  new Map(under(host, FILES).map(({ name, tensor }) => [name, bytesOfTensor(tensor)]));

/** The dummy inputs of a method and what it answers on them, proved to fit its program. */
function goldenOf(host: ReadonlyMap<string, Tensor>, program: Program, method: string, file: string) {
  const { goldenIn, goldenOut } = tensorNames(method);
  const golden = { inputs: under(host, goldenIn), outputs: under(host, goldenOut) };
  checkGolden(golden.inputs, program.inputs, program, `${file}: ${goldenIn}`);
  checkGolden(golden.outputs, program.outputs, program, `${file}: ${goldenOut}`);
  return golden;
}

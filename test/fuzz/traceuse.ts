import { TraceletError } from '../../src/base/error.ts';
import { jit, Tensor, type TracedModule } from '../../src/index.ts';
import { MEMORY_BASE } from '../../src/kernels/binaries.ts';
import type { Named } from '../../src/nn/outputs.ts';
import type { Variant } from '../../src/platform/platform.ts';
import { storageIndex } from '../../src/program/prove.ts';
import type { Instance, Target } from '../../src/runtime/instance.ts';
import { shapeAt } from '../../src/tensor/dim.ts';
import { DTYPES } from '../../src/tensor/dtype.ts';
import { sameShape, sizeOf } from '../../src/tensor/tensor.ts';
import { fileOf } from '../support/tiny.ts';
import { Finding, must, type Use } from './kind.ts';
import type { Random } from './random.ts';

type Inputs = Record<string, Tensor>;

/** Bits in which every NaN is the same, as engines may give it any payload. */
function bitsOf({ data, dtype, shape }: Tensor): string {
  const copy = data.slice();
  if (copy instanceof Float32Array) for (const [i, value] of copy.entries()) if (Number.isNaN(value)) copy[i] = Number.NaN;
  return `${dtype} ${shape} ${Buffer.from(copy.buffer).toString('base64')}`;
}

const answerOf = (outputs: readonly Named[]): string => outputs.map(({ name, tensor }) => `${name} ${bitsOf(tensor)}`).join('\n');

const GUARD = 0xa5;
const GUARD_BYTES = 1 << 16;
/** Arenas that a step may be compared in. */
const MOST_ARENA = 1 << 18;

/** When the value in each place of the arena is read for the last time, after all instructions if it is an output. */
function lastReads({ program, proved }: Instance): Map<number, number> {
  const reads = new Map<number, number>();
  const note = (value: number, at: number) => reads.set(storageIndex(program.values, value), at);
  for (const [at, { operands }] of proved.instructions.entries())
    for (const value of Object.values(operands)) if (value !== null) note(value, at);
  for (const { value } of program.outputs) note(value, proved.instructions.length);
  return reads;
}

/** Runs a program step by step: each instruction writes to its result and its scratch, and to nothing that is read later. */
function runGuarded(instance: Instance, inputs: Inputs, target: Target): Named[] {
  instance.write(inputs);
  const { arena, specialisation, program } = instance;
  if (specialisation.arena > MOST_ARENA) return instance.run(inputs, target);
  for (const { name, value } of program.inputs)
    must(bitsOf(instance.read(value)) === bitsOf(inputs[name]), `input ${name} is not what was given`);
  const end = arena.base + specialisation.arena;
  const tail = () => memory().subarray(end, end + GUARD_BYTES);
  const memory = () => new Uint8Array(instance.memory.buffer);
  const constants = memory().slice(MEMORY_BASE, arena.base);
  tail().fill(GUARD);
  const reads = lastReads(instance);
  const written = new Set([...program.inputs, ...program.hostValues].map(({ value }) => value));
  const place = (value: number): [begin: number, end: number] => {
    const begin = instance.addressOf(value) - arena.base;
    return [begin, begin + sizeOf(specialisation.shapes[value]) * DTYPES[program.values[value].dtype].bytes];
  };
  let before = memory().slice(arena.base, end);
  for (const at of instance.steps(target)) {
    const { out, op } = instance.proved.instructions[at];
    const after = memory().slice(arena.base, end);
    const expected = before.slice();
    const copy = (from: Uint8Array, [begin, to]: [number, number]) => expected.set(from.subarray(begin, to), begin);
    copy(after, place(out));
    copy(after, [specialisation.scratch[at], specialisation.scratch[at] + (specialisation.calls[at].scratch ?? 0)]);
    for (const value of written) if ((reads.get(value) ?? -1) > at) copy(before, place(value));
    must(Buffer.compare(expected, after) === 0, () => `${op} (instruction ${at}) writes where another value lies`);
    written.add(out);
    before = after;
  }
  must(
    tail().every((byte) => byte === GUARD),
    'something is written behind the arena',
  );
  must(Buffer.compare(constants, memory().subarray(MEMORY_BASE, arena.base)) === 0, 'a constant is overwritten');
  return instance.outputs();
}

function inputsFor(traced: TracedModule<unknown>, sizes: Record<string, number>, random: Random): Inputs {
  return Object.fromEntries(
    traced.inputs.map(({ name, dtype, shape, dims }) => {
      const at = dims ? shapeAt(dims, sizes) : [...shape];
      const value = (i: number): number => {
        if (dtype === 'float32') return Math.sin(i);
        return name.endsWith('mask') ? (random.chance(0.8) ? 1 : 0) : 0;
      };
      const data = Array.from({ length: sizeOf(at) }, (_, i) => value(i));
      return [name, new Tensor(dtype, at, dtype === 'int64' ? data.map(BigInt) : data)];
    }),
  );
}

/** Sizes within the bounds, none large. */
function someSizes(traced: TracedModule<unknown>, random: Random): Record<string, number> {
  return Object.fromEntries(
    Object.entries(traced.dynamic).map(([symbol, [low, high]]) => [symbol, random.between(low, Math.min(high, low + 9))]),
  );
}

/** Throws what is no refusal: an error of the kernels is a trap, or a contract that was broken. */
function refusedOr<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch (error) {
    if (error instanceof TraceletError && error.code !== 'kernels') return undefined;
    throw error;
  }
}

function checkDeclared(traced: TracedModule<unknown>, outputs: readonly Named[]): void {
  const { outputs: declared } = traced;
  must(outputs.length === declared.length, `${outputs.length} outputs, ${declared.length} of them declared`);
  for (const [i, { name, dtype, shape }] of declared.entries()) {
    const { tensor } = outputs[i];
    must(
      tensor.dtype === dtype && sameShape(tensor.shape, shape),
      `output ${name} is ${tensor.dtype} [${tensor.shape}], not ${dtype} [${shape}]`,
    );
    must(
      tensor.data instanceof DTYPES[dtype].array && tensor.data.length === sizeOf(shape),
      `output ${name} has ${tensor.data.length} elements`,
    );
  }
}

/** Kernels give the same bits wherever they are compiled from the same sums, and nearly the same otherwise. */
function checkKernels(instance: Instance, inputs: Inputs, wanted: readonly Named[]): void {
  const run = (kernels: Variant) => instance.run(inputs, { kernels });
  const answer = answerOf(wanted);
  must(answerOf(run('debug')) === answer, 'debug kernels give other bits than baseline ones');
  const relaxed = run('relaxed');
  must(!instance.exact || answerOf(relaxed) === answer, 'relaxed kernels give other bits than baseline ones in a program that is exact');
}

/** Saved and loaded again a trace gives the same bits and the same file. */
async function checkReload(traced: TracedModule<unknown>, inputs: Inputs, answer: string): Promise<void> {
  const file = await fileOf(traced);
  let again: TracedModule<unknown>;
  try {
    again = await jit.load<unknown>(file);
  } catch (error) {
    if (error instanceof TraceletError) throw new Finding(`saved again it is refused: ${error.code}: ${error.message}`);
    throw error;
  }
  must(answerOf(again.instance.run(inputs, { kernels: 'baseline' })) === answer, 'saved and loaded again it gives other bits');
  must(Buffer.compare(file, await fileOf(again)) === 0, 'saved, loaded and saved again it is another file');
  again.dispose();
}

const originals = new Map<string, string>();

/** What a seed answers on its own inputs. */
export async function remember(seed: string, bytes: Uint8Array): Promise<void> {
  const traced = await jit.load<unknown>(bytes);
  originals.set(seed, answerOf(traced.instance.run(dummiesOf(traced), { kernels: 'baseline' })));
  traced.dispose();
}

const dummiesOf = ({ golden }: TracedModule<unknown>): Inputs =>
  Object.fromEntries(golden.inputs.map(({ name, tensor }) => [name, tensor]));

/** The dummies, unless their elements are changed so that no call takes them; nothing where none can be made for the program. */
function usableInputs(traced: TracedModule<unknown>, random: Random): Inputs | undefined {
  const all = [dummiesOf(traced), inputsFor(traced, traced.instance.proved.base, random)];
  return all.find((inputs) => refusedOr(() => traced.instance.run(inputs, { kernels: 'debug' })));
}

async function useText(traced: TracedModule<unknown>): Promise<void> {
  if (!traced.files.has('vocab.txt') && !traced.files.has('tokenizer.json')) return;
  try {
    await traced.embed(['a cat sat.', '']);
  } catch (error) {
    if (!(error instanceof TraceletError) || error.code === 'kernels') throw error;
  }
}

/** Loads a trace, runs it and its other methods in every way, and looks at all that it says. */
export async function useTrace(bytes: Uint8Array, { seed, inert, random, accept }: Omit<Use, 'files'>): Promise<void> {
  const kernels = random.pick<Variant | undefined>([undefined, 'baseline', 'debug', 'relaxed']);
  const given = random.chance(0.3) ? (new Response(bytes as BodyInit).body as ReadableStream<Uint8Array>) : bytes.slice();
  const traced = await jit.load<unknown>(given, { kernels });
  accept();
  try {
    const answer = await useMethod(traced, random);
    must(
      !inert || answer === undefined || answer === originals.get(seed),
      'it answers otherwise, though nothing that is computed was changed',
    );
    for (const method of traced.methods.values()) await useMethod(method, random);
    await useText(traced);
  } finally {
    traced.dispose();
  }
}

/** Runs what a call runs in every way; answers with the bits, if inputs can be made for it. */
async function useMethod(traced: TracedModule<unknown>, random: Random): Promise<string | undefined> {
  const { instance } = traced;
  must(
    [traced.explain(), traced.graph, traced.code, String(traced)].every((text) => text.length > 0),
    'it says nothing of itself',
  );
  const inputs = usableInputs(traced, random);
  if (!inputs) return undefined;
  const outputs = runGuarded(instance, inputs, { kernels: 'baseline' });
  const answer = answerOf(outputs);
  checkDeclared(traced, outputs);
  must(answerOf(instance.run(inputs, { kernels: 'baseline' })) === answer, 'run twice it gives other bits');
  checkKernels(instance, inputs, outputs);
  traced(inputs);
  await checkReload(traced, inputs, answer);
  must(traced.flops() >= 0 && traced.estimate().ms >= 0 && traced.plan().instructions.length >= 0, 'its plan has no numbers');
  refusedOr(() => traced.verify());
  if (Object.keys(traced.dynamic).length > 0)
    for (let i = 0; i < 2; i++)
      refusedOr(() => runGuarded(instance, inputsFor(traced, someSizes(traced, random), random), { kernels: 'debug' }));
  must(answerOf(instance.run(inputs, { kernels: 'baseline' })) === answer, 'after calls of other sizes it gives other bits');
  return answer;
}

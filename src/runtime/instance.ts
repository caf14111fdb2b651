import { TraceletError } from '../base/error.ts';
import { hostRule, keptTokens } from '../graph/hostvalues.ts';
import { Arena, type Region } from '../kernels/arena.ts';
import { allocateMemory, callKernel, instantiate, type Kernels } from '../kernels/binaries.ts';
import { formFor, type IntegerForm } from '../kernels/integers.ts';
import { MASK } from '../nn/inputs.ts';
import type { Named } from '../nn/outputs.ts';
import { checkRange, narrower, type Range } from '../ops/call.ts';
import type { Variant } from '../platform/platform.ts';
import { type Program, TOKENS } from '../program/program.ts';
import { constantOf, type Decoded, type Instruction, storageIndex } from '../program/prove.ts';
import { leavesTokensOut, sizesOf } from '../program/sizes.ts';
import { type Sizes, shapeAt } from '../tensor/dim.ts';
import { DTYPES } from '../tensor/dtype.ts';
import { PROVED, sizeOf, Tensor } from '../tensor/tensor.ts';
import { type BoundCalls, bindCalls, type Resolved } from './calls.ts';
import { Weights } from './constants.ts';
import { Binder, type Binding } from './specialise.ts';
import { type Choice, ONE_THREAD } from './threads/choose.ts';
import type { Team } from './threads/team.ts';
import { type Wanted, wantedFor } from './wanted.ts';

/** How many bindings are kept. */
const RECENT = 32;

/** What a program runs on: kernels, and how they multiply integers (the fastest way that they have unless given). */
export interface Target {
  kernels: Variant;
  integers?: IntegerForm;
}

/** Where an instance runs. */
export interface Lodging {
  /** How many threads a run takes; several need a `gather` before they run. */
  threads?: Choice;
  /** A memory in which the constants lie already, instead of a new one. */
  memory?: WebAssembly.Memory;
  /** Whether other instances use the memory too. */
  shared?: boolean;
  /** What of a shared memory is free for activations. */
  region?: Region;
}

/** A program in a wasm memory, constants below, arena above. It grows where sizes ask for more than any before. */
export class Instance {
  readonly program: Program;
  readonly weights: Weights;
  readonly memory: WebAssembly.Memory;
  readonly arena: Arena;
  readonly #kernels = new Map<Variant, Kernels>();
  readonly #bindings = new Map<string, Binding>();
  #calls = new WeakMap<Binding, Map<string, BoundCalls>>();
  #binder: Binder | undefined;
  readonly #wanted = new Map<string, Wanted>();
  #decoded: Decoded | undefined;
  #binding: Binding | undefined;
  #team: Team | undefined;
  #choice: Choice;

  /** `rowsOf` gives the first dimension of each tensor that is a part of a constant. */
  constructor(program: Program, rowsOf: (name: string) => number, { threads = ONE_THREAD, shared = false, ...given }: Lodging = {}) {
    this.program = program;
    this.weights = new Weights(program, rowsOf, () => new Uint8Array(this.memory.buffer));
    this.memory = given.memory ?? allocateMemory(this.weights.bytes, 'memory for the trace', shared || threads.threads > 1);
    const { arena: base, bytes } = this.weights;
    this.arena = new Arena(this.memory, given.region ?? { base, room: given.memory ? 0 : bytes - base }, !shared);
    this.#choice = threads;
  }

  get memoryBytes(): number {
    return this.memory.buffer.byteLength;
  }

  kernels(variant: Variant): Kernels {
    let kernels = this.#kernels.get(variant);
    if (!kernels) {
      kernels = instantiate(variant, this.memory);
      this.#kernels.set(variant, kernels);
    }
    return kernels;
  }

  /** How many threads a run takes, and why. */
  get threads(): Choice {
    const lost = this.#team?.lost;
    return lost === undefined ? this.#choice : { threads: 1, why: lost };
  }

  /** Starts the threads that were chosen, for runs on `target`; where that fails there is one, and `threads` says why. A `signal` ends the waiting. */
  async gather(target: Target, signal?: AbortSignal): Promise<void> {
    const { threads } = this.#choice;
    if (threads === 1) return;
    const variants = [...new Set(this.#callsFor(target).calls.map(({ variant }) => variant))];
    const { Team } = await import('./threads/team.ts');
    try {
      this.#team = await Team.start(threads, this.memory, variants, { signal });
      this.#team.endWith(this);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TraceletError)) throw error;
      this.#choice = { threads: 1, why: error.message };
    }
  }

  /** Ends the threads. */
  dispose(): void {
    this.#team?.end();
  }

  /** Whether every binary gives the same bits. */
  get exact(): boolean {
    return this.decoded.instructions.some(({ call }) => call.row.exact);
  }

  /** Takes a program that was proved sound, once its constants are in place. Throws `value` errors for constants out of bounds. */
  start(decoded: Decoded): void {
    this.#binder = new Binder(this.program, decoded);
    this.#binding = this.bind(decoded.base);
    const proved = new Set<string>();
    for (const instruction of decoded.instructions) this.#checkWeight(instruction, proved);
    this.#decoded = decoded;
  }

  /** What constants may hold can depend on sizes. */
  #checkConstants({ ranges }: Binding): void {
    const strictest = new Map<number, Range>();
    for (const [value, range] of ranges) {
      const { place } = this.program.values[value];
      if ('constant' in place) strictest.set(place.constant, narrower(range, strictest.get(place.constant)));
    }
    for (const [constant, range] of strictest) checkRange(`constant ${constant}`, this.weights.integers(constant), range);
  }

  /** Integer products give the same bits in all forms for weights that cannot saturate any. */
  #checkWeight({ op, path, call, operands }: Instruction, proved: Set<string>): void {
    if (!call.row.mostWeight) return;
    const { largest } = this.kernels('baseline');
    const weight = this.weights.addressOf(constantOf(this.program.values, operands.weight as number) as number);
    const size = call.numbers.n * call.numbers.k;
    const key = `${op} ${weight} ${size}`;
    const most = proved.has(key) ? 0 : (largest(weight, size) as number);
    proved.add(key);
    if (most > call.row.mostWeight)
      throw new TraceletError('value', {
        what: `weight of ${op} of ${path || 'the model'}`,
        expected: `whole numbers from -${call.row.mostWeight} to ${call.row.mostWeight}`,
        got: `a magnitude of ${most}`,
        cure: 'Quantise the trace again with tracelet quantize',
      });
  }

  get decoded(): Decoded {
    return ready(this.#decoded);
  }

  /** The program at the sizes of the last inputs. */
  get binding(): Binding {
    return ready(this.#binding);
  }

  /** The program at these sizes; recent ones are kept. */
  bind(sizes: Sizes): Binding {
    const key = [...Object.keys(this.program.symbols), TOKENS].map((symbol) => sizes[symbol]).join();
    const known = this.#bindings.get(key);
    const binding = known ?? ready(this.#binder).bind(sizes);
    if (!known) this.#checkConstants(binding);
    this.#bindings.delete(key);
    this.#bindings.set(key, binding);
    if (this.#bindings.size > RECENT) this.#bindings.delete(this.#bindings.keys().next().value as string);
    return binding;
  }

  /** Binds the program to the inputs' sizes and writes them, after checking their elements. A run overwrites them. */
  write(inputs: Readonly<Record<string, Tensor>>): void {
    const { program } = this;
    const kept = leavesTokensOut(program) ? keptTokens(inputs[MASK].data as Int32Array) : undefined;
    const sizes = sizesOf(program.inputs.map(({ name, value }) => ({ dims: program.values[value].dims, shape: inputs[name].shape })));
    if (kept) sizes[TOKENS] = kept.length;
    const binding = this.bind(sizes);
    const check = (name: string, range: Range | undefined): void => {
      if (range) checkRange(`input "${name}"`, inputs[name].data as Int32Array, range);
    };
    if (kept) check(MASK, { bound: 2 });
    for (const { name, value } of program.inputs) check(name, binding.ranges.get(value));
    for (const { value, input } of program.hostValues) if (input) check(input, binding.ranges.get(value));
    if (this.arena.reserve(binding.arena)) this.#calls = new WeakMap();
    this.#binding = binding;
    for (const { name, value } of program.inputs) {
      const { buffer, byteOffset, byteLength } = inputs[name].data;
      new Uint8Array(this.memory.buffer, this.addressOf(value), byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
    }
    for (const { value, rule, grid, masked, fill, input } of program.hostValues) {
      const [batch, sequence] = shapeAt(grid, sizes);
      const out = new Int32Array(this.memory.buffer, this.addressOf(value), sizeOf(binding.shapes[value]));
      const of = input ? (inputs[input].data as Int32Array) : (fill ?? 0);
      hostRule(rule).write(out, { batch, sequence, kept: masked ? kept : undefined }, of);
    }
  }

  /** A copy of a value's elements. */
  read(value: number): Tensor {
    const { dtype } = this.program.values[value];
    const shape = this.binding.shapes[value];
    const view = new DTYPES[dtype].array(this.memory.buffer as ArrayBuffer, this.addressOf(value), sizeOf(shape));
    return new Tensor(dtype, shape, view.slice(), PROVED);
  }

  /** What has to run for the outputs of these names. Throws a `value` error for unknown ones. */
  wanted(names: readonly string[]): Wanted {
    const key = names.join();
    const known = this.#wanted.get(key) ?? wantedFor(this.program, this.decoded, names);
    this.#wanted.set(key, known);
    return known;
  }

  /** Runs the instructions one by one, those that are wanted, yielding the index of each when it is done. */
  *steps(target: Target, wanted?: Wanted): Generator<number> {
    const { calls, indexes } = this.#callsFor(target, wanted);
    const { instructions } = this.decoded;
    const nameOf = (at: number) => () => `instruction ${indexes[at]} (${describeInstruction(instructions[indexes[at]])})`;
    const team = this.#team?.takes(calls) ? this.#team : undefined;
    team?.begin(calls, Math.max(this.weights.bytes, this.arena.base + this.binding.arena));
    let done = 0;
    try {
      for (; done < calls.length; done++) {
        if (team) team.step(done, nameOf(done));
        else callKernel(calls[done].kernel, calls[done].args, nameOf(done));
        yield indexes[done];
      }
    } finally {
      team?.finish(done === calls.length);
    }
  }

  /** The outputs for `inputs`, which fit the program. */
  run(inputs: Readonly<Record<string, Tensor>>, target: Target): Named[] {
    this.write(inputs);
    for (const _ of this.steps(target));
    return this.outputs();
  }

  /** Copies of the outputs of the last run, those that are wanted. */
  outputs(wanted?: Wanted): Named[] {
    return (wanted?.outputs ?? this.program.outputs).map(({ name, value }) => ({ name, tensor: this.read(value) }));
  }

  /** The kernels that a target means for floats, and the form for integers if the program has any: exact programs fuse nothing. */
  resolve({ kernels, integers }: Target): Resolved {
    if (!this.exact) return { floats: kernels, integers: undefined };
    return { floats: kernels === 'relaxed' ? 'baseline' : kernels, integers: formFor(kernels, integers) };
  }

  /** Kernels and arguments of the instructions that are wanted, at the sizes of the last inputs. */
  #callsFor(target: Target, wanted?: Wanted): BoundCalls {
    const resolved = this.resolve(target);
    const { binding } = this;
    const known = this.#calls.get(binding) ?? new Map<string, BoundCalls>();
    this.#calls.set(binding, known);
    const key = `${resolved.floats} ${resolved.integers} ${wanted?.outputs.map(({ name }) => name)}`;
    const bound = known.get(key) ?? bindCalls(this, resolved, wanted);
    known.set(key, bound);
    return bound;
  }

  /** Where a value lies at the sizes of the last inputs. */
  addressOf(value: number): number {
    const storage = storageIndex(this.program.values, value);
    const { place } = this.program.values[storage];
    if ('constant' in place) return this.weights.addressOf(place.constant);
    return this.arena.base + (this.binding.offsets[storage] as number);
  }
}

const describeInstruction = ({ op, path }: Instruction): string => `${op} of ${path || 'the model'}`;

function ready<T>(part: T | undefined): T {
  if (part) return part;
  throw new TraceletError('disposed', { what: 'trace', expected: 'an instance that has been loaded', got: 'one that is not ready' });
}

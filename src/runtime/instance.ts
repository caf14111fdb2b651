import { startTeam } from '#team';
import { TraceletError } from '../base/error.ts';
import { hostRule, keptTokens } from '../graph/hostvalues.ts';
import { Arena, type Region } from '../kernels/arena.ts';
import { callKernel, type Kernel } from '../kernels/binaries.ts';
import { formFor, type IntegerForm } from '../kernels/integers.ts';
import { MASK } from '../nn/inputs.ts';
import type { Named } from '../nn/outputs.ts';
import { checkRange, narrower, type Range } from '../ops/call.ts';
import type { Variant } from '../platform/platform.ts';
import { type HostValueInfo, type Program, TOKENS } from '../program/program.ts';
import { constantOf, type Instruction, type ProvedProgram, storageIndex } from '../program/prove.ts';
import { leavesTokensOut, sizesOf } from '../program/sizes.ts';
import { type Sizes, shapeAt } from '../tensor/dim.ts';
import { DTYPES } from '../tensor/dtype.ts';
import { PROVED, sizeOf, Tensor } from '../tensor/tensor.ts';
import { type KernelCalls, kernelCalls, type Resolved } from './calls.ts';
import type { Constants } from './constants.ts';
import { type Specialisation, Specialiser } from './specialise.ts';
import { ONE_THREAD, type ThreadChoice } from './threads/choose.ts';
import type { Team } from './threads/team.ts';
import { type Wanted, wantedFor } from './wanted.ts';

/** How many specialisations are kept. */
const RECENT = 32;

/** What a program runs on: kernels, and how they multiply integers (the fastest way that they have unless given). */
export interface Target {
  kernels: Variant;
  integers?: IntegerForm;
}

/** Where an instance has its activations. */
export interface Placement {
  /** Whether other instances use the memory of the constants too. */
  shared?: boolean;
  /** What of such a memory is free; what lies behind the constants unless given. */
  region?: Region;
  /** That of another program on the same constants, which never runs at the same time. */
  arena?: Arena;
}

/** A program in a wasm memory, constants below, arena above. It grows where sizes ask for more than any before. */
export class Instance {
  readonly program: Program;
  readonly proved: ProvedProgram;
  readonly constants: Constants;
  readonly arena: Arena;
  /** Where the arena was when calls were resolved. */
  #base: number;
  readonly #specialiser: Specialiser;
  readonly #specialisations = new Map<string, Specialisation>();
  #calls = new WeakMap<Specialisation, Map<string, KernelCalls>>();
  readonly #wanted = new Map<string, Wanted>();
  #specialisation: Specialisation;
  #team: Team | undefined;
  /** Whether the team ends with this instance. */
  #leads = false;
  #threads: ThreadChoice = ONE_THREAD;

  /** Takes a program that was proved sound, and its constants. Throws `value` errors for constants out of bounds. */
  constructor(program: Program, proved: ProvedProgram, constants: Constants, { shared = false, region, arena }: Placement = {}) {
    this.program = program;
    this.proved = proved;
    this.constants = constants;
    this.arena = arena ?? new Arena(constants.memory, region ?? constants.free, !shared);
    this.#base = this.arena.base;
    this.#specialiser = new Specialiser(program, proved);
    this.#specialisation = this.specialise(proved.base);
    this.#checkWeights();
  }

  get memory(): WebAssembly.Memory {
    return this.constants.memory;
  }

  /** The kernel of an op, or of that name. */
  kernel(variant: Variant, name: string): Kernel {
    return this.constants.kernels.of(variant, name);
  }

  /** How many threads a run takes, and why. */
  get threads(): ThreadChoice {
    const lost = this.#team?.lost;
    return lost === undefined ? this.#threads : { threads: 1, why: lost };
  }

  /**
   * Has runs on `target` take so many threads, once they have started; where they do not there is one, and `threads` says why. The memory has to be
   * one that threads share. Programs `beside` this one, on the same constants, run on the same threads. A `signal` ends the waiting.
   */
  async startThreads(choice: ThreadChoice, target: Target, signal?: AbortSignal, beside: readonly Instance[] = []): Promise<void> {
    const all = [this, ...beside];
    for (const each of all) each.#threads = choice;
    if (choice.threads === 1) return;
    const binaries = [...new Set(all.flatMap((each) => each.#callsFor(target).calls.map(({ binary }) => binary)))];
    try {
      const team = (await startTeam(choice.threads, this.memory, binaries, { signal })) as unknown as Team;
      team.endWith(this.constants);
      for (const each of all) each.#team = team;
      this.#leads = true;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TraceletError)) throw error;
      for (const each of all) each.#threads = { threads: 1, why: error.message };
    }
  }

  /** Ends the threads that it started. */
  dispose(): void {
    if (this.#leads) this.#team?.end();
  }

  /** Whether every binary gives the same bits. */
  get exact(): boolean {
    return this.proved.instructions.some(({ call }) => call.row.exact);
  }

  /** What constants may hold can depend on sizes. */
  #checkConstants({ ranges }: Specialisation): void {
    const strictest = new Map<number, Range>();
    for (const [value, range] of ranges) {
      const { place } = this.program.values[value];
      if ('constant' in place) strictest.set(place.constant, narrower(range, strictest.get(place.constant)));
    }
    for (const [constant, range] of strictest) checkRange(`constant ${constant}`, this.constants.integers(constant), range);
  }

  /** Integer products give the same bits in all forms for weights that cannot saturate any. */
  #checkWeights(): void {
    const proved = new Set<string>();
    for (const instruction of this.proved.instructions) {
      const { op, call, operands } = instruction;
      const { mostWeight } = call.row;
      if (!mostWeight) continue;
      const weight = this.constants.addressOf(constantOf(this.program.values, operands.weight as number) as number);
      const size = call.numbers.n * call.numbers.k;
      const key = `${op} ${weight} ${size}`;
      const most = proved.has(key) ? 0 : (this.kernel('baseline', 'largest')(weight, size) as number);
      proved.add(key);
      if (most > mostWeight)
        throw new TraceletError('value', {
          what: `weight of ${describeInstruction(instruction)}`,
          expected: `whole numbers from -${mostWeight} to ${mostWeight}`,
          got: `${most}`,
          cure: 'Quantise the trace again with tracelet quantize',
        });
    }
  }

  /** The program at the sizes of the last inputs. */
  get specialisation(): Specialisation {
    return this.#specialisation;
  }

  /** The program at these sizes; recent ones are kept. */
  specialise(sizes: Sizes): Specialisation {
    const key = [...Object.keys(this.program.symbols), TOKENS].map((symbol) => sizes[symbol]).join();
    const known = this.#specialisations.get(key);
    const specialisation = known ?? this.#specialiser.specialise(sizes);
    if (!known) this.#checkConstants(specialisation);
    this.#specialisations.delete(key);
    this.#specialisations.set(key, specialisation);
    if (this.#specialisations.size > RECENT) this.#specialisations.delete(this.#specialisations.keys().next().value as string);
    return specialisation;
  }

  /** Specialises the program to the sizes of the inputs, and writes these once their elements are checked. A run overwrites them. */
  write(inputs: Readonly<Record<string, Tensor>>): void {
    const { program } = this;
    const sizes = sizesOf(program.inputs.map(({ name, value }) => ({ dims: program.values[value].dims, shape: inputs[name].shape })));
    const kept = leavesTokensOut(program) ? this.#keptOf(inputs, sizes) : undefined;
    if (kept) sizes[TOKENS] = kept.length;
    const specialisation = this.specialise(sizes);
    const check = (name: string, range: Range | undefined): void => {
      if (range) checkRange(`input "${name}"`, inputs[name].data as Int32Array, range);
    };
    if (kept) check(MASK, { bound: 2 });
    for (const { name, value } of program.inputs) check(name, specialisation.ranges.get(value));
    for (const { value, rule, grid, fill = 0, input } of program.hostValues) {
      const { most, below } = hostRule(rule);
      if (input && below) check(input, { bound: below(shapeAt(grid, sizes)[1], fill) });
      else if (input && !most) check(input, specialisation.ranges.get(value));
    }
    this.arena.reserve(specialisation.arena);
    if (this.arena.base !== this.#base) this.#calls = new WeakMap();
    this.#base = this.arena.base;
    this.#specialisation = specialisation;
    for (const { name, value } of program.inputs) {
      const { buffer, byteOffset, byteLength } = inputs[name].data;
      new Uint8Array(this.memory.buffer, this.addressOf(value), byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
    }
    for (const hostValue of program.hostValues) {
      const { value, masked } = hostValue;
      const out = new Int32Array(this.memory.buffer, this.addressOf(value), sizeOf(specialisation.shapes[value]));
      writeHostValue(out, hostValue, inputs, sizes, masked ? kept : undefined);
    }
  }

  /** Tokens that have rows: those that the mask lets through, and those that a rule chooses. */
  #keptOf(inputs: Readonly<Record<string, Tensor>>, sizes: Sizes): Int32Array {
    const mask = inputs[MASK].data as Int32Array;
    const chosen = this.program.hostValues
      .filter(({ rule, masked, grid }) => masked && hostRule(rule).chooses && sizeOf(shapeAt(grid, sizes)) === mask.length)
      .map((hostValue) => writeHostValue(new Int32Array(mask.length), hostValue, inputs, sizes));
    return keptTokens(mask, chosen);
  }

  /** A copy of a value's elements. */
  read(value: number): Tensor {
    const { dtype } = this.program.values[value];
    const shape = this.specialisation.shapes[value];
    const view = new DTYPES[dtype].array(this.memory.buffer as ArrayBuffer, this.addressOf(value), sizeOf(shape));
    return new Tensor(dtype, shape, view.slice(), PROVED);
  }

  /** What has to run for the outputs of these names. Throws a `value` error for unknown ones. */
  wanted(names: readonly string[]): Wanted {
    const key = JSON.stringify(names);
    const known = this.#wanted.get(key) ?? wantedFor(this.program, this.proved, names);
    this.#wanted.set(key, known);
    return known;
  }

  /** Runs the instructions one by one, those that are wanted, yielding the index of each when it is done. */
  *steps(target: Target, wanted?: Wanted): Generator<number> {
    const { calls, indexes } = this.#callsFor(target, wanted);
    const { free } = this.constants;
    const nameOf = (at: number) => () => this.#explain(indexes[at]);
    const team = this.#team?.takes(calls) ? this.#team : undefined;
    team?.begin(calls, Math.max(free.base + free.room, this.arena.base + this.specialisation.arena));
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

  /** The name of an instruction that failed. Throws a `value` error for an operand that is out of range. */
  #explain(index: number): string {
    const instruction = this.proved.instructions[index];
    const name = `instruction ${index} (${describeInstruction(instruction)})`;
    for (const value of Object.values(instruction.operands)) {
      const storage = storageIndex(this.program.values, value ?? 0);
      const range = this.specialisation.ranges.get(storage);
      if (range) checkRange(name, this.read(storage).data as Int32Array, range);
    }
    return name;
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
  #callsFor(target: Target, wanted?: Wanted): KernelCalls {
    const resolved = this.resolve(target);
    const { specialisation } = this;
    const known = this.#calls.get(specialisation) ?? new Map<string, KernelCalls>();
    this.#calls.set(specialisation, known);
    const key = `${resolved.floats} ${resolved.integers} ${wanted?.outputs.map(({ name }) => name)}`;
    const calls = known.get(key) ?? kernelCalls(this, resolved, wanted);
    known.set(key, calls);
    return calls;
  }

  /** Where a value lies at the sizes of the last inputs. */
  addressOf(value: number): number {
    const storage = storageIndex(this.program.values, value);
    const { place } = this.program.values[storage];
    if ('constant' in place) return this.constants.addressOf(place.constant);
    return this.arena.base + (this.specialisation.offsets[storage] as number);
  }
}

function writeHostValue(
  out: Int32Array,
  { rule, grid, fill = 0, input }: HostValueInfo,
  inputs: Readonly<Record<string, Tensor>>,
  sizes: Sizes,
  kept?: Int32Array,
): Int32Array {
  const [batch, sequence] = shapeAt(grid, sizes);
  const asked = { fill, input: input === undefined ? [] : (inputs[input].data as Int32Array) };
  hostRule(rule).write(out, { batch, sequence, kept }, asked);
  return out;
}

const describeInstruction = ({ op, path }: Instruction): string => `${op} of ${path || 'the model'}`;

import { checkRange } from '../call.ts';
import { DTYPES } from '../dtype.ts';
import { epilogueOf } from '../engine.ts';
import { TraceletError } from '../error.ts';
import { formFor, INTEGER_FORMS, type IntegerForm } from '../integers.ts';
import { allocateMemory, callKernel, instantiate, type Kernels } from '../kernels.ts';
import { dtypeOf } from '../op.ts';
import type { Variant } from '../platform/platform.ts';
import { sizeOf, Tensor } from '../tensor.ts';
import { type Choice, ONE_THREAD } from '../threads/choose.ts';
import type { Team, TeamCall } from '../threads/team.ts';
import { type Decoded, type Instruction, storageIndex } from './decode.ts';
import type { Named } from './outputs.ts';
import type { Program } from './program.ts';
import { Weights } from './weights.ts';

/** What a program runs on: kernels, and how they multiply integers (the fastest way that they have unless given). */
export interface Target {
  kernels: Variant;
  integers?: IntegerForm;
}

/** A program in a wasm memory of its own, whose size never changes: constants below, arena above. */
export class Instance {
  readonly program: Program;
  readonly weights: Weights;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels = new Map<Variant, Kernels>();
  readonly #calls = new Map<string, TeamCall[]>();
  #decoded: Decoded | undefined;
  #team: Team | undefined;
  #choice: Choice;

  /** `rowsOf` gives the first dimension of each tensor that is a part of a constant. Several threads need a `gather` before they run. */
  constructor(program: Program, rowsOf: (name: string) => number, choice: Choice = ONE_THREAD) {
    this.program = program;
    let bytes: Uint8Array;
    this.weights = new Weights(program, rowsOf, () => bytes);
    this.#choice = choice;
    this.#memory = allocateMemory(this.weights.bytes, 'memory for the trace', choice.threads > 1);
    bytes = new Uint8Array(this.#memory.buffer);
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  kernels(variant: Variant): Kernels {
    let kernels = this.#kernels.get(variant);
    if (!kernels) {
      kernels = instantiate(variant, this.#memory);
      this.#kernels.set(variant, kernels);
    }
    return kernels;
  }

  /** How many threads a run takes, and why. */
  get threads(): Choice {
    const lost = this.#team?.lost;
    return lost === undefined ? this.#choice : { threads: 1, why: lost };
  }

  /** Starts the threads that were chosen, for runs on `target`; where that fails there is one, and `threads` says why. */
  async gather(target: Target): Promise<void> {
    const { threads } = this.#choice;
    if (threads === 1) return;
    const variants = [...new Set(this.#bind(target).map(({ variant }) => variant))];
    const { Team } = await import('../threads/team.ts');
    try {
      this.#team = await Team.start(threads, this.#memory, variants);
      this.#team.endWith(this);
    } catch (error) {
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
    const { values } = this.program;
    for (const [value, range] of decoded.ranges) {
      const { place } = values[value];
      if ('constant' in place) checkRange(`constant ${place.constant}`, this.weights.integers(place.constant), range);
    }
    for (const instruction of decoded.instructions) this.#checkWeight(instruction);
    this.#decoded = decoded;
  }

  /** Integer products give the same bits in all forms for weights that cannot saturate any. */
  #checkWeight({ op, path, call, operands }: Instruction): void {
    if (!call.row.mostWeight) return;
    const { largest } = this.kernels('baseline');
    const most = largest(this.addressOf(operands.weight as number), call.numbers.n * call.numbers.k) as number;
    if (most > call.row.mostWeight)
      throw new TraceletError('value', {
        what: `weight of ${op} of ${path || 'the model'}`,
        expected: `whole numbers from -${call.row.mostWeight} to ${call.row.mostWeight}`,
        got: `a magnitude of ${most}`,
        cure: 'Quantise the trace again with tracelet quantize',
      });
  }

  get decoded(): Decoded {
    if (!this.#decoded)
      throw new TraceletError('disposed', { what: 'trace', expected: 'an instance that has been loaded', got: 'one that is not ready' });
    return this.#decoded;
  }

  /** Writes all inputs, after checking their elements. A run overwrites them. */
  write(inputs: Readonly<Record<string, Tensor>>): void {
    for (const { name, value } of this.program.inputs) {
      const range = this.decoded.ranges.get(value);
      if (range) checkRange(`input "${name}"`, inputs[name].data as Int32Array, range);
    }
    for (const { name, value } of this.program.inputs) {
      const { buffer, byteOffset, byteLength } = inputs[name].data;
      new Uint8Array(this.#memory.buffer, this.addressOf(value), byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }

  /** A copy of a value's elements. */
  read(value: number): Tensor {
    const { dtype, shape } = this.program.values[value];
    const view = new DTYPES[dtype].array(this.#memory.buffer as ArrayBuffer, this.addressOf(value), sizeOf(shape));
    return new Tensor(dtype, shape, view.slice());
  }

  /** Runs the instructions one by one, yielding the index of each when it is done. */
  *steps(target: Target): Generator<number> {
    const calls = this.#bind(target);
    const { instructions } = this.decoded;
    const what = (i: number) => () => `instruction ${i} (${instructions[i].op} of ${instructions[i].path || 'the model'})`;
    const team = this.#team?.takes(calls) ? this.#team : undefined;
    team?.begin(calls, this.weights.bytes);
    let done = 0;
    try {
      for (; done < calls.length; done++) {
        if (team) team.step(done, what(done));
        else callKernel(calls[done].kernel, calls[done].args, what(done));
        yield done;
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

  /** Copies of the outputs of the last run. */
  outputs(): Named[] {
    return this.program.outputs.map(({ name, value }) => ({ name, tensor: this.read(value) }));
  }

  /** The kernels that a target means for floats, and the form for integers if the program has any: exact programs fuse nothing. */
  resolve({ kernels, integers }: Target): { floats: Variant; integers: IntegerForm | undefined } {
    if (!this.exact) return { floats: kernels, integers: undefined };
    return { floats: kernels === 'relaxed' ? 'baseline' : kernels, integers: formFor(kernels, integers) };
  }

  #bind(target: Target): TeamCall[] {
    const { floats, integers } = this.resolve(target);
    const key = `${floats} ${integers}`;
    let calls = this.#calls.get(key);
    if (!calls) {
      calls = this.decoded.instructions.map((instruction): TeamCall => {
        const multiplies = Object.values(instruction.call.row.args).includes('form');
        const relaxed = multiplies && integers && INTEGER_FORMS[integers].kernels === 'relaxed';
        const variant = relaxed ? 'relaxed' : floats;
        const { op, call } = instruction;
        const args = this.#args(instruction, integers);
        return { op, variant, kernel: this.kernels(variant)[op], args, row: call.row, numbers: call.numbers, scratch: call.scratch ?? 0 };
      });
      this.#calls.set(key, calls);
    }
    return calls;
  }

  #args({ call, operands, out, scratch, activation }: Instruction, form: IntegerForm | undefined): number[] {
    return Object.entries(call.row.args).map(([name, kind]) => {
      if (kind === 'out') return this.addressOf(out);
      if (kind === 'scratch') return this.weights.arena + scratch;
      if (kind === 'activation') return epilogueOf(activation);
      if (kind === 'form') return INTEGER_FORMS[form ?? 'dot16'].number;
      if (!dtypeOf(kind)) return call.numbers[name];
      const operand = operands[name];
      return operand === null ? 0 : this.addressOf(operand);
    });
  }

  addressOf(value: number): number {
    const { place } = this.program.values[storageIndex(this.program.values, value)];
    return 'arena' in place ? this.weights.arena + place.arena : this.weights.addressOf((place as { constant: number }).constant);
  }
}

import { checkRange, type Range } from '../call.ts';
import { evaluateDim, type Sizes } from '../dim.ts';
import { DTYPES } from '../dtype.ts';
import { epilogueOf } from '../engine.ts';
import { TraceletError } from '../error.ts';
import { formFor, INTEGER_FORMS, type IntegerForm } from '../integers.ts';
import { allocateMemory, callKernel, growMemory, instantiate, type Kernel, type Kernels } from '../kernels.ts';
import { dtypeOf } from '../op.ts';
import type { Variant } from '../platform/platform.ts';
import { sizeOf, Tensor } from '../tensor.ts';
import { Binder, type Binding } from './binding.ts';
import { constantOf, type Decoded, type Instruction, storageIndex } from './decode.ts';
import { derive, keptTokens } from './derived.ts';
import { MASK, sizesOf } from './inputs.ts';
import type { Named } from './outputs.ts';
import { type NamedValue, type Program, ROWS } from './program.ts';
import { Weights } from './weights.ts';

interface BoundCall {
  kernel: Kernel;
  args: number[];
}

/** How many bindings are kept. */
const RECENT = 32;

/** What a program runs on: kernels, and how they multiply integers (the fastest way that they have unless given). */
export interface Target {
  kernels: Variant;
  integers?: IntegerForm;
}

/** Some of the outputs, and whether each instruction is needed for them. */
export interface Wanted {
  outputs: readonly NamedValue[];
  instructions: readonly boolean[];
}

/** A program in a wasm memory of its own, constants below, arena above. It grows where sizes ask for more than any before. */
export class Instance {
  readonly program: Program;
  readonly weights: Weights;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels = new Map<Variant, Kernels>();
  readonly #bindings = new Map<string, Binding>();
  readonly #calls = new WeakMap<Binding, Map<string, BoundCall[]>>();
  #binder: Binder | undefined;
  readonly #wanted = new Map<string, Wanted>();
  #decoded: Decoded | undefined;
  #binding: Binding | undefined;

  /** `rowsOf` gives the first dimension of each tensor that is a part of a constant. */
  constructor(program: Program, rowsOf: (name: string) => number) {
    this.program = program;
    this.weights = new Weights(program, rowsOf, () => new Uint8Array(this.#memory.buffer));
    this.#memory = allocateMemory(this.weights.bytes, 'memory for the trace');
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

  /** Whether every binary gives the same bits. */
  get exact(): boolean {
    return this.decoded.instructions.some(({ call }) => call.row.exact);
  }

  /** Takes a program that was proved sound, once its constants are in place. Throws `value` errors for constants out of bounds. */
  start(decoded: Decoded): void {
    const { values } = this.program;
    this.#binder = new Binder(this.program, decoded);
    this.#binding = this.#binder.bind(decoded.base);
    for (const [value, range] of this.#binding.ranges) {
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
    const weight = this.weights.addressOf(constantOf(this.program.values, operands.weight as number) as number);
    const most = largest(weight, call.numbers.n * call.numbers.k) as number;
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

  /** The program at the sizes of the last inputs. */
  get binding(): Binding {
    this.decoded;
    return this.#binding as Binding;
  }

  /** The program at these sizes; recent ones are kept. */
  bind(sizes: Sizes): Binding {
    const key = Object.values(sizes).join();
    const binding = this.#bindings.get(key) ?? (this.#binder as Binder).bind(sizes);
    this.#bindings.delete(key);
    this.#bindings.set(key, binding);
    if (this.#bindings.size > RECENT) this.#bindings.delete(this.#bindings.keys().next().value as string);
    return binding;
  }

  /** Binds the program to the inputs' sizes and writes them, after checking their elements. A run overwrites them. */
  write(inputs: Readonly<Record<string, Tensor>>): void {
    const { program } = this;
    const kept = program.derived.some(({ packed }) => packed) ? keptTokens(inputs[MASK].data as Int32Array) : undefined;
    const sizes = {
      ...sizesOf(program.inputs.map(({ name, value }) => ({ dims: program.values[value].dims, shape: inputs[name].shape }))),
    };
    if (kept) sizes[ROWS] = kept.length;
    const binding = this.bind(sizes);
    const check = (name: string, range: Range | undefined): void => {
      if (range) checkRange(`input "${name}"`, inputs[name].data as Int32Array, range);
    };
    if (kept) check(MASK, { bound: 2 });
    for (const { name, value } of program.inputs) check(name, binding.ranges.get(value));
    for (const { value, input } of program.derived) if (input) check(input, binding.ranges.get(value));
    growMemory(this.#memory, this.weights.arena + binding.arena, 'memory for the trace');
    this.#binding = binding;
    for (const { name, value } of program.inputs) {
      const { buffer, byteOffset, byteLength } = inputs[name].data;
      new Uint8Array(this.#memory.buffer, this.addressOf(value), byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
    }
    for (const { value, rule, grid, packed, fill, input } of program.derived) {
      const [batch, sequence] = grid.map((dim) => evaluateDim(dim, sizes));
      const out = new Int32Array(this.#memory.buffer, this.addressOf(value), sizeOf(binding.shapes[value]));
      derive(out, rule, { batch, sequence, kept: packed ? kept : undefined }, input ? (inputs[input].data as Int32Array) : fill);
    }
  }

  /** A copy of a value's elements. */
  read(value: number): Tensor {
    const { dtype } = this.program.values[value];
    const shape = this.binding.shapes[value];
    const view = new DTYPES[dtype].array(this.#memory.buffer as ArrayBuffer, this.addressOf(value), sizeOf(shape));
    return new Tensor(dtype, shape, view.slice());
  }

  /** What has to run for the outputs of these names. Throws a `value` error for unknown ones. */
  wanted(names: readonly string[]): Wanted {
    const outputs = names.map((name) => {
      const found = this.program.outputs.find((output) => output.name === name || output.name.startsWith(`${name}.`));
      if (found) return name;
      throw new TraceletError('value', {
        what: `output "${name}"`,
        expected: `one of ${this.program.outputs.map((output) => output.name).join(', ')}`,
      });
    });
    const key = outputs.join();
    const known = this.#wanted.get(key) ?? liveFor(this.program, this.decoded, outputs);
    this.#wanted.set(key, known);
    return known;
  }

  /** Runs the instructions one by one, those that are wanted, yielding the index of each when it is done. */
  *steps(target: Target, wanted?: Wanted): Generator<number> {
    const calls = this.#callsFor(target);
    const { instructions } = this.decoded;
    for (let i = 0; i < calls.length; i++) {
      if (wanted && !wanted.instructions[i]) continue;
      const { kernel, args } = calls[i];
      callKernel(kernel, args, () => `instruction ${i} (${instructions[i].op} of ${instructions[i].path || 'the model'})`);
      yield i;
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
  resolve({ kernels, integers }: Target): { floats: Variant; integers: IntegerForm | undefined } {
    if (!this.exact) return { floats: kernels, integers: undefined };
    return { floats: kernels === 'relaxed' ? 'baseline' : kernels, integers: formFor(kernels, integers) };
  }

  /** Kernels and arguments of each instruction at the sizes of the last inputs. */
  #callsFor(target: Target): BoundCall[] {
    const { floats, integers } = this.resolve(target);
    const { binding } = this;
    const known = this.#calls.get(binding) ?? new Map<string, BoundCall[]>();
    this.#calls.set(binding, known);
    const key = `${floats} ${integers}`;
    let calls = known.get(key);
    if (!calls) {
      calls = this.decoded.instructions.map((instruction, at) => {
        const multiplies = Object.values(instruction.call.row.args).includes('form');
        const relaxed = multiplies && integers && INTEGER_FORMS[integers].kernels === 'relaxed';
        return { kernel: this.kernels(relaxed ? 'relaxed' : floats)[instruction.op], args: this.#args(instruction, at, integers) };
      });
      known.set(key, calls);
    }
    return calls;
  }

  #args({ operands, out, activation }: Instruction, at: number, form: IntegerForm | undefined): number[] {
    const { row, numbers } = this.binding.calls[at];
    return Object.entries(row.args).map(([name, kind]) => {
      if (kind === 'out') return this.addressOf(out);
      if (kind === 'scratch') return this.weights.arena + this.binding.scratch[at];
      if (kind === 'activation') return epilogueOf(activation);
      if (kind === 'form') return INTEGER_FORMS[form ?? 'dot16'].number;
      if (!dtypeOf(kind)) return numbers[name];
      const operand = operands[name];
      return operand === null ? 0 : this.addressOf(operand);
    });
  }

  /** Where a value lies at the sizes of the last inputs. */
  addressOf(value: number): number {
    const storage = storageIndex(this.program.values, value);
    const { place } = this.program.values[storage];
    if ('constant' in place) return this.weights.addressOf(place.constant);
    return this.weights.arena + (this.binding.offsets[storage] as number);
  }
}

function liveFor(program: Program, { instructions }: Decoded, names: readonly string[]): Wanted {
  const outputs = program.outputs.filter(({ name }) => names.includes(name.split('.')[0]) || names.includes(name));
  const live = new Set(outputs.map(({ value }) => storageIndex(program.values, value)));
  const needed = instructions.toReversed().map(({ out, operands }) => {
    if (!live.has(out)) return false;
    for (const value of Object.values(operands)) if (value !== null) live.add(storageIndex(program.values, value));
    return true;
  });
  return { outputs, instructions: needed.reverse() };
}

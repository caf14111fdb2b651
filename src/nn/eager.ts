import { type HostOperands, hostTensor, type Rule } from '../graph/hostvalues.ts';
import { Allocator } from '../kernels/allocator.ts';
import { allocateMemory, callKernel, growMemory, KernelsOn, MEMORY_BASE } from '../kernels/binaries.ts';
import { formFor, INTEGER_FORMS } from '../kernels/integers.ts';
import { type Attributes, type Call, checkCall, checkRange, fitOperands, type Operands, rangesOf } from '../ops/call.ts';
import { kindOf, type Passed, type WeightLayout } from '../ops/kinds.ts';
import { SLACK } from '../ops/op.ts';
import { panelsOf } from '../ops/panels.ts';
import { epilogueOf } from '../ops/table.ts';
import type { Variant } from '../platform/platform.ts';
import { DTYPES } from '../tensor/dtype.ts';
import { raiseFloat16 } from '../tensor/half.ts';
import { Parameter } from '../tensor/parameter.ts';
import { PROVED, type Shape, sizeOf, Tensor } from '../tensor/tensor.ts';

/** Where a parameter lies, and which version of it. */
interface Copy {
  at: number;
  version: number;
}

type Resident = Partial<Record<WeightLayout, Copy>>;

/**
 * Runs ops one by one. Activations live in host memory and visit wasm memory for the duration of a call; parameters stay
 * there, in panels where a kernel wants them so, until they are collected.
 */
export class Engine {
  readonly variant: Variant;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: KernelsOn;
  readonly #allocator: Allocator;
  readonly #residents = new WeakMap<Parameter, Resident>();
  readonly #collected = new FinalizationRegistry<Resident>((resident) => this.#release(resident));

  constructor(variant: Variant) {
    this.variant = variant;
    this.#memory = allocateMemory(MEMORY_BASE, 'eager engine');
    this.#kernels = new KernelsOn(this.#memory);
    this.#allocator = new Allocator(MEMORY_BASE, (end) => growMemory(this.#memory, end, 'eager engine'));
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  within<T>(_module: object, body: () => T): T {
    return body();
  }

  hostValue(rule: Rule, grid: Shape, { input, fill }: HostOperands = {}): Tensor<'int32'> {
    return hostTensor(rule, grid, { input, fill });
  }

  apply(op: string, given: Operands<Tensor>, attrs: Attributes): Tensor {
    const operands = fitOperands(op, given);
    const call = checkCall(op, operands, attrs);
    checkOperands(op, call, operands);
    const { dtype } = call;
    const borrowed: number[] = [];
    const borrow = (bytes: number): number => {
      const at = this.#allocator.alloc(bytes);
      borrowed.push(at);
      return at;
    };
    try {
      const { array, bytes } = DTYPES[dtype];
      const out = borrow(sizeOf(call.shape) * bytes);
      const passed: Passed = {
        out,
        scratch: call.scratch === undefined ? 0 : borrow(call.scratch),
        activation: epilogueOf(attrs.activation as string),
        form: INTEGER_FORMS[formFor('baseline')].number,
        numbers: call.numbers,
        addressOf: (name) => {
          const operand = operands[name];
          return operand ? this.#place(operand, kindOf(call.row.args[name]).weight ?? 'plain', borrow) : 0;
        },
      };
      const args = Object.entries(call.row.args).map(([name, kind]) => kindOf(kind).pass(passed, name));
      callKernel(this.#kernels.of(this.variant, op), args, () => `${op} (eager)`);
      const { buffer } = this.#memory as { buffer: ArrayBuffer };
      return new Tensor(dtype, call.shape, new array(buffer, out, sizeOf(call.shape)).slice(), PROVED);
    } finally {
      for (const at of borrowed) this.#allocator.free(at);
    }
  }

  #place(operand: Tensor, layout: WeightLayout, borrow: (bytes: number) => number): number {
    if (operand instanceof Parameter) return this.#reside(operand, layout);
    return layout === 'panels' ? this.#panels(operand, borrow) : this.#copyIn(operand, borrow);
  }

  /** Where `parameter` lies, written anew in its place if its values were set or may have been written to. */
  #reside(parameter: Parameter, layout: WeightLayout): number {
    const resident = this.#residentOf(parameter);
    const { version } = parameter;
    const known = resident[layout];
    if (known?.version === version && !parameter.lent) return known.at;
    const keep = (bytes: number) => known?.at ?? this.#allocator.alloc(bytes);
    const at = layout === 'panels' ? this.#panels(parameter, keep) : this.#copyIn(parameter, keep);
    resident[layout] = { at, version };
    return at;
  }

  #residentOf(parameter: Parameter): Resident {
    const known = this.#residents.get(parameter);
    if (known) return known;
    const resident: Resident = {};
    this.#residents.set(parameter, resident);
    this.#collected.register(parameter, resident);
    return resident;
  }

  #release(resident: Resident): void {
    for (const { at } of Object.values(resident)) this.#allocator.free(at);
  }

  #copyIn(tensor: Tensor, alloc: (bytes: number) => number): number {
    const bytes = tensor.size * DTYPES[tensor.dtype].bytes;
    const at = alloc(bytes + SLACK);
    const { buffer, byteOffset } = tensor.elements;
    new Uint8Array(this.#memory.buffer, at, bytes).set(new Uint8Array(buffer, byteOffset, bytes));
    return at;
  }

  /** Copies a weight in and rearranges it where it lies. */
  #panels(weight: Tensor, alloc: (bytes: number) => number): number {
    const { shape, ints, scratch = 0 } = panelsOf(weight);
    const at = alloc(sizeOf(shape) * 4);
    this.#copyIn(weight, () => at);
    if (weight.dtype === 'float16') raiseFloat16(new Uint16Array(this.#memory.buffer, at, weight.size));
    const temporary = this.#allocator.alloc(scratch);
    callKernel(this.#kernels.of(this.variant, 'panels'), [at, at, temporary, ints.n, ints.k], () => 'panels (eager)');
    this.#allocator.free(temporary);
    return at;
  }
}

function checkOperands(op: string, call: Call, operands: Operands<Tensor>): void {
  for (const [name, range] of rangesOf(call)) {
    const operand = operands[name];
    if (operand) checkRange(`${op}: ${name}`, operand.elements as Int32Array, range);
  }
}

import { TraceletError } from '../base/error.ts';
import type { Constant, Part } from '../graph/graph.ts';
import type { Region } from '../kernels/arena.ts';
import { allocateMemory, callKernel, KernelsOn, MEMORY_BASE } from '../kernels/binaries.ts';
import { panelsOf } from '../ops/panels.ts';
import type { Variant } from '../platform/platform.ts';
import type { Program } from '../program/program.ts';
import { DTYPES, type DType } from '../tensor/dtype.ts';
import { lowerFloat16, raiseFloat16 } from '../tensor/half.ts';
import { sizeOf, Tensor } from '../tensor/tensor.ts';
import { ConstantPlaces, type Slot } from './places.ts';

const PANEL = 8;
export const MEMORY = 'memory for the trace';

/** Constants whose bytes are on their way: a memory with room for them and for the activations of one call. `settle` makes {@link Constants} of it. */
export class ConstantsBuilder {
  readonly memory: WebAssembly.Memory;
  readonly #places: ConstantPlaces;

  /**
   * For programs on the same constants, which have one arena. `rowsOf` gives each tensor of a constant its first dimension; `shared` says whether
   * threads share the memory.
   */
  constructor(programs: readonly Program[], rowsOf: (name: string) => number, shared: boolean) {
    const arena = Math.max(...programs.map((program) => program.arena));
    this.#places = new ConstantPlaces({ ...programs[0], arena }, rowsOf);
    this.memory = allocateMemory(this.#places.end + this.#places.room, MEMORY, shared);
  }

  /** Where the bytes of the tensor `name` go, once for each constant that it is part of. */
  targets(name: string): Uint8Array[] {
    return this.#places.slotsOf(name).map(({ begin, bytes }) => new Uint8Array(this.memory.buffer, begin, bytes));
  }

  /** Copies the constants of a graph in. */
  fill(constants: readonly Constant[]): void {
    for (const { parts } of constants)
      for (const { name, tensor } of parts) {
        const { buffer, byteOffset, byteLength } = tensor.elements;
        for (const target of this.targets(name)) target.set(new Uint8Array(buffer, byteOffset, byteLength));
      }
  }

  /** Rearranges what lies in panels, constant by constant, where it is. Call it once, when all bytes are there. */
  *settle(variant: Variant): Generator<void, Constants> {
    const { constants, end, room } = this.#places;
    const kernels = new KernelsOn(this.memory);
    const panels = kernels.of(variant, 'panels');
    for (const constant of constants) {
      const { at, layout, dtype, shape, slots } = constant;
      if (layout === 'panels') {
        const { n, k } = panelsOf(constant).ints;
        if (dtype === 'float16') raised(new Uint16Array(this.memory.buffer, at, sizeOf(shape)), slots);
        callKernel(panels, [at, at, end, n, k], () => `rearranging ${slots[0].name}`);
      }
      yield;
    }
    return new Constants(this.memory, this.#places, room, kernels);
  }
}

/** Raises float16 for kernels. Throws a `value` error for what cannot be. */
function raised(bits: Uint16Array, [{ name }]: readonly Slot[]): void {
  if (raiseFloat16(bits)) return;
  throw new TraceletError('value', {
    what: `weight ${name} in float16`,
    expected: 'magnitudes below 128',
    got: 'a larger one, or NaN',
    cure: 'Trace the model again: such a weight stays in float32',
  });
}

/** The constants of a program, each in its place as kernels read it. */
export class Constants {
  readonly memory: WebAssembly.Memory;
  readonly kernels: KernelsOn;
  /** What of the memory is free for activations. */
  readonly free: Region;
  readonly #places: ConstantPlaces;

  /** `room` is how many bytes behind them are free. */
  constructor(memory: WebAssembly.Memory, places: ConstantPlaces, room: number, kernels: KernelsOn = new KernelsOn(memory)) {
    this.memory = memory;
    this.kernels = kernels;
    this.#places = places;
    this.free = { base: places.end, room };
  }

  get bytes(): number {
    return this.#places.end - MEMORY_BASE;
  }

  /** A copy of them as they lie. */
  copied(): Uint8Array {
    return new Uint8Array(this.memory.buffer.slice(MEMORY_BASE, this.#places.end) as ArrayBuffer);
  }

  addressOf(constant: number): number {
    return this.#places.constants[constant].at;
  }

  /** Names of all tensors that they are made of. */
  names(): Set<string> {
    return this.#places.names();
  }

  /** The first dimension of each of these tensors. */
  rows(): Map<string, number> {
    return this.#places.rows();
  }

  /** The tensors that they are made of, read back from memory one by one. */
  *tensors(): Generator<{ name: string; dtype: DType; shape: number[]; read: () => Tensor }> {
    for (const name of this.names()) {
      const [slot] = this.#places.slotsOf(name);
      const { dtype, shape } = slot.constant;
      yield { name, dtype, shape: [slot.rows, ...shape.slice(1)], read: () => this.#readBack(slot) };
    }
  }

  /** The tensor `name`. */
  part(name: string): Part {
    return { name, tensor: this.#readBack(this.#places.slotsOf(name)[0]) };
  }

  /** The elements of an int32 constant. */
  integers(constant: number): Int32Array {
    const { at, shape } = this.#places.constants[constant];
    return new Int32Array(this.memory.buffer, at, sizeOf(shape));
  }

  #readBack(slot: Slot): Tensor {
    const { dtype, at, layout, shape: whole } = slot.constant;
    const shape = [slot.rows, ...whole.slice(1)];
    const { array, bytes: size } = DTYPES[dtype];
    const buffer = this.memory.buffer as ArrayBuffer;
    if (layout === 'plain') return new Tensor(dtype, shape, new array(buffer, slot.begin, slot.bytes / size).slice());
    const words = new Uint32Array(buffer, at);
    const cols = (slot.cols * size) / 4;
    const values = new Uint32Array(slot.rows * cols);
    const first = (slot.begin - at) / 4 / cols;
    for (let row = 0; row < slot.rows; row++) {
      const lane = (first + row) % PANEL;
      const panel = (first + row - lane) * cols + lane;
      for (let col = 0; col < cols; col++) values[row * cols + col] = words[panel + col * PANEL];
    }
    if (dtype === 'float16') lowerFloat16(new Uint16Array(values.buffer));
    return new Tensor(dtype, shape, new array(values.buffer));
  }
}

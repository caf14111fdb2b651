import { TraceletError } from '../base/error.ts';
import type { Constant, Part } from '../graph/graph.ts';
import type { Region } from '../kernels/arena.ts';
import { allocateMemory, callKernel, type Kernels, MEMORY_BASE } from '../kernels/binaries.ts';
import type { Program } from '../program/program.ts';
import { DTYPES } from '../tensor/dtype.ts';
import { sizeOf, Tensor } from '../tensor/tensor.ts';
import { ConstantPlaces, type Slot } from './places.ts';

const PANEL = 8;
export const MEMORY = 'memory for the trace';

type Stored = 'float32' | 'int32' | 'int8' | 'uint8';

/** Constants whose bytes are on their way: a memory with room for them and for the activations of one call. `settle` makes {@link Constants} of it. */
export class ConstantsBuilder {
  readonly memory: WebAssembly.Memory;
  readonly #places: ConstantPlaces;

  /** `rowsOf` gives each tensor of a constant its first dimension; `shared` says whether threads share the memory. */
  constructor(program: Program, rowsOf: (name: string) => number, shared: boolean) {
    this.#places = new ConstantPlaces(program, rowsOf);
    this.memory = allocateMemory(this.#places.end + this.#places.room, MEMORY, shared);
  }

  /**
   * Where the bytes of the tensor `name` go, once for each constant that it is part of: into the last quarter of its room where it is int8 and
   * the constant is float32.
   */
  targets(name: string, dtype: Stored): Uint8Array[] {
    return this.#places.slotsOf(name).map(({ constant, begin, bytes }) => {
      const stored = (bytes / DTYPES[constant.dtype].bytes) * DTYPES[dtype].bytes;
      return new Uint8Array(this.memory.buffer, begin + bytes - stored, stored);
    });
  }

  /** Marks the tensor `name` as int8 with these scales, wherever it stands for floats. */
  quantised(name: string, scale: Float32Array): void {
    for (const slot of this.#places.slotsOf(name)) {
      if (slot.constant.dtype !== 'float32') continue;
      if (scale.length !== slot.rows)
        throw new TraceletError('format', { what: `${name}.scale`, expected: `${slot.rows} scales`, got: `${scale.length}` });
      slot.scale = scale;
    }
  }

  /** Copies the constants of a graph in. */
  fill(constants: readonly Constant[]): void {
    for (const { parts } of constants)
      for (const { name, tensor, stored } of parts) {
        const { buffer, byteOffset, byteLength } = stored?.rows ?? tensor.elements;
        for (const target of this.targets(name, stored ? 'int8' : (tensor.dtype as Stored)))
          target.set(new Uint8Array(buffer, byteOffset, byteLength));
        if (stored) this.quantised(name, stored.scale);
      }
  }

  /** Expands what is int8 and rearranges what is packed, constant by constant, where they are. Call it once, when all bytes are there. */
  *settle(kernels: Kernels): Generator<void, Constants> {
    const { constants, end, room } = this.#places;
    for (const { at, layout, shape, slots } of constants) {
      for (const { name, begin, bytes, rows, cols, scale } of slots) {
        if (!scale) continue;
        new Float32Array(this.memory.buffer, end, rows).set(scale);
        callKernel(kernels.dequantize, [begin, begin + (bytes / 4) * 3, end, rows, cols], () => `expanding ${name}`);
      }
      if (layout === 'packed') callKernel(kernels.pack, [at, at, end, shape[0], shape[1]], () => `packing ${slots[0].name}`);
      yield;
    }
    return new Constants(this.memory, this.#places, room);
  }
}

/** The constants of a program, each in its place as kernels read it; int8 and uint8 ones as the file has them. */
export class Constants {
  readonly memory: WebAssembly.Memory;
  /** What of the memory is free for activations. */
  readonly free: Region;
  readonly #places: ConstantPlaces;

  /** `room` is how many bytes behind them are free. */
  constructor(memory: WebAssembly.Memory, places: ConstantPlaces, room: number) {
    this.memory = memory;
    this.#places = places;
    this.free = { base: places.end, room };
  }

  get bytes(): number {
    return this.#places.end - MEMORY_BASE;
  }

  /** A copy of them as they lie. */
  copied(): Uint8Array<ArrayBuffer> {
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

  /** The tensors as a file stores them, read back from memory one by one: int8 ones are followed by their scales. */
  *stored(): Generator<{ name: string; dtype: Stored; shape: number[]; read: () => Tensor }> {
    for (const name of this.names()) {
      const [slot] = this.#places.slotsOf(name);
      const { constant, scale } = slot;
      const shape = [slot.rows, ...constant.shape.slice(1)];
      if (!scale) yield { name, dtype: constant.dtype as Stored, shape, read: () => this.#readBack(slot) };
      else {
        yield { name, dtype: 'int8', shape, read: () => requantise(this.#readBack(slot), scale) };
        yield { name: `${name}.scale`, dtype: 'float32', shape: [slot.rows], read: () => new Tensor('float32', [slot.rows], scale) };
      }
    }
  }

  /** The float32 or integer elements of the tensor `name`, and what the file holds for them if that is something else. */
  part(name: string): Part {
    const [slot] = this.#places.slotsOf(name);
    const tensor = this.#readBack(slot);
    const { scale } = slot;
    return scale ? { name, tensor, stored: { rows: requantise(tensor, scale).data as Int8Array, scale } } : { name, tensor };
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
    const words = new Float32Array(buffer, at);
    const values = new Float32Array(slot.rows * slot.cols);
    const first = (slot.begin - at) / 4 / slot.cols;
    for (let row = 0; row < slot.rows; row++) {
      const lane = (first + row) % PANEL;
      const panel = (first + row - lane) * slot.cols + lane;
      for (let col = 0; col < slot.cols; col++) values[row * slot.cols + col] = words[panel + col * PANEL];
    }
    return new Tensor('float32', shape, values);
  }
}

function requantise(values: Tensor, scale: Float32Array): Tensor {
  const cols = values.size / scale.length;
  const from = values.data as Float32Array;
  const quantised = new Int8Array(from.length);
  for (let row = 0; row < scale.length; row++)
    if (scale[row] !== 0) for (let i = row * cols; i < (row + 1) * cols; i++) quantised[i] = Math.round(from[i] / scale[row]);
  return new Tensor('int8', values.shape, quantised);
}

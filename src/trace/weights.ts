import { DTYPES } from '../dtype.ts';
import { TraceletError } from '../error.ts';
import { callKernel, type Kernels, MEMORY_BASE } from '../kernels.ts';
import { OPS } from '../ops.ts';
import { Parameter } from '../parameter.ts';
import { sizeOf, Tensor } from '../tensor.ts';
import type { Constant } from './graph.ts';
import { bytesOf } from './plan.ts';
import type { ConstantInfo, Program } from './program.ts';

const PANEL = 8;
const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** A tensor of the file and its room in memory: [begin, begin + bytes), of which the file's bytes fill the last `stored`. */
interface Slot {
  name: string;
  begin: number;
  bytes: number;
  rows: number;
  cols: number;
  /** A scale a row, if the file holds int8. */
  scale?: Float32Array;
}

interface Placed extends ConstantInfo {
  at: number;
  slots: Slot[];
}

/**
 * Memory of a trace, planned before the first byte is read:
 *
 *   0          65536                                       arena
 *   | binaries | constant 0 | constant 1 | …             | activations, scratch |
 *
 * A constant's tensors lie below one another. int8 tensors are read into the last quarter of their float32 room and
 * expanded where they are; packed constants are rearranged where they are.
 */
export class Weights {
  readonly arena: number;
  /** Bytes of memory that the trace needs in all. */
  readonly bytes: number;
  /** Bytes of constants. */
  readonly constantBytes: number;
  readonly #constants: Placed[] = [];
  readonly #memory: () => Uint8Array;

  /** `shapeOf` gives each tensor of a constant its first dimension. */
  constructor(program: Program, rowsOf: (name: string) => number, memory: () => Uint8Array) {
    this.#memory = memory;
    let at = MEMORY_BASE;
    let scratch = 0;
    for (const info of program.constants) {
      const cols = sizeOf(info.shape.slice(1));
      const packed = info.layout === 'packed' ? OPS.pack.infer({ x: info.shape }) : undefined;
      this.#constants.push({ ...info, at, slots: slotsOf(info, at, cols, rowsOf) });
      scratch = Math.max(scratch, packed?.scratch ?? 0, 4 * (info.shape[0] ?? 1));
      at = align(at + (packed ? sizeOf(packed.shape) * 4 : bytesOf(info)));
    }
    this.arena = at;
    this.constantBytes = at - MEMORY_BASE;
    this.bytes = at + align(Math.max(program.arena, scratch));
  }

  addressOf(constant: number): number {
    return this.#constants[constant].at;
  }

  /** Names of all tensors that the constants are made of. */
  names(): Set<string> {
    return new Set(this.#constants.flatMap(({ parts }) => parts));
  }

  /** Where the bytes of the tensor `name` go, once for each constant that it is part of. */
  targets(name: string, dtype: 'float32' | 'int32' | 'int8'): Uint8Array[] {
    return this.#slots(name).map(([, { begin, bytes }]) => {
      const stored = dtype === 'int8' ? bytes / 4 : bytes;
      return this.#memory().subarray(begin + bytes - stored, begin + bytes);
    });
  }

  /** Marks the tensor `name` as int8 with these scales. */
  quantised(name: string, scale: Float32Array): void {
    for (const [, slot] of this.#slots(name)) {
      if (scale.length !== slot.rows)
        throw new TraceletError('format', { what: `${name}.scale`, expected: `${slot.rows} scales`, got: `${scale.length}` });
      slot.scale = scale;
    }
  }

  /** Expands what is int8 and rearranges what is packed, after all bytes are there. */
  settle(kernels: Kernels): void {
    const floats = (at: number, length: number) => new Float32Array(this.#memory().buffer, at, length);
    for (const { at, layout, shape, slots } of this.#constants) {
      for (const { name, begin, bytes, rows, cols, scale } of slots) {
        if (!scale) continue;
        floats(this.arena, rows).set(scale);
        callKernel(kernels.dequantize, [begin, begin + (bytes / 4) * 3, this.arena, rows, cols], () => `expanding ${name}`);
      }
      if (layout === 'packed') callKernel(kernels.pack, [at, at, this.arena, shape[0], shape[1]], () => `packing ${slots[0].name}`);
    }
  }

  /** Copies the constants of a fresh trace in. */
  fill(constants: readonly Constant[]): void {
    for (const { parts } of constants)
      for (const { name, tensor } of parts) {
        const quantised = tensor instanceof Parameter ? tensor.quantised : null;
        const { buffer, byteOffset, byteLength } = quantised ? quantised.rows : tensor.data;
        for (const target of this.targets(name, quantised ? 'int8' : 'float32')) target.set(new Uint8Array(buffer, byteOffset, byteLength));
        if (quantised) this.quantised(name, quantised.scale);
      }
  }

  /** The tensors as a file stores them, read back from memory one by one: int8 ones are followed by their scales. */
  *stored(): Generator<{ name: string; dtype: 'float32' | 'int32' | 'int8'; shape: number[]; read: () => Tensor }> {
    for (const name of this.names()) {
      const [[constant, slot]] = this.#slots(name);
      const shape = [slot.rows, ...constant.shape.slice(1)];
      const dtype = constant.dtype as 'float32' | 'int32';
      if (!slot.scale) yield { name, dtype, shape, read: () => this.#readBack(constant, slot) };
      else {
        const { scale } = slot;
        yield { name, dtype: 'int8', shape, read: () => requantise(this.#readBack(constant, slot), scale) };
        yield { name: `${name}.scale`, dtype: 'float32', shape: [slot.rows], read: () => new Tensor('float32', [slot.rows], scale) };
      }
    }
  }

  /** The elements of an int32 constant. */
  integers(constant: number): Int32Array {
    const { at, shape } = this.#constants[constant];
    return new Int32Array(this.#memory().buffer, at, sizeOf(shape));
  }

  #slots(name: string): [Placed, Slot][] {
    return this.#constants.flatMap((constant) =>
      constant.slots.filter((slot) => slot.name === name).map((slot): [Placed, Slot] => [constant, slot]),
    );
  }

  #readBack(constant: Placed, slot: Slot): Tensor {
    const { dtype, at, layout } = constant;
    const shape = [slot.rows, ...constant.shape.slice(1)];
    const words = new DTYPES[dtype].array(this.#memory().buffer as ArrayBuffer, at) as Float32Array;
    if (layout === 'plain') return new Tensor(dtype, shape, words.slice((slot.begin - at) / 4, (slot.begin - at + slot.bytes) / 4));
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

function slotsOf(info: ConstantInfo, at: number, cols: number, rowsOf: (name: string) => number): Slot[] {
  let begin = at;
  const slots = info.parts.map((name): Slot => {
    const rows = info.parts.length === 1 ? (info.shape[0] ?? 1) : rowsOf(name);
    const slot = { name, begin, bytes: rows * cols * 4, rows, cols };
    begin += slot.bytes;
    return slot;
  });
  if (begin - at !== bytesOf(info))
    throw new TraceletError('format', {
      what: `constant made of ${info.parts.join(', ')}`,
      expected: `${bytesOf(info)} bytes`,
      got: `${begin - at}`,
    });
  return slots;
}

function requantise(values: Tensor, scale: Float32Array): Tensor {
  const cols = values.size / scale.length;
  const from = values.data as Float32Array;
  const quantised = new Int8Array(from.length);
  for (let row = 0; row < scale.length; row++)
    if (scale[row] !== 0) for (let i = row * cols; i < (row + 1) * cols; i++) quantised[i] = Math.round(from[i] / scale[row]);
  return new Tensor('int8', values.shape, quantised);
}

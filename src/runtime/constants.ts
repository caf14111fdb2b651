import { TraceletError } from '../base/error.ts';
import type { Constant, Part } from '../graph/graph.ts';
import { callKernel, type Kernels, MEMORY_BASE } from '../kernels/binaries.ts';
import { SLACK } from '../ops/op.ts';
import { OPS } from '../ops/table.ts';
import { align, bytesOf } from '../program/layout.ts';
import type { ConstantInfo, Program } from '../program/program.ts';
import { DTYPES } from '../tensor/dtype.ts';
import { sizeOf, Tensor } from '../tensor/tensor.ts';

const PANEL = 8;

/** A tensor of the file and its room in memory: [begin, begin + bytes). */
interface Slot {
  name: string;
  begin: number;
  bytes: number;
  rows: number;
  cols: number;
  /** A scale a row, if the file holds int8 for what is float32 in memory. */
  scale?: Float32Array;
}

type Stored = 'float32' | 'int32' | 'int8' | 'uint8';

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
 * A constant's tensors lie below one another. int8 tensors of a float32 constant are read into the last quarter of their room and
 * expanded where they are; those in panels are rearranged where they are; int8 and uint8 constants stay as the file has them.
 */
export class Weights {
  readonly arena: number;
  /** Bytes of memory that the sizes of the dummy inputs need. */
  readonly bytes: number;
  /** Bytes of constants. */
  readonly constantBytes: number;
  readonly #constants: Placed[] = [];
  readonly #slots = new Map<string, [Placed, Slot][]>();
  readonly #memory: () => Uint8Array;

  /** `rowsOf` gives each tensor of a constant its first dimension. */
  constructor(program: Program, rowsOf: (name: string) => number, memory: () => Uint8Array) {
    this.#memory = memory;
    let at = MEMORY_BASE;
    let scratch = 0;
    for (const info of program.constants) {
      const cols = sizeOf(info.shape.slice(1));
      const panels = info.layout === 'panels' ? OPS.panels.infer({ x: info.shape }) : undefined;
      const placed = { ...info, at, slots: slotsOf(info, at, cols, rowsOf) };
      this.#constants.push(placed);
      for (const slot of placed.slots) {
        const others = this.#slots.get(slot.name);
        if (others) others.push([placed, slot]);
        else this.#slots.set(slot.name, [[placed, slot]]);
      }
      scratch = Math.max(scratch, panels?.scratch ?? 0, 4 * (info.shape[0] ?? 1));
      at = align(at + (panels ? sizeOf(panels.shape) * 4 : bytesOf(info)) + SLACK);
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
    return new Set(this.#slots.keys());
  }

  /** The first dimension of each tensor that is a part of a constant. */
  rows(): Map<string, number> {
    return new Map([...this.#slots].map(([name, [[, { rows }]]]) => [name, rows]));
  }

  /** Where the bytes of the tensor `name` go, once for each constant that it is part of. */
  targets(name: string, dtype: Stored): Uint8Array[] {
    return this.#slotsOf(name).map(([constant, { begin, bytes }]) => {
      const stored = (bytes / DTYPES[constant.dtype].bytes) * DTYPES[dtype].bytes;
      return this.#memory().subarray(begin + bytes - stored, begin + bytes);
    });
  }

  /** Marks the tensor `name` as int8 with these scales, wherever it stands for floats. */
  quantised(name: string, scale: Float32Array): void {
    for (const [{ dtype }, slot] of this.#slotsOf(name)) {
      if (dtype !== 'float32') continue;
      if (scale.length !== slot.rows)
        throw new TraceletError('format', { what: `${name}.scale`, expected: `${slot.rows} scales`, got: `${scale.length}` });
      slot.scale = scale;
    }
  }

  /** Expands what is int8 and rearranges what lies in panels, after all bytes are there. */
  settle(kernels: Kernels): void {
    for (const _ of this.settling(kernels));
  }

  /** The same, constant by constant. */
  *settling(kernels: Kernels): Generator<void> {
    const floats = (at: number, length: number) => new Float32Array(this.#memory().buffer, at, length);
    for (const { at, layout, shape, slots } of this.#constants) {
      for (const { name, begin, bytes, rows, cols, scale } of slots) {
        if (!scale) continue;
        floats(this.arena, rows).set(scale);
        callKernel(kernels.dequantize, [begin, begin + (bytes / 4) * 3, this.arena, rows, cols], () => `expanding ${name}`);
      }
      if (layout === 'panels') callKernel(kernels.panels, [at, at, this.arena, shape[0], shape[1]], () => `rearranging ${slots[0].name}`);
      yield;
    }
  }

  /** Copies the constants of a fresh trace in. */
  fill(constants: readonly Constant[]): void {
    for (const { parts } of constants)
      for (const { name, tensor, stored } of parts) {
        const { buffer, byteOffset, byteLength } = stored?.rows ?? tensor.elements;
        for (const target of this.targets(name, stored ? 'int8' : (tensor.dtype as Stored)))
          target.set(new Uint8Array(buffer, byteOffset, byteLength));
        if (stored) this.quantised(name, stored.scale);
      }
  }

  /** The tensors as a file stores them, read back from memory one by one: int8 ones are followed by their scales. */
  *stored(): Generator<{ name: string; dtype: Stored; shape: number[]; read: () => Tensor }> {
    for (const name of this.names()) {
      const [[constant, slot]] = this.#slotsOf(name);
      const shape = [slot.rows, ...constant.shape.slice(1)];
      const dtype = constant.dtype as Stored;
      if (!slot.scale) yield { name, dtype, shape, read: () => this.#readBack(constant, slot) };
      else {
        const { scale } = slot;
        yield { name, dtype: 'int8', shape, read: () => requantise(this.#readBack(constant, slot), scale) };
        yield { name: `${name}.scale`, dtype: 'float32', shape: [slot.rows], read: () => new Tensor('float32', [slot.rows], scale) };
      }
    }
  }

  /** The float32 or integer elements of the tensor `name`, and what the file holds for them if that is something else. */
  part(name: string): Part {
    const [[constant, slot]] = this.#slotsOf(name);
    const tensor = this.#readBack(constant, slot);
    const { scale } = slot;
    return scale ? { name, tensor, stored: { rows: requantise(tensor, scale).data as Int8Array, scale } } : { name, tensor };
  }

  /** The elements of an int32 constant. */
  integers(constant: number): Int32Array {
    const { at, shape } = this.#constants[constant];
    return new Int32Array(this.#memory().buffer, at, sizeOf(shape));
  }

  #slotsOf(name: string): [Placed, Slot][] {
    return this.#slots.get(name) ?? [];
  }

  #readBack(constant: Placed, slot: Slot): Tensor {
    const { dtype, at, layout } = constant;
    const shape = [slot.rows, ...constant.shape.slice(1)];
    const { array, bytes: size } = DTYPES[dtype];
    const buffer = this.#memory().buffer as ArrayBuffer;
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

function slotsOf(info: ConstantInfo, at: number, cols: number, rowsOf: (name: string) => number): Slot[] {
  let begin = at;
  const slots = info.parts.map((name): Slot => {
    const rows = info.parts.length === 1 ? (info.shape[0] ?? 1) : rowsOf(name);
    const slot = { name, begin, bytes: rows * cols * DTYPES[info.dtype].bytes, rows, cols };
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

import { TraceletError } from '../base/error.ts';
import { MEMORY_BASE } from '../kernels/binaries.ts';
import { SLACK } from '../ops/op.ts';
import { panelsOf } from '../ops/panels.ts';
import { align, bytesOf } from '../program/layout.ts';
import type { ConstantInfo, Program } from '../program/program.ts';
import { DTYPES } from '../tensor/dtype.ts';
import { sizeOf } from '../tensor/tensor.ts';

/** A tensor that a constant is made of, and its room in memory: [begin, begin + bytes). */
export interface Slot {
  name: string;
  constant: PlacedConstant;
  begin: number;
  bytes: number;
  rows: number;
  cols: number;
}

export interface PlacedConstant extends ConstantInfo {
  at: number;
  slots: readonly Slot[];
}

/**
 * Where the constants of a program lie, known before the first byte is read:
 *
 *   0          65536                       end
 *   | binaries | constant 0 | constant 1 | … | activations, scratch |
 *
 * The tensors of a constant lie below one another.
 */
export class ConstantPlaces {
  readonly constants: readonly PlacedConstant[];
  readonly end: number;
  /** Bytes behind the constants: enough for a call at the sizes of the dummy inputs, and to rearrange the constants. */
  readonly room: number;
  readonly #slots = new Map<string, Slot[]>();

  /** `rowsOf` gives each tensor of a constant its first dimension. Throws `format` errors for tensors that do not make up their constant. */
  constructor(program: Program, rowsOf: (name: string) => number) {
    const constants: PlacedConstant[] = [];
    let at = MEMORY_BASE;
    let scratch = 0;
    for (const info of program.constants) {
      const panels = info.layout === 'panels' ? panelsOf(info) : undefined;
      const constant = place(info, at, rowsOf);
      constants.push(constant);
      for (const slot of constant.slots) {
        const others = this.#slots.get(slot.name);
        if (others) others.push(slot);
        else this.#slots.set(slot.name, [slot]);
      }
      scratch = Math.max(scratch, panels?.scratch ?? 0);
      at = align(at + (panels ? sizeOf(panels.shape) * 4 : bytesOf(info)) + SLACK);
    }
    this.constants = constants;
    this.end = at;
    this.room = align(Math.max(program.arena, scratch));
  }

  /** Where the tensor `name` lies, once for each constant that it is a part of. */
  slotsOf(name: string): readonly Slot[] {
    return this.#slots.get(name) ?? [];
  }

  /** Names of all tensors that the constants are made of. */
  names(): Set<string> {
    return new Set(this.#slots.keys());
  }

  /** The first dimension of each of them. */
  rows(): Map<string, number> {
    return new Map([...this.#slots].map(([name, [{ rows }]]) => [name, rows]));
  }
}

function place(info: ConstantInfo, at: number, rowsOf: (name: string) => number): PlacedConstant {
  const cols = sizeOf(info.shape.slice(1));
  const slots: Slot[] = [];
  const constant = { ...info, at, slots };
  let begin = at;
  for (const name of info.parts) {
    const rows = info.parts.length === 1 ? (info.shape[0] ?? 1) : rowsOf(name);
    const bytes = rows * cols * DTYPES[info.dtype].bytes;
    slots.push({ name, constant, begin, bytes, rows, cols });
    begin += bytes;
  }
  if (begin - at !== bytesOf(info))
    throw new TraceletError('format', {
      what: `constant made of ${info.parts.join(', ')}`,
      expected: `${bytesOf(info)} bytes`,
      got: `${begin - at}`,
    });
  return constant;
}

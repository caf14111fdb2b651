import { wholePages } from '../kernels/binaries.ts';
import { hasKind } from '../ops/op.ts';
import { bytesOf } from '../program/layout.ts';
import type { Instance } from '../runtime/instance.ts';
import type { Specialisation } from '../runtime/specialise.ts';

/** What one instruction costs. */
export interface InstructionPlan {
  op: string;
  /** Module path. */
  path: string;
  /** Dimensions of the result. */
  shape: readonly number[];
  /** Byte of the arena where the result lies. */
  offset: number;
  /** Of the result. */
  bytes: number;
  /** Floating-point operations. */
  flops: number;
  /** Bytes read and written. */
  moved: number;
  /** Whether its operations are those of integers. */
  integer: boolean;
}

/** What a call costs, known before it is made. Sizes in bytes. */
export interface MemoryPlan {
  /** Weights as the kernels read them. */
  weights: number;
  /** Activations and scratch. */
  arena: number;
  /** The wasm memory that the call needs. */
  memory: number;
  /** Floating-point operations. */
  flops: number;
  instructions: InstructionPlan[];
}

/** What a call of a loaded program costs at the sizes of `specialisation`. */
export function costs({ program, constants, proved }: Instance, specialisation: Specialisation): MemoryPlan {
  const size = (value: number | null): number =>
    value === null ? 0 : bytesOf({ ...program.values[value], shape: specialisation.shapes[value] });
  const instructions = proved.instructions.map(({ op, path, out, operands }, at): InstructionPlan => {
    const { row, numbers, shape } = specialisation.calls[at];
    const moved = row.bytes?.(numbers) ?? Object.values(operands).reduce((sum: number, operand) => sum + size(operand), size(out));
    const offset = specialisation.offsets[out] as number;
    const integer = hasKind(row, 'form');
    return { op, path, shape, offset, bytes: size(out), flops: row.flops(numbers), moved, integer };
  });
  const flops = instructions.reduce((sum, instruction) => sum + instruction.flops, 0);
  const { base, room } = constants.free;
  const memory = wholePages(base + Math.max(room, specialisation.arena));
  return { weights: constants.bytes, arena: specialisation.arena, memory, flops, instructions };
}

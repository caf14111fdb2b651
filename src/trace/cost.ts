import type { Instance } from './instance.ts';
import { bytesOf } from './plan.ts';

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
}

/** What a call costs, known before it is made. Sizes in bytes. */
export interface MemoryPlan {
  /** Weights as the kernels read them. */
  weights: number;
  /** Activations and scratch. */
  arena: number;
  /** The whole wasm memory. */
  memory: number;
  instructions: InstructionPlan[];
}

/** What a call of a loaded program costs. */
export function costs(instance: Instance): MemoryPlan {
  const { program, weights, memoryBytes, decoded } = instance;
  const size = (value: number | null): number => (value === null ? 0 : bytesOf(program.values[value]));
  const instructions = decoded.instructions.map(({ op, path, call, out, operands }): InstructionPlan => {
    const { row, numbers, shape } = call;
    const moved = row.bytes?.(numbers) ?? Object.values(operands).reduce((sum: number, operand) => sum + size(operand), size(out));
    const offset = instance.addressOf(out) - weights.arena;
    return { op, path, shape, offset, bytes: size(out), flops: row.flops(numbers), moved };
  });
  return { weights: weights.constantBytes, arena: program.arena, memory: memoryBytes, instructions };
}

import { type Bounds, evaluateDim, type Sizes } from '../dim.ts';
import { TraceletError } from '../error.ts';
import { wholePages } from '../kernels.ts';
import { hasKind } from '../op.ts';
import type { Binding } from './binding.ts';
import type { Instance } from './instance.ts';
import { bytesOf } from './plan.ts';
import { ROWS } from './program.ts';

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

/** All sizes of a call, at the dummies' but for those given. Throws `value` errors for those out of bounds. */
export function sizesFor({ program, decoded: { base } }: Instance, given: Sizes): Sizes {
  const sizes = { ...base, ...given };
  const packed = program.derived.find((derived) => derived.packed);
  const tokens = packed?.grid.reduce<number>((product, dim) => product * evaluateDim(dim, sizes), 1);
  if (tokens !== undefined && given[ROWS] === undefined) sizes[ROWS] = tokens;
  const bounds: Bounds = tokens === undefined ? program.symbols : { ...program.symbols, [ROWS]: [0, tokens] };
  for (const [symbol, size] of Object.entries(given)) {
    const [low, high] = bounds[symbol] ?? [];
    if (!(Number.isInteger(size) && size >= low && size <= high))
      throw new TraceletError('value', {
        what: `plan: ${symbol}`,
        expected: bounds[symbol]
          ? `a whole number from ${low} to ${high}`
          : `one of ${Object.keys(bounds).join(', ') || 'no sizes: the trace is strict'}`,
        got: `${size}`,
      });
  }
  return sizes;
}

/** What a call of a loaded program costs at the sizes of `binding`. */
export function costs({ program, weights, decoded }: Instance, binding: Binding): MemoryPlan {
  const size = (value: number | null): number => (value === null ? 0 : bytesOf({ ...program.values[value], shape: binding.shapes[value] }));
  const instructions = decoded.instructions.map(({ op, path, out, operands }, at): InstructionPlan => {
    const { row, numbers, shape } = binding.calls[at];
    const moved = row.bytes?.(numbers) ?? Object.values(operands).reduce((sum: number, operand) => sum + size(operand), size(out));
    const offset = binding.offsets[out] as number;
    const integer = hasKind(row, 'form');
    return { op, path, shape, offset, bytes: size(out), flops: row.flops(numbers), moved, integer };
  });
  const flops = instructions.reduce((sum, instruction) => sum + instruction.flops, 0);
  const memory = wholePages(Math.max(weights.bytes, weights.arena + binding.arena));
  return { weights: weights.constantBytes, arena: binding.arena, memory, flops, instructions };
}

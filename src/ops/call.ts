import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { type DType, isWhole } from '../tensor/dtype.ts';
import { type Shape, Tensor } from '../tensor/tensor.ts';
import { type Arguments, kindOf } from './kinds.ts';
import type { Inferred, Op } from './op.ts';
import { EPILOGUES, opOf } from './table.ts';

/** What the rules of an op need to know of an operand. */
export interface Described {
  dtype: DType;
  shape: Shape;
}

export type Operands<T> = Record<string, T | null | undefined>;
export type Attributes = Record<string, number | string>;

/** An op applied to given shapes: its row, the result's shape, and every number that the kernel takes. */
export interface Call extends Inferred {
  row: Op;
  /** The dtype of the result. */
  dtype: DType;
  /** Dimensions and attributes by argument name. */
  numbers: Record<string, number>;
}

/** The operands of `op` in the dtypes that it takes. Throws `op`, `dtype` and `value` errors for what is no tensor or cannot be converted. */
export function fitOperands(op: string, operands: Operands<Tensor>): Operands<Tensor> {
  const { args } = opOf(op);
  const fitted: Operands<Tensor> = {};
  const moved = movedDType(args, operands);
  for (const name of Object.keys(operands)) {
    const operand = operands[name];
    const dtype = operand !== null && operand !== undefined && Object.hasOwn(args, name) && kindOf(args[name]).dtype;
    const wanted = dtype && kindOf(args[name]).moved ? moved : dtype;
    fitted[name] = wanted ? fitOperand(operand, wanted, whatOf(op, name)) : operand;
  }
  return fitted;
}

/** What operands that are moved become: whole numbers where all are such. */
function movedDType(args: Op['args'], operands: Operands<Tensor>): DType {
  const moved = Object.entries(operands).filter(([name]) => Object.hasOwn(args, name) && kindOf(args[name]).moved);
  return moved.every(([, operand]) => operand && isWhole(operand.dtype)) ? 'int32' : 'float32';
}

function fitOperand(operand: unknown, dtype: DType, what: string): Tensor {
  if (operand instanceof Tensor) return operand.operand(dtype, what);
  throw new TraceletError('value', { what, expected: `a ${dtype} tensor`, got: describe(operand) });
}

const whatOf = (op: string, name: string): string => `${op}: operand "${name}"`;

/** Checks operands and attributes of one application of `op` against its row. Throws `op`, `dtype`, `value` or `shape` errors. */
export function checkCall(op: string, operands: Operands<Described>, attrs: Attributes): Call {
  const row = opOf(op);
  const shapes: Record<string, Shape> = {};
  const numbers: Record<string, number> = {};
  let moved: DType | undefined;
  for (const name in row.args) {
    const { dtype: own, optional, given, moved: isMoved } = kindOf(row.args[name]);
    if (own) {
      const operand = operands[name];
      const dtype = isMoved ? (moved ?? (operand?.dtype === 'int32' ? 'int32' : own)) : own;
      if (isMoved) moved = dtype;
      if (operand) {
        if (operand.dtype !== dtype) throw new TraceletError('dtype', { what: whatOf(op, name), expected: dtype, got: operand.dtype });
        shapes[name] = operand.shape;
      } else if (!optional) throw new TraceletError('value', { what: whatOf(op, name), expected: `a ${dtype} tensor`, got: 'nothing' });
    } else if (given) {
      const value = attrs[name];
      if (!given.fits(value, EPILOGUES))
        throw new TraceletError('value', { what: whatOf(op, name), expected: given.expected(EPILOGUES), got: describe(value) });
      if (typeof value === 'number') numbers[name] = value;
    }
  }
  const inferred = row.infer(shapes, numbers);
  return { ...inferred, row, dtype: row.result ?? moved ?? 'float32', numbers: { ...inferred.ints, ...numbers } };
}

/** The attributes among the arguments of a call. */
export function attributesOf({ args }: Op, { numbers, activation }: Pick<Arguments, 'numbers' | 'activation'>): Attributes {
  const given = Object.entries(args).filter(([, kind]) => kindOf(kind).given);
  return Object.fromEntries(given.map(([name]) => [name, numbers[name] ?? activation]));
}

/** What the elements of an int32 operand may be: from 0 to below `bound`, each 0 to `step` above the one before it. */
export interface Range {
  bound: number;
  step?: number;
}

/** Ranges of the int32 operands of a call that have one, by name. */
export function rangesOf({ row, numbers }: Call): [operand: string, range: Range][] {
  return Object.entries(row.bounds ?? {}).map(([name, bound]) => [name, { bound: bound(numbers), step: row.steps?.[name]?.(numbers) }]);
}

/** What two ranges allow together. */
export function narrower({ bound, step = Number.POSITIVE_INFINITY }: Range, other?: Range): Range {
  const least = Math.min(step, other?.step ?? step);
  return { bound: Math.min(bound, other?.bound ?? bound), step: least === Number.POSITIVE_INFINITY ? undefined : least };
}

/** Throws a `value` error naming the first element of an int32 operand that lies outside its range. */
export function checkRange(what: string, values: ArrayLike<number>, { bound, step }: Range): void {
  const check = (i: number, low: number, high: number): void => {
    if (values[i] < low || values[i] > high)
      throw new TraceletError('value', { what: `${what}[${i}]`, expected: `a whole number from ${low} to ${high}`, got: `${values[i]}` });
  };
  for (let i = 0; i < values.length; i++) {
    check(i, 0, bound - 1);
    if (step !== undefined && i > 0) check(i, values[i - 1], values[i - 1] + step);
  }
}

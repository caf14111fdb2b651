import { FUNCTIONS } from '../../ops/functionnames.ts';
import { type Operand, TENSOR, taking } from '../../tensor/arguments.ts';
import { type DType, isWhole } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../executor.ts';
import { commonShape } from './axes.ts';

/**
 * Questions and choices, element by element. Answers are 0 and 1 in int32, as masks are; shapes that differ are repeated along dimensions of 1.
 */

type Flags = Tensor<'int32'>;
type Comparison = (input: Operand, other: Operand) => Flags;

const PAIR = { input: TENSOR, other: TENSOR };

function compared(of: string, a: Tensor, b: Tensor): Flags {
  commonShape(of, a.shape, b.shape);
  const op = isWhole(a.dtype) && isWhole(b.dtype) ? 'compare_i32' : 'compare';
  return apply<'int32'>(op, { a, b }, { function: FUNCTIONS[of] });
}

const comparison = (name: string): Comparison => taking<Comparison>(`F.${name}`, PAIR, (a: Tensor, b: Tensor) => compared(name, a, b));

/** 1 where a = b, 0 elsewhere: int32, of shapes that are repeated to one. As `torch.eq`. */
export const eq: Comparison = comparison('eq');

/** 1 where a ≠ b, also where one is NaN, 0 elsewhere: int32, of shapes that are repeated to one. As `torch.ne`. */
export const ne: Comparison = comparison('ne');

/** 1 where a < b, 0 elsewhere: int32, of shapes that are repeated to one. As `torch.lt`. */
export const lt: Comparison = comparison('lt');

/** 1 where a ≤ b, 0 elsewhere: int32, of shapes that are repeated to one. As `torch.le`. */
export const le: Comparison = comparison('le');

/** 1 where a > b, 0 elsewhere: int32, of shapes that are repeated to one. As `torch.gt`. */
export const gt: Comparison = comparison('gt');

/** 1 where a ≥ b, 0 elsewhere: int32, of shapes that are repeated to one. As `torch.ge`. */
export const ge: Comparison = comparison('ge');

/** 1 where neither a nor b is 0, 0 elsewhere: int32, of shapes that are repeated to one. As `torch.logical_and`. */
export const logical_and: Comparison = comparison('logical_and');

/** 1 where a or b is not 0, 0 elsewhere: int32, of shapes that are repeated to one. As `torch.logical_or`. */
export const logical_or: Comparison = comparison('logical_or');

/** 1 where one of a and b is 0 and the other is not, 0 elsewhere: int32, of shapes that are repeated to one. As `torch.logical_xor`. */
export const logical_xor: Comparison = comparison('logical_xor');

/** 1 where an element is 0, 0 elsewhere: int32. As `torch.logical_not`. */
export const logical_not = taking<(input: Operand) => Flags>('F.logical_not', { input: TENSOR }, (x: Tensor) => eq(x, 0));

const truth = (condition: Tensor): Tensor => (isWhole(condition.dtype) ? condition : ne(condition, 0));

/** What is chosen of operands of these dtypes. */
type Chosen<A, B> = [A, B] extends [Tensor<infer C extends DType>, Tensor<infer D extends DType>]
  ? [C, D] extends ['int32', 'int32']
    ? Flags
    : Tensor<'float32'>
  : Tensor;

const chosen = (condition: Tensor, a: Tensor, b: Tensor): Tensor => apply<DType>('where', { condition: truth(condition), a, b });

/** a where `condition` is not 0, b elsewhere, of shapes that are repeated to one: int32 where both hold whole numbers, else float32. As `torch.where`. */
export const where = taking<<A extends Operand, B extends Operand>(condition: Operand, input: A, other: B) => Chosen<A, B>>(
  'F.where',
  { condition: TENSOR, ...PAIR },
  chosen as (condition: Tensor, a: Tensor, b: Tensor) => never,
);

/** x with `value` where `mask`, whose shape is repeated to that of x, is not 0. As `torch.masked_fill`. */
export const masked_fill = taking<<D extends DType>(input: Tensor<D>, mask: Operand, value: Operand) => Tensor<D>>(
  'F.masked_fill',
  { input: TENSOR, mask: TENSOR, value: TENSOR },
  ((x: Tensor, mask: Tensor, value: Tensor) => chosen(mask, value, x)) as (x: Tensor, mask: Tensor, value: Tensor) => never,
);

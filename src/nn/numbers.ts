import { TraceletError } from '../base/error.ts';
import { COUNT } from '../base/schema.ts';
import { NO_ID, type Rule } from '../graph/hostvalues.ts';
import { checkRange } from '../ops/call.ts';
import { named, type Operand, optional, TENSOR, taking, WHOLE } from '../tensor/arguments.ts';
import { sameShape, type Tensor } from '../tensor/tensor.ts';
import { executor } from './executor.ts';
import { gridOf } from './grid.ts';

/** Whole numbers for tokens, which the host writes for any size of a trace. */

/** What a rule makes of ids and a number. */
const ofIds = (rule: Rule, ids: Tensor, fill: number, what: string): Tensor<'int32'> =>
  executor().hostValue(rule, gridOf(ids), { input: ids.operand('int32', `${what}: ids`), like: ids, fill });

/**
 * 0, 1, … for the tokens of each sequence of `ids` [batch, sequence]: int32 [batch, sequence]. With `padding_idx`, which may be among the ids, these keep it and
 * the others count on from it, as in `create_position_ids_from_input_ids` of transformers. Without, all count from `offset`, which is 0 unless
 * given. Holds for any size of a trace.
 */
export const positions = taking<(ids: Operand, padding_idx?: number | null, options?: { offset?: number }) => Tensor<'int32'>>(
  'F.positions',
  { ids: TENSOR, padding_idx: optional(COUNT), offset: named(COUNT) },
  (ids: Tensor, fill?: number, offset = 0) => {
    if (fill !== undefined) return ofIds('ranks', ids, fill, 'F.positions');
    return offset === 0
      ? executor().hostValue('places', gridOf(ids), { like: ids })
      : executor().hostValue('offset', gridOf(ids), { like: ids, fill: offset });
  },
);

/** 1 for each of `ids` [batch, sequence] that is `id`, 0 for others: int32 [batch, sequence], as a mask is. Holds for any size of a trace. */
export const matches = taking<(ids: Operand, id: number) => Tensor<'int32'>>(
  'F.matches',
  { ids: TENSOR, id: COUNT },
  (ids: Tensor, id: number) => ofIds('matches', ids, id, 'F.matches'),
);

/** 0 for each of `ids` [batch, sequence] that is `id`, 1 for others: int32 [batch, sequence], the mask of texts padded with it. Holds for any size of a trace. */
export const differs = taking<(ids: Operand, id: number) => Tensor<'int32'>>(
  'F.differs',
  { ids: TENSOR, id: COUNT },
  (ids: Tensor, id: number) => ofIds('differs', ids, id, 'F.differs'),
);

/**
 * `ids` [batch, sequence] moved one place on, `first` before them and the last left out: int32 [batch, sequence], the tokens of another sequence. As
 * `shift_tokens_right` of transformers. Holds for any size of a trace.
 */
export const shift_right = taking<(ids: Operand, first: number) => Tensor<'int32'>>(
  'F.shift_right',
  { ids: TENSOR, first: COUNT },
  (ids: Tensor, first: number) => ofIds('shifted', ids, first, 'F.shift_right'),
);

/**
 * 1 for the last token of each row of `ids` [batch, sequence] that is not `padding_idx`, for the first where all are, 0 for the others: int32
 * [batch, sequence], a mask for {@link last_pool}. Without `padding_idx` it is the last token. Holds for any size of a trace.
 */
export const ends = taking<(ids: Operand, padding_idx?: number | null) => Tensor<'int32'>>(
  'F.ends',
  { ids: TENSOR, padding_idx: optional(WHOLE) },
  (ids: Tensor, padding_idx = NO_ID) => ofIds('ends', ids, padding_idx < 0 ? NO_ID : padding_idx, 'F.ends'),
);

/** `value` for each token of `ids` [batch, sequence]: int32 [batch, sequence]. Holds for any size of a trace. */
export const filled = taking<(ids: Operand, value: number) => Tensor<'int32'>>(
  'F.filled',
  { ids: TENSOR, value: COUNT },
  (ids: Tensor, value: number) => executor().hostValue('fill', gridOf(ids), { like: ids, fill: value }),
);

/**
 * 1 for as many tokens from the first of each sequence of `ids` [batch, sequence] on as `lengths` [batch] says, and `more`; 0 for those behind: int32
 * [batch, sequence]. Throws `value` errors for lengths beyond the sequence. Holds for any size of a trace.
 */
export const leading = taking<(ids: Operand, lengths: Operand, more?: number) => Tensor<'int32'>>(
  'F.leading',
  { ids: TENSOR, lengths: TENSOR, more: optional(COUNT) },
  (ids: Tensor, lengths: Tensor, more = 0) => {
    const [batch, sequence] = gridOf(ids);
    if (!sameShape(lengths.shape, [batch]))
      throw new TraceletError('shape', { what: 'F.leading: lengths', expected: `[${batch}]`, got: `[${lengths.shape}]` });
    const input = lengths.operand('int32', 'F.leading: lengths');
    if (!input.recorded) checkRange('F.leading: lengths', input.data, { bound: sequence + 1 - more });
    return executor().hostValue('leading', [batch, sequence], { input, like: ids, fill: more });
  },
);

/** 1 for as many tokens from the first of each sequence of `ids` on as there are ids other than `padding_idx` in it; 0 for those behind. As {@link leading}. */
export const counted = taking<(ids: Operand, padding_idx: number) => Tensor<'int32'>>(
  'F.counted',
  { ids: TENSOR, padding_idx: COUNT },
  (ids: Tensor, fill: number) => ofIds('counted', ids, fill, 'F.counted'),
);

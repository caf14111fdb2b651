import { PROVED, type Shape, sizeOf, Tensor } from '../tensor/tensor.ts';

/**
 * Whole numbers that follow from sizes and the mask, written by the host before each call. A grid of [batch, sequence] tokens has a row
 * for each token, or only for those that the attention_mask lets through, in order:
 *
 *   starts   [batch + 1]   how many rows come before each sequence, and how many there are
 *   places   [rows]        where in its sequence each row's token stands
 *   index    [rows]        which of the batch · sequence tokens each row is
 *   fill     [rows]        the same number everywhere
 *   kept     [rows]        what an input [batch, sequence] holds for each row's token
 */
export const RULES = ['starts', 'places', 'index', 'fill', 'kept'] as const;

export type Rule = (typeof RULES)[number];

/** The tokens of a call; `kept` numbers those that have rows, all of them where it is absent. */
export interface Tokens {
  batch: number;
  sequence: number;
  kept?: Int32Array;
}

/** Numbers of the tokens where `mask` [batch, sequence] is not 0. */
export function keptTokens(mask: ArrayLike<number>): Int32Array {
  let count = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) count++;
  const kept = new Int32Array(count);
  for (let i = 0, at = 0; i < mask.length; i++) if (mask[i] !== 0) kept[at++] = i;
  return kept;
}

/** Writes what `rule` says of `tokens` to `out`; `of` is the input that it takes elements from, or the number that it repeats. */
export function derive(out: Int32Array, rule: Rule, { batch, sequence, kept }: Tokens, of: ArrayLike<number> | number = 0): void {
  if (rule === 'starts') deriveStarts(out, batch, sequence, kept);
  else if (rule === 'fill') out.fill(of as number);
  else for (let row = 0; row < out.length; row++) out[row] = rowOf(rule, kept ? kept[row] : row, sequence, of as ArrayLike<number>);
}

function rowOf(rule: Rule, token: number, sequence: number, of: ArrayLike<number>): number {
  if (rule === 'places') return token % sequence;
  return rule === 'index' ? token : of[token];
}

function deriveStarts(out: Int32Array, batch: number, sequence: number, kept: Int32Array | undefined): void {
  for (let b = 0, row = 0; b <= batch; b++) {
    if (!kept) row = b * sequence;
    else while (row < kept.length && kept[row] < b * sequence) row++;
    out[b] = row;
  }
}

/** Dimensions of what `rule` says of [batch, sequence] tokens that all have rows. */
export const gridShape = (rule: Rule, [batch, sequence]: Shape): Shape => (rule === 'starts' ? [batch + 1] : [batch, sequence]);

/** The numbers of a rule where every one of [batch, sequence] tokens has a row. */
export function derivedTensor(rule: Rule, [batch, sequence]: Shape, fill = 0): Tensor<'int32'> {
  const shape = gridShape(rule, [batch, sequence]);
  const out = new Int32Array(sizeOf(shape));
  derive(out, rule, { batch, sequence }, fill);
  return new Tensor('int32', shape, out, PROVED);
}

import { MAX_SIZE } from '../field.ts';
import { Tensor } from '../tensor.ts';
import type { BertTokenizer } from '../tokenizer/index.ts';
import { MASK, type Signature } from '../trace/inputs.ts';
import { endsOf, type Taking, withoutMask } from '../trace/text.ts';
import { whole } from './chunk.ts';
import type { Capacity, Ends } from './plan.ts';

/** Tokens of a call unless said otherwise, where the trace leaves it open. */
const BATCH_TOKENS = 16384;

/** What the trace takes in a call. Throws a `value` error for `batchTokens` that are no number of tokens. */
export function capacityOf({ inputs, dynamic }: Taking, batchTokens?: number): Capacity {
  const [batch, sequence] = [0, 1].map((axis) => endsOf(inputs[0], axis, dynamic));
  const most = whole('batchTokens', batchTokens ?? Math.min(BATCH_TOKENS, batch[1] * sequence[1]), 1, MAX_SIZE);
  return { batch, sequence, batchTokens: most };
}

const within = ([low, high]: Ends, wanted: number): number => Math.min(high, Math.max(low, wanted));

/** The inputs for rows of ids, side by side and padded to what the trace takes. Throws a `value` error where it has no mask to tell padding by. */
export function batchInputs(
  rows: readonly Int32Array[],
  { batch, sequence }: Capacity,
  signatures: readonly Signature[],
  tokenizer: BertTokenizer,
): Record<string, Tensor> {
  const longest = rows.reduce((length, row) => Math.max(length, row.length), 0);
  const [height, width] = [within(batch, rows.length), within(sequence, longest)];
  const padded = rows.length < height || rows.some(({ length }) => length < width);
  if (padded && !signatures.some(({ name }) => name === MASK)) throw withoutMask('embed()');
  const ids = new Int32Array(height * width).fill(padded ? tokenizer.pad_token_id : 0);
  const mask = new Int32Array(height * width);
  for (const [i, row] of rows.entries()) {
    ids.set(row, i * width);
    mask.fill(1, i * width, i * width + row.length);
  }
  const columns: Record<string, Int32Array> = { input_ids: ids, token_type_ids: new Int32Array(height * width), [MASK]: mask };
  const wanted = signatures.filter(({ name }) => Object.hasOwn(columns, name));
  return Object.fromEntries(wanted.map(({ name }) => [name, new Tensor('int32', [height, width], columns[name])]));
}

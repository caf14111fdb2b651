import { TraceletError } from '../base/error.ts';
import { MAX_SIZE } from '../base/schema.ts';
import { MASK, POOLING_MASK } from '../nn/inputs.ts';
import type { Signature } from '../program/signature.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { Capacity, Ends } from './batches.ts';
import { whole } from './chunk.ts';
import type { Row } from './encode.ts';
import { type CallSignature, endsOf, withoutMask } from './pad.ts';

/** Tokens of a call unless said otherwise, where the trace leaves it open. */
const BATCH_TOKENS = 16384;

/** What the trace takes in a call. Throws a `value` error for `batchTokens` that are no number of tokens. */
export function capacityOf({ inputs, dynamic }: CallSignature, batchTokens?: number): Capacity {
  const [batch, sequence] = [0, 1].map((axis) => endsOf(inputs[0], axis, dynamic));
  const most = whole('batchTokens', batchTokens ?? Math.min(BATCH_TOKENS, batch[1] * sequence[1]), 1, MAX_SIZE);
  return { batch, sequence, batchTokens: most };
}

const within = ([low, high]: Ends, wanted: number): number => Math.min(high, Math.max(low, wanted));

/** The inputs for rows of ids, side by side and padded to what the trace takes. Throws a `value` error where it has no mask to tell padding by. */
export function batchInputs(
  rows: readonly Row[],
  { batch, sequence }: Capacity,
  signatures: readonly Signature[],
  tokenizer: PreTrainedTokenizerFast,
  what: string,
): Record<string, Tensor> {
  const longest = rows.reduce((length, { ids }) => Math.max(length, ids.length), 0);
  const [height, width] = [Math.max(batch[0], rows.length), within(sequence, longest)];
  if (rows.length > batch[1])
    throw new TraceletError('shape', {
      what,
      expected: `at most ${batch[1]}, which the trace takes in a call`,
      got: `${rows.length}`,
      cure: 'Make several calls, as embed() does, or trace again for more',
    });
  const takes = (input: string): boolean => signatures.some(({ name }) => name === input);
  const isPadded = rows.length < height || rows.some(({ ids, unseen = 0 }) => ids.length - unseen < width);
  if (isPadded && !takes(MASK)) throw withoutMask(what);
  if (rows.some(({ unpooled }) => unpooled > 0) && !takes(POOLING_MASK)) throw withoutPoolingMask(what);
  const column = (value = 0): Int32Array => new Int32Array(height * width).fill(value);
  const columns = {
    input_ids: column(paddingIn(signatures) ?? paddingOf(tokenizer)),
    token_type_ids: column(),
    [MASK]: column(),
    [POOLING_MASK]: column(),
  };
  for (const [i, { ids, types, unpooled, unseen = 0 }] of rows.entries()) {
    const [begin, end] = [i * width, i * width + ids.length];
    columns.input_ids.set(ids, begin);
    if (types) columns.token_type_ids.set(types, begin);
    columns[MASK].fill(1, begin, end - unseen);
    columns[POOLING_MASK].fill(1, Math.min(end, begin + unpooled), end);
  }
  return Object.fromEntries(
    signatures.flatMap(({ name }) =>
      Object.hasOwn(columns, name) ? [[name, new Tensor('int32', [height, width], columns[name as keyof typeof columns])]] : [],
    ),
  );
}

/** The id by which a trace tells padding. */
const paddingIn = (signatures: readonly Signature[]): number | undefined => signatures.find(({ name }) => name === 'input_ids')?.padding;

/** Where there is no token for it any does, as the mask rules it out. */
const paddingOf = (tokenizer: PreTrainedTokenizerFast): number => (tokenizer.special_tokens_map.pad_token ? tokenizer.pad_token_id : 0);

const withoutPoolingMask = (what: string): TraceletError =>
  new TraceletError('value', {
    what: `${what}: a prompt for a model that leaves prompts out of its vectors`,
    expected: `a trace made with ${POOLING_MASK}`,
    got: 'one without',
    cure: 'Trace again with it among the dummy inputs: the attention_mask once more',
  });

import { COUNT, FLAG, NAMES, oneOf } from '../base/schema.ts';
import { Slice } from '../base/slices.ts';
import { type Row, tooLong } from '../text/encode.ts';
import { type RowPart, tokenIn } from '../text/rows.ts';
import type { BatchEncoding } from '../tokenizer/encoding.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { Offset } from '../tokenizer/offsets.ts';
import {
  type AggregationStrategy,
  type EntityGroup,
  entitiesOf,
  type ScoredToken,
  STRATEGIES,
  type TokenEntity,
  withoutOverlaps,
} from './entities.ts';
import { answerRows, listOf, rowOf, TRUNCATE, textOf } from './rows.ts';
import { softmax } from './scores.ts';
import type { CallOptions, Host, Task } from './task.ts';

/** Options of {@link TokenClassifier}. */
export interface TokenOptions extends CallOptions {
  /** `none` unless given. */
  aggregation_strategy?: AggregationStrategy;
  /** Labels that are left out of the answer; `['O']` unless given. */
  ignore_labels?: readonly string[];
  /** Leaves out the end of a text that is too long; an error unless given. */
  truncation?: boolean;
  /** Reads a text that is too long in parts, each of which repeats so many tokens of the one before. */
  stride?: number;
}

/** What a strategy answers. */
type Found<Strategy> = Strategy extends 'none' ? TokenEntity : EntityGroup;
type By<Strategy> = TokenOptions & { aggregation_strategy: Strategy };
type Usually = TokenOptions & { aggregation_strategy?: undefined };

/** Labels tokens, or finds entities where `aggregation_strategy` says how, as `Usual` unless a call says it. */
export interface TokenClassifier<Usual extends AggregationStrategy = 'none'> {
  (text: string, options?: Usually): Promise<Found<Usual>[]>;
  <Strategy extends AggregationStrategy>(text: string, options: By<Strategy>): Promise<Found<Strategy>[]>;
  (text: string, options?: TokenOptions): Promise<(TokenEntity | EntityGroup)[]>;
  (texts: readonly string[], options?: Usually): Promise<Found<Usual>[][]>;
  <Strategy extends AggregationStrategy>(texts: readonly string[], options: By<Strategy>): Promise<Found<Strategy>[][]>;
  (texts: readonly string[], options?: TokenOptions): Promise<(TokenEntity | EntityGroup)[][]>;
}

/** A row of a text, and what its tokens are. */
interface Window {
  text: number;
  row: Row;
  tokens: readonly string[];
  offsets: readonly Offset[];
  special: readonly number[];
}

/** The rows of a text: one, or as many as hold all of it with `stride`. Throws a `value` error for one that is too long otherwise. */
function windowsOf(host: Host, text: string, number: number, what: string, { truncation = false, stride }: TokenOptions): Window[] {
  const most = Math.min(host.limit, host.tokenizer.model_max_length);
  const cuts = truncation || stride !== undefined;
  const encoded = host.tokenizer.batch_encode_plus([text], {
    ...(cuts ? { truncation: 'longest_first', max_length: most } : { truncation: false }),
    ...(stride !== undefined && { stride, return_overflowing_tokens: true }),
    return_offsets_mapping: true,
    return_special_tokens_mask: true,
    offset_unit: 'utf16',
  }) as BatchEncoding;
  const { input_ids, tokens, offset_mapping = [], special_tokens_mask = [] } = encoded;
  if (!cuts && input_ids[0].length > most)
    throw tooLong(what, text, input_ids[0].length, { most, of: 'model' }, `${TRUNCATE}, the option stride reads it in parts`);
  return input_ids.map((ids, i) => ({
    text: number,
    row: rowOf(ids),
    tokens: tokens[i],
    offsets: offset_mapping[i],
    special: special_tokens_mask[i],
  }));
}

/** How many characters Python counts. */
const lengthOf = (text: string): number => Array.from(text).length;

function scoredTokens(
  text: string,
  { row, tokens, offsets, special }: Window,
  logits: RowPart,
  tokenizer: PreTrainedTokenizerFast,
): ScoredToken[] {
  const knowsWords = tokenizer.continuing_subword_prefix !== '';
  const { unk_token } = tokenizer.special_tokens_map;
  const unknown = unk_token === undefined ? undefined : tokenizer.convert_tokens_to_ids(unk_token);
  return tokens.flatMap((token, index): ScoredToken[] => {
    if (special[index]) return [];
    const [start, end] = offsets[index];
    const written = text.slice(start, end);
    const isUnknown = row.ids[index] === unknown;
    const goesOn = knowsWords ? lengthOf(token) !== lengthOf(written) : start > 0 && !text.slice(start - 1, start + 1).includes(' ');
    const scores = softmax(tokenIn(logits, index));
    return [{ word: isUnknown ? written : token, scores, start, end, index, isSubword: goesOn && !isUnknown }];
  });
}

export const tokenClassification: Task<TokenOptions> = {
  name: 'token-classification',
  aliases: ['ner'],
  head: 'ForTokenClassification',
  outputs: ['logits'],
  arity: 1,
  options: { aggregation_strategy: oneOf(STRATEGIES), ignore_labels: NAMES, truncation: FLAG, stride: COUNT },
  cures: {
    grouped_entities: "Did you mean aggregation_strategy: 'simple'?",
    ignore_subwords: "Did you mean aggregation_strategy: 'first'?",
    is_split_into_words: 'Join the words with spaces: start and end say where they are',
  },

  async answer(host, [input], { aggregation_strategy = 'none', ignore_labels = ['O'], truncation, stride, ...call }) {
    const { items, isList } = listOf(input, 'text', textOf);
    const slice = new Slice(call.signal);
    const windows: Window[] = [];
    for (const [i, text] of items.entries()) {
      windows.push(...windowsOf(host, text, i, isList ? `texts[${i}]` : 'text', { truncation, stride }));
      if (slice.over) await slice.next();
    }
    const rows = windows.map(({ row }) => row);
    const found: (TokenEntity | EntityGroup)[][] = [];
    const isWanted = (each: TokenEntity | EntityGroup): boolean =>
      !ignore_labels.includes('entity' in each ? each.entity : each.entity_group);
    await answerRows(host, rows, this.outputs, call, (row, logits) => {
      const window = windows[row];
      const tokens = scoredTokens(items[window.text], window, logits, host.tokenizer);
      found[row] = (entitiesOf(tokens, aggregation_strategy, host.facts, host.tokenizer) as (TokenEntity | EntityGroup)[]).filter(isWanted);
    });
    const parts: (TokenEntity | EntityGroup)[][][] = items.map(() => []);
    for (const [row, { text }] of windows.entries()) parts[text].push(found[row]);
    const results = parts.map((own) => (own.length > 1 ? withoutOverlaps(own.flat()) : own[0]));
    return isList ? results : results[0];
  },
};

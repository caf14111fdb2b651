import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { kind, SIZE } from '../base/schema.ts';
import { warn } from '../base/warn.ts';
import { tokenIn } from '../text/rows.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import { TOKENIZER_KWARGS, withKwargs } from './kwargs.ts';
import { answerRows, CUT_OPTIONS, type CutOptions, encodeRows, listOf, textOf } from './rows.ts';
import { softmax, topIndexes } from './scores.ts';
import type { CallOptions, Task } from './task.ts';

/** A token in the place of a mask. */
export interface Filled {
  score: number;
  /** Its id. */
  token: number;
  token_str: string;
  /** The text with it, without padding. */
  sequence: string;
}

/** Options of {@link MaskFiller}. */
export interface FillOptions extends CallOptions, CutOptions {
  /** How many tokens for each mask, the likeliest first; 5 unless given. */
  top_k?: number;
  /** Words to choose among; of one that is no token the first token counts, with a warning. */
  targets?: string | readonly string[];
  /** The same as these options by themselves. */
  tokenizer_kwargs?: CutOptions;
}

/** Fills masks. A text with one mask is answered with a list, one with several with a list for each of them. */
export interface MaskFiller {
  (text: string, options?: FillOptions): Promise<Filled[] | Filled[][]>;
  (texts: readonly string[], options?: FillOptions): Promise<(Filled[] | Filled[][])[]>;
}

/** Elements of logits that one run makes, unless a row alone makes more. */
const MOST_LOGITS = 2 ** 24;
const TOP = 5;

/** The id of each target, once. */
function idsOf(targets: readonly string[], tokenizer: PreTrainedTokenizerFast): number[] {
  const vocab = tokenizer.get_vocab();
  const ids = targets.flatMap((target) => {
    const known = vocab.get(target);
    if (known !== undefined) return known;
    const [id] = tokenizer.encode(target, null, { add_special_tokens: false });
    if (id === undefined) return [];
    warn(`target ${describe(target)} is no token: ${describe(tokenizer.convert_ids_to_tokens(id))} stands in its place`);
    return id;
  });
  if (ids.length > 0) return [...new Set(ids)];
  throw new TraceletError('value', { what: 'option targets', expected: 'at least one word that has tokens', got: describe(targets) });
}

/** Ids that tokens have: a matrix may have rows for more. */
const tokensBelow = (width: number, tokenizer: PreTrainedTokenizerFast): number[] =>
  tokenizer.length >= width ? Array.from({ length: width }, (_, id) => id) : [...tokenizer.get_vocab().values()].filter((id) => id < width);

const WORDS = kind<string | readonly string[]>('a string or an array of strings', (value) =>
  [value].flat().every((each) => typeof each === 'string'),
);

export const fillMask: Task<FillOptions> = {
  name: 'fill-mask',
  aliases: [],
  head: 'ForMaskedLM',
  outputs: ['logits'],
  arity: 1,
  options: { ...CUT_OPTIONS, top_k: SIZE, targets: WORDS, tokenizer_kwargs: TOKENIZER_KWARGS },
  cures: { topk: 'Did you mean top_k?' },

  check: ({ tokenizer }) => {
    tokenizer.mask_token_id;
  },

  async answer(host, [input], { top_k = TOP, targets, truncation, max_length, tokenizer_kwargs, ...call }) {
    const { tokenizer, traced } = host;
    const { mask_token, mask_token_id } = tokenizer;
    const { items, isList } = listOf(input, 'text', textOf);
    const nameOf = (index: number): string => (isList ? `texts[${index}]` : 'text');
    const chosen = targets === undefined ? undefined : idsOf([targets].flat(), tokenizer);
    const texts = items.map((text) => [text] as const);
    const cut = withKwargs({ truncation, max_length }, 'tokenizer_kwargs', tokenizer_kwargs);
    const rows = await encodeRows(host, texts, { ...cut, nameOf, signal: call.signal });
    const masks = rows.map(({ ids }) => Array.from(ids.keys()).filter((at) => ids[at] === mask_token_id));
    const without = masks.findIndex((places) => places.length === 0);
    if (without >= 0)
      throw new TraceletError('value', { what: nameOf(without), expected: `${mask_token} in it`, got: describe(items[without]) });
    const width = traced.outputs.find(({ name }) => name === 'logits')?.shape.at(-1) ?? 0;
    const candidates = chosen ?? tokensBelow(width, tokenizer);
    const results: (Filled[] | Filled[][])[] = [];
    await answerRows(host, rows, this.outputs, { ...call, most: Math.floor(MOST_LOGITS / width) }, (row, logits) => {
      const filled = masks[row].map((place) => {
        const scores = softmax(tokenIn(logits, place));
        const best = topIndexes(candidates.map((id) => scores[id]), top_k).map((at) => candidates[at]); // biome-ignore format: one row
        return best.map((id) => filledWith(tokenizer, rows[row].ids, place, id, scores[id], masks[row].length === 1));
      });
      results[row] = filled.length === 1 ? filled[0] : filled;
    });
    return isList ? results : results[0];
  },
};

function filledWith(
  tokenizer: PreTrainedTokenizerFast,
  ids: Int32Array,
  place: number,
  token: number,
  score: number,
  skip_special_tokens: boolean,
): Filled {
  const { pad_token } = tokenizer.special_tokens_map;
  const padding = pad_token === undefined ? undefined : tokenizer.convert_tokens_to_ids(pad_token);
  const sequence = Array.from(ids.with(place, token)).filter((id) => id !== padding);
  return { score, token, token_str: tokenizer.decode([token]), sequence: tokenizer.decode(sequence, { skip_special_tokens }) };
}

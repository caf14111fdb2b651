import { TraceletError } from '../error.ts';
import { describe } from '../json.ts';
import type { BertTokenizer } from '../tokenizer/index.ts';
import { type ChunkOptions, chunkRanges, chunkSizes, wordsOf } from './chunk.ts';

/** A text as rows of ids: one, or one for each chunk. */
export interface Encoded {
  text: string;
  /** Tokens of the text before any cut, special ones included. */
  tokens: number;
  /** How many of them were left out. */
  truncated: number;
  rows: Int32Array[];
  /** Tokens of the text itself in each row. */
  weights: number[];
}

/** What becomes of a text that is too long. */
export interface LongTexts {
  /** Leaves out the tokens that do not fit. */
  truncate?: boolean;
  /** Cuts it into chunks and pools their vectors. */
  chunk?: boolean | ChunkOptions;
}

/** A function that encodes a text in rows of at most `most` tokens. It throws a `value` error for what is no text, or too long. */
export function encoder(
  tokenizer: BertTokenizer,
  most: number,
  { truncate = false, chunk }: LongTexts,
): (text: string, index: number) => Encoded {
  const special = tokenizer.num_special_tokens_to_add();
  const sizes = chunk ? chunkSizes(chunk === true ? {} : chunk, most, special) : undefined;
  if (truncate && sizes) throw new TraceletError('value', { what: 'embed()', expected: 'truncate or chunk', got: 'both' });
  const limit = sizes ? sizes.room + special : most;

  return (text, index) => {
    if (typeof text !== 'string') throw new TraceletError('value', { what: `texts[${index}]`, expected: 'a string', got: describe(text) });
    const options = truncate ? { truncation: true, max_length: most, return_overflowing_tokens: true } : { truncation: false };
    const { input_ids: ids, tokens, num_truncated_tokens: truncated = 0 } = tokenizer.encode_plus(text, null, options);
    const count = ids.length + truncated;
    if (ids.length <= limit) return { text, tokens: count, truncated, rows: [Int32Array.from(ids)], weights: [1] };
    if (!sizes) throw tooLong(text, index, count, most);
    const inWord = wordsOf(tokenizer, tokens);
    const ranges = chunkRanges(count - special, sizes.room, sizes.overlap, (i) => inWord(i + 1));
    const rows = ranges.map(([start, end]) => Int32Array.from(tokenizer.build_inputs_with_special_tokens(ids.slice(start + 1, end + 1))));
    return { text, tokens: count, truncated, rows, weights: ranges.map(([start, end]) => end - start) };
  };
}

const tooLong = (text: string, index: number, count: number, most: number): TraceletError =>
  new TraceletError('value', {
    what: `texts[${index}]`,
    expected: `at most ${most} tokens, which the trace takes`,
    got: `${count} for ${describe(text)}`,
    cure: 'The option truncate leaves out the rest, the option chunk pools the vectors of its parts',
  });

import { TraceletError } from '../error.ts';
import { describe } from '../json.ts';
import type { BertTokenizer } from '../tokenizer/index.ts';
import { type ChunkOptions, chunkRanges, chunkSizes, wordsOf } from './chunk.ts';

/** A text as rows of ids: one, or one for each chunk. */
export interface Encoded {
  /** Its number in the order given. */
  index: number;
  text: string;
  /** How many tokens it has, special ones included. */
  tokens: number;
  /** How many of them were left out. */
  truncated: number;
  rows: Int32Array[];
}

/** What becomes of a text that is too long. */
export interface LongTexts {
  /** Leaves out the tokens that do not fit. */
  truncate?: boolean;
  /** Cuts it into chunks and pools their vectors. */
  chunk?: boolean | ChunkOptions;
}

/** A function that encodes a text in rows of at most `most` tokens. It throws a `value` error for what is no text, or too long. */
export function encoder(tokenizer: BertTokenizer, most: number, { truncate, chunk }: LongTexts): (text: string, index: number) => Encoded {
  if (truncate && chunk) throw new TraceletError('value', { what: 'embed()', expected: 'truncate or chunk', got: 'both' });
  const special = tokenizer.num_special_tokens_to_add();
  const [room, overlap] = chunk ? chunkSizes(chunk === true ? {} : chunk, most, special) : [most - special, 0];
  const cutting = { truncation: !!truncate, max_length: most, return_overflowing_tokens: true };

  return (text, index) => {
    if (typeof text !== 'string') throw new TraceletError('value', { what: `texts[${index}]`, expected: 'a string', got: describe(text) });
    const { input_ids: ids, tokens: pieces, num_truncated_tokens: truncated = 0 } = tokenizer.encode_plus(text, null, cutting);
    const tokens = ids.length + truncated;
    const encoded = { index, text, tokens, truncated };
    if (ids.length <= room + special) return { ...encoded, rows: [Int32Array.from(ids)] };
    if (!chunk)
      throw new TraceletError('value', {
        what: `texts[${index}]`,
        expected: `at most ${most} tokens, which the trace takes`,
        got: `${tokens} for ${describe(text)}`,
        cure: 'The option truncate leaves out the rest, the option chunk pools the vectors of its parts',
      });
    const own = ids.slice(1, -1);
    const rows = chunkRanges(own.length, room, overlap, wordsOf(tokenizer, pieces.slice(1, -1))).map(([start, end]) =>
      Int32Array.from(tokenizer.build_inputs_with_special_tokens(own.slice(start, end))),
    );
    return { ...encoded, rows };
  };
}

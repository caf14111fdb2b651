import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { ANY, checkOptions, type OptionTable, proved, TOKENIZER } from '../base/options.ts';
import { kind, MAX_SIZE } from '../base/schema.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';

/** How a long text is cut into chunks. */
export interface ChunkOptions {
  /** Most tokens of a chunk, special ones included. Default: what the trace takes. */
  tokens?: number;
  /** Most tokens that a chunk repeats of the one before. Default 0. */
  overlap?: number;
}

const CHUNK_OPTIONS: OptionTable<ChunkOptions> = { tokens: ANY, overlap: ANY };

/** A chunk of a text. */
export interface Chunk {
  text: string;
  /** Where it stands in the whole, in UTF-16 units as strings are indexed. */
  start: number;
  end: number;
  /** How many tokens it has, special ones included. */
  tokens: number;
}

/** Tokens from `start` up to `end`. */
export type Range = readonly [start: number, end: number];

/**
 * Ranges of at most `room` of `count` tokens that cover all of them, each repeating at most `overlap` tokens of the one
 * before. They begin and end where words do (`inWord(i)` says that token i goes on with the word of the token before),
 * unless a word alone has more than `room` tokens.
 */
export function chunkRanges(count: number, room: number, overlap: number, inWord: (index: number) => boolean): Range[] {
  const isEdge = (index: number): boolean => index === count || !inWord(index);
  const ranges: Range[] = [];
  for (let start = 0, end = 0; end < count; ) {
    end = Math.min(count, start + room);
    while (end > start && !isEdge(end)) end--;
    if (end === start) end = Math.min(count, start + room);
    ranges.push([start, end]);
    start = nextStart(start, end);
  }
  return ranges;

  function nextStart(start: number, end: number): number {
    let wordEnd = Math.min(count, end + 1);
    while (wordEnd < end + room && !isEdge(wordEnd)) wordEnd++;
    let next = Math.max(start + 1, end - overlap, wordEnd - room);
    while (next < end && !isEdge(next)) next++;
    return Math.min(next, end);
  }
}

/** `value`, proved to be a whole number from `low` to `high`. Throws a `value` error that names `what`. */
export const whole = (what: string, value: number, low: number, high: number): number =>
  proved(
    what,
    value,
    kind(`a whole number from ${low} to ${high}`, () => Number.isInteger(value) && value >= low && value <= high),
  );

/** How many tokens of a text go into a chunk that holds `most`, special ones included, and how many are repeated. Throws `value` errors. */
export function chunkSizes(options: ChunkOptions, most: number, special: number): [room: number, overlap: number] {
  const { tokens, overlap = 0 } = checkOptions('chunk', options, CHUNK_OPTIONS);
  const room = whole('chunk.tokens', tokens ?? most, special + 1, most) - special;
  return [room, whole('chunk.overlap', overlap, 0, room - 1)];
}

/** Cuts a text into chunks of at most `tokens` tokens between its words, as `embed` does with the option `chunk`. Throws `value` errors. */
export function chunkText(tokenizer: PreTrainedTokenizerFast, text: string, options: ChunkOptions & { tokens: number }): Chunk[] {
  if (!TOKENIZER.read(tokenizer) || typeof text !== 'string')
    throw new TraceletError('value', {
      what: 'chunkText',
      expected: 'a tokenizer, a text and { tokens }',
      got: `${describe(tokenizer)} and ${describe(text)}`,
      cure: 'traced.tokenizer is one, and BertTokenizer.from_pretrained makes one',
    });
  const sizes = checkOptions('chunkText', options, CHUNK_OPTIONS);
  if (sizes.tokens === undefined)
    throw new TraceletError('value', { what: 'chunkText', expected: 'the most tokens of a chunk as { tokens }', got: 'none' });
  const special = tokenizer.num_special_tokens_to_add();
  const [room, overlap] = chunkSizes(sizes, MAX_SIZE, special);
  const { tokens, offset_mapping: offsets = [] } = tokenizer.encode_plus(text, null, {
    add_special_tokens: false,
    return_offsets_mapping: true,
    offset_unit: 'utf16',
  });
  return chunkRanges(tokens.length, room, overlap, wordsOf(tokenizer, tokens)).map(([from, to]) => {
    const [start, end] = [offsets[from][0], offsets[to - 1][1]];
    return { text: text.slice(start, end), start, end, tokens: to - from + special };
  });
}

/** Whether a token goes on with the word of the token before. */
export const wordsOf =
  (tokenizer: PreTrainedTokenizerFast, tokens: readonly string[]) =>
  (index: number): boolean =>
    tokenizer.continues_word(tokens[index], tokens[index - 1]);

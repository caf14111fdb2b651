import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import type { EncodeSettings } from './encoding.ts';
import type { Place, TextPlace } from './interfaces.ts';
import { offsetsOf } from './offsets.ts';
import { Row } from './row.ts';
import { Segmenter } from './segment.ts';
import type { Sequence } from './sequence.ts';
import { roleOf, type Settings } from './settings.ts';
import { combinations, type Kept, rangeAt, rangeCount, type TruncationStrategy, truncatedLengths } from './truncation.ts';

/** A text, or words, with its pair, and what messages call the two. */
export interface Input {
  text: string | readonly string[];
  pair?: string | readonly string[];
  name: string;
}

/** Most tokens that padding may add, or a text have in all of its rows. */
const MOST = 2 ** 24;

/** Turns texts into padded rows of ids. */
export class Encoder {
  readonly #settings: Settings;
  readonly #segmenter: Segmenter;
  /** Special tokens of a row, of a text by itself and of a pair. */
  readonly #added: readonly [single: number, pair: number];

  constructor(settings: Settings) {
    const { single, pair } = settings.parts.processor;
    this.#settings = settings;
    this.#segmenter = new Segmenter(settings);
    this.#added = [addedTo(single), addedTo(pair)];
  }

  /** A row for each input, or as many as hold all of it where those that overflow are asked for. */
  encode(inputs: readonly Input[], options: EncodeSettings): Row[] {
    const { stride = 0 } = options;
    const room = this.#limit(options) - this.#added[0];
    if (stride > 0 && stride > room && strategyOf(options) !== 'do_not_truncate') throw tooWide(stride, room);
    const rows = inputs.map((input, i) => this.#rows(input, i, options));
    this.#pad(rows, options);
    return rows.flat();
  }

  #limit({ max_length }: EncodeSettings): number {
    return max_length ?? this.#settings.model_max_length;
  }

  #rows(input: Input, sample: number, options: EncodeSettings): Row[] {
    const { stride = 0, return_overflowing_tokens = false, offset_unit = 'utf16' } = options;
    const { truncation_side: side, parts } = this.#settings;
    const sequences = this.#sequences(input, options);
    const kept = this.#kept(sequences, options, input.name);
    const template = sequences.length > 1 ? parts.processor.pair : parts.processor.single;
    const offsets = sequences.map((sequence) => offsetsOf(sequence, offset_unit, parts.processor.trim));
    /** A row with the range of each text that is chosen, by its place; the first where none is. */
    const rowOf = (chosen: readonly number[]): Row => {
      const row = new Row(sample);
      let next = 0;
      for (const place of template) {
        if ('sequence' in place) {
          const which = chosen[next++] ?? 0;
          const { sequence: number } = place;
          const sequence = sequences[number];
          const range = rangeAt(which, sequence.ids.length, kept[number], stride, side);
          row.addPart({ number, type: typeOf(place, which > 0, options), sequence, range, offsetOf: offsets[number] });
        } else if (options.add_special_tokens !== false) row.addToken(place.token, place.type);
      }
      return row;
    };
    if (!return_overflowing_tokens) return [rowOf([])];
    const counts = template.flatMap((place) =>
      'sequence' in place ? rangeCount(sequences[place.sequence].ids.length, kept[place.sequence], stride) : [],
    );
    checkCount(counts, kept[0] + kept[1] + template.length, input.name);
    return combinations(counts).map(rowOf);
  }

  #sequences({ text, pair, name }: Input, { is_split_into_words: split = false }: EncodeSettings): Sequence[] {
    const texts = pair === undefined ? [text] : [text, pair];
    return texts.map((one, i) => {
      const what = `${i ? 'pair' : 'text'}${name}`;
      checkText(what, one, split);
      return this.#segmenter.segment(one);
    });
  }

  #kept([first, second]: readonly Sequence[], options: EncodeSettings, name: string): Kept {
    const { stride = 0 } = options;
    const strategy = strategyOf(options);
    const limit = this.#limit(options);
    const special = options.add_special_tokens === false ? 0 : this.#added[second ? 1 : 0];
    if (strategy !== 'do_not_truncate' && limit < special)
      throw new TraceletError('value', { what: 'max_length', expected: `room for ${special} special tokens`, got: String(limit) });
    const lengths = [first.ids.length, second?.ids.length ?? 0] as const;
    const kept = truncatedLengths(...lengths, strategy, limit - special);
    const narrow = kept?.find((count, i) => count > 0 && count < lengths[i] && count <= stride);
    if (narrow !== undefined) throw tooWide(stride, narrow);
    if (kept) return kept;
    const [cutting, whole] = strategy === 'only_first' ? [first, second] : [second, first];
    throw new TraceletError('value', {
      what: `truncation '${strategy}' of text${name} to ${limit} tokens`,
      expected: `room for a token of the ${strategy === 'only_first' ? 'first' : 'second'} text`,
      got: cutting ? `${whole?.ids.length ?? 0} tokens of the other and ${special} special ones` : 'no second text',
      cure: "Use 'longest_first', or a greater max_length",
    });
  }

  /** To the longest of the rows that are not overflow, as the Rust tokenizers. */
  #pad(rows: readonly (readonly Row[])[], options: EncodeSettings): void {
    const { padding = false, pad_to_multiple_of: multiple = 1 } = options;
    if (padding === false || padding === 'do_not_pad') return;
    const limit = this.#limit(options);
    if (multiple === 0) throw new TraceletError('value', { what: 'option pad_to_multiple_of', expected: '1 or more', got: '0' });
    if (multiple > 1 && Number.isFinite(limit) && limit % multiple && strategyOf(options) !== 'do_not_truncate')
      throw new TraceletError('value', {
        what: 'max_length',
        expected: `a multiple of pad_to_multiple_of, ${multiple}`,
        got: String(limit),
      });
    if (padding === 'max_length' && !Number.isFinite(limit))
      throw new TraceletError('value', { what: "padding 'max_length'", expected: 'a max_length', got: 'none, and no model_max_length' });
    const longest = padding === 'max_length' ? limit : rows.reduce((most, [row]) => Math.max(most, row.length), 0);
    const length = Math.ceil(longest / multiple) * multiple;
    const all = rows.flat();
    const filling = all.reduce((sum, row) => sum + Math.max(0, length - row.length), 0);
    if (filling > MOST)
      throw new TraceletError('value', {
        what: `padding to ${length} tokens`,
        expected: `at most ${MOST} tokens of padding`,
        got: `${filling}`,
        cure: 'Pass a smaller max_length or pad_to_multiple_of, or fewer texts at once',
      });
    for (const row of all) row.pad(length, roleOf(this.#settings, 'pad_token'), this.#settings.padding_side);
  }
}

/** How many special tokens a row has. */
export const addedTo = (template: readonly Place[]): number => template.filter((place) => 'token' in place).length;

/** A `max_length` on its own asks for truncation. */
function strategyOf({ truncation, max_length, padding }: EncodeSettings): TruncationStrategy {
  if (truncation === undefined) return max_length === undefined || padding ? 'do_not_truncate' : 'longest_first';
  if (typeof truncation === 'boolean') return truncation ? 'longest_first' : 'do_not_truncate';
  return truncation;
}

/** The type of a text in a row. What overflows keeps the number of its text where a template says otherwise, as in the Rust tokenizers. */
function typeOf({ type, sequence, overflowType = sequence }: TextPlace & { type: number }, overflows: boolean, options: EncodeSettings) {
  if (!overflows) return type;
  return options.add_special_tokens === false ? sequence : overflowType;
}

function checkText(what: string, text: unknown, isSplit: boolean): void {
  if (!isSplit && typeof text !== 'string')
    throw new TraceletError('value', {
      what,
      expected: 'a string',
      got: describe(text),
      ...(Array.isArray(text) && { cure: 'Words are a text with { is_split_into_words: true }' }),
    });
  if (!isSplit) return;
  if (!Array.isArray(text))
    throw new TraceletError('value', { what, expected: 'an array of words, as is_split_into_words says', got: describe(text) });
  const wrong = Array.from(text).findIndex((word) => typeof word !== 'string');
  if (wrong >= 0) throw new TraceletError('value', { what: `${what}: word ${wrong}`, expected: 'a string', got: describe(text[wrong]) });
}

const tooWide = (stride: number, kept: number): TraceletError =>
  new TraceletError('value', {
    what: 'option stride',
    expected: `less than the ${Math.max(0, kept)} tokens of a text that a row keeps`,
    got: String(stride),
    cure: 'Pass a smaller stride, or a greater max_length',
  });

/** That the rows of a text, as many as the product of `counts`, are not too many. */
function checkCount(counts: readonly number[], length: number, name: string): void {
  const rows = counts.reduce((product, count) => product * count, 1);
  if (rows === 1 || rows * length <= MOST) return;
  throw new TraceletError('value', {
    what: `return_overflowing_tokens of text${name}`,
    expected: `rows of at most ${MOST} tokens together`,
    got: `${rows} rows of ${length}`,
    cure: 'Pass a smaller stride, a greater max_length or shorter texts',
  });
}

import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import type { EncodeSettings, Encoding, Offset } from './encoding.ts';
import type { Place, Trim } from './interfaces.ts';
import { type OffsetUnit, offsetsIn, trimmed } from './offsets.ts';
import { addFiller, addSequence, emptyRow, padRow, type Row } from './row.ts';
import { Segmenter } from './segment.ts';
import { cut, type Kept, type Sequence, type TruncationStrategy, truncatedLengths } from './sequence.ts';
import { roleOf, type Settings } from './settings.ts';

/** A text with its pair, and what messages call the two. */
export interface Input {
  text: string;
  pair?: string;
  name: string;
}

/** A text cut to length. */
interface Part {
  text: string;
  sequence: Sequence;
  overflow: number[];
}

const MOST_FILLING = 2 ** 24;

/** Turns texts into padded rows of ids. */
export class Encoder {
  readonly #settings: Settings;
  readonly #segmenter: Segmenter;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#segmenter = new Segmenter(settings);
  }

  encode(inputs: readonly Input[], options: EncodeSettings): Encoding[] {
    const cuts = inputs.map((input) => this.#cut(input, options));
    const rows = cuts.map((parts) => this.#row(parts, options));
    this.#pad(rows, options);
    return rows.map((row, i) => columns(row, cuts[i], options));
  }

  #cut({ text, pair, name }: Input, options: EncodeSettings): Part[] {
    const texts = pair === undefined ? [text] : [text, pair];
    const sequences = texts.map((one, i) => {
      const what = `${i ? 'pair' : 'text'}${name}`;
      if (typeof one !== 'string') throw new TraceletError('value', { what, expected: 'a string', got: describe(one) });
      return this.#segmenter.segment(one);
    });
    const kept = this.#kept(sequences, options, name);
    const side = this.#settings.truncation_side;
    return texts.map((one, i) => {
      const { ids } = sequences[i];
      const overflow = side === 'right' ? ids.slice(kept[i]) : ids.slice(0, ids.length - kept[i]);
      return { text: one, sequence: cut(sequences[i], kept[i], side), overflow };
    });
  }

  #kept([first, second]: readonly Sequence[], options: EncodeSettings, name: string): Kept {
    const strategy = strategyOf(options);
    const limit = options.max_length ?? this.#settings.model_max_length;
    const special = options.add_special_tokens === false ? 0 : addedTo(this.#template(second !== undefined));
    if (strategy !== 'do_not_truncate' && limit < special)
      throw new TraceletError('value', { what: 'max_length', expected: `room for ${special} special tokens`, got: String(limit) });
    const kept = truncatedLengths(first.ids.length, second?.ids.length ?? 0, strategy, limit - special);
    if (kept) return kept;
    const [cutting, whole] = strategy === 'only_first' ? [first, second] : [second, first];
    throw new TraceletError('value', {
      what: `truncation '${strategy}' of text${name} to ${limit} tokens`,
      expected: `room for a token of the ${strategy === 'only_first' ? 'first' : 'second'} text`,
      got: cutting ? `${whole?.ids.length ?? 0} tokens of the other and ${special} special ones` : 'no second text',
      cure: "Use 'longest_first', or a greater max_length",
    });
  }

  #row(parts: readonly Part[], options: EncodeSettings): Row {
    const row = emptyRow();
    const unit = (options.return_offsets_mapping && options.offset_unit) || 'utf16';
    for (const place of this.#template(parts.length > 1)) {
      if ('sequence' in place) {
        const { text, sequence } = parts[place.sequence];
        addSequence(row, sequence, place.type, offsetsOf(text, sequence, unit, this.#settings.parts.processor.trim));
      } else if (options.add_special_tokens !== false) addFiller(row, place.token, place.type);
    }
    return row;
  }

  #template(isPair: boolean): readonly Place[] {
    const { single, pair } = this.#settings.parts.processor;
    return isPair ? pair : single;
  }

  #pad(rows: readonly Row[], options: EncodeSettings): void {
    const { padding = false, pad_to_multiple_of: multiple = 1 } = options;
    if (padding === false || padding === 'do_not_pad') return;
    const limit = options.max_length ?? this.#settings.model_max_length;
    if (multiple === 0) throw new TraceletError('value', { what: 'option pad_to_multiple_of', expected: '1 or more', got: '0' });
    if (multiple > 1 && Number.isFinite(limit) && limit % multiple && strategyOf(options) !== 'do_not_truncate')
      throw new TraceletError('value', {
        what: 'max_length',
        expected: `a multiple of pad_to_multiple_of, ${multiple}`,
        got: String(limit),
      });
    if (padding === 'max_length' && !Number.isFinite(limit))
      throw new TraceletError('value', { what: "padding 'max_length'", expected: 'a max_length', got: 'none, and no model_max_length' });
    const longest = padding === 'max_length' ? limit : rows.reduce((length, row) => Math.max(length, row.input_ids.length), 0);
    const length = Math.ceil(longest / multiple) * multiple;
    const filling = rows.reduce((sum, row) => sum + Math.max(0, length - row.input_ids.length), 0);
    if (filling > MOST_FILLING)
      throw new TraceletError('value', {
        what: `padding to ${length} tokens`,
        expected: `at most ${MOST_FILLING} tokens of padding`,
        got: `${filling}`,
        cure: 'Pass a smaller max_length or pad_to_multiple_of, or fewer texts at once',
      });
    for (const row of rows) padRow(row, length, roleOf(this.#settings, 'pad_token'), this.#settings.padding_side);
  }
}

/** How many special tokens a row has. */
export const addedTo = (template: readonly Place[]): number => template.filter((place) => 'token' in place).length;

/** The offsets of a token of `sequence`. */
function offsetsOf(text: string, { tokens, starts, ends }: Sequence, unit: OffsetUnit, trim?: Trim): (index: number) => Offset {
  const offset = offsetsIn(unit, text);
  return (i) => {
    const [start, end] = trim ? trimmed(trim, tokens[i], starts[i], ends[i], i === 0) : [starts[i], ends[i]];
    return [offset(start), offset(end)];
  };
}

/** A `max_length` on its own asks for truncation. */
function strategyOf({ truncation, max_length, padding }: EncodeSettings): TruncationStrategy {
  if (truncation === undefined) return max_length === undefined || padding ? 'do_not_truncate' : 'longest_first';
  if (typeof truncation === 'boolean') return truncation ? 'longest_first' : 'do_not_truncate';
  return truncation;
}

function columns(row: Row, parts: readonly Part[], options: EncodeSettings): Encoding {
  const { special_tokens_mask, offset_mapping, ...always } = row;
  const overflow = parts.flatMap((part) => part.overflow);
  return {
    ...always,
    ...(options.return_special_tokens_mask && { special_tokens_mask }),
    ...(options.return_offsets_mapping && { offset_mapping }),
    ...(options.return_overflowing_tokens && { overflowing_tokens: overflow, num_truncated_tokens: overflow.length }),
  };
}

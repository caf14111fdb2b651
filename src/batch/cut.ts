import { Slice } from '../base/slices.ts';
import { Source, type Texts } from '../text/source.ts';
import type { TextInput } from '../tokenizer/index.ts';
import { type BatchRecord, type Identified, identified } from './record.ts';
import { MOST_BYTES } from './shard.ts';

/** Whatever yields texts, or texts with their ids. */
export type Records = Iterable<TextInput | BatchRecord> | AsyncIterable<TextInput | BatchRecord>;

/** Consecutive texts. */
export interface Piece {
  records: Identified[];
  tokens: number;
}

export interface Cutting {
  /** Most tokens of a shard; a text that has more is alone. */
  most: number;
  tokensOf: (text: TextInput) => number;
  /** Whether an id came before. */
  isRepeated: (id: string) => Promise<boolean>;
  signal?: AbortSignal;
}

/** JSON takes at most six bytes for a UTF-16 unit; half of what fits is left to all else. */
const MOST_UNITS = MOST_BYTES / 12;

/** Cuts texts into pieces in their order, those left out whose id came before. Throws `value` errors for what is no text. */
export async function* cut(records: Records, { most, tokensOf, isRepeated, signal }: Cutting): AsyncGenerator<Piece> {
  const slice = new Slice(signal);
  let piece: Piece = { records: [], tokens: 0 };
  let [index, units] = [0, 0];
  const source = new Source(records as Texts, signal);
  try {
    for (;;) {
      const next = await source.next(false);
      if (!next || next.done) break;
      const record = await identified(next.value, `texts[${index++}]`);
      if (slice.over) await slice.next();
      if (await isRepeated(record[0])) continue;
      const [tokens, length] = [tokensOf(record[1]), lengthOf(record)];
      if (piece.records.length > 0 && (piece.tokens + tokens > most || units + length > MOST_UNITS)) {
        yield piece;
        [piece, units] = [{ records: [], tokens: 0 }, 0];
      }
      piece.records.push(record);
      piece.tokens += tokens;
      units += length;
    }
    if (piece.records.length > 0) yield piece;
  } finally {
    await source.close();
  }
}

const OTHER_UNITS = 8;
const lengthOf = (record: Identified): number => record.flat().reduce((sum, part) => sum + part.length + OTHER_UNITS, 0);

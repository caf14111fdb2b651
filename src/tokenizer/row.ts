import type { Offset, OffsetOf } from './offsets.ts';
import { type Sequence, type Side, wordOf } from './sequence.ts';
import type { Range } from './truncation.ts';

/** A token that is put around or behind the text. */
export interface Filler {
  id: number;
  token: string;
}

/** Tokens of a text that stand in a row. */
export interface Part {
  readonly type: number;
  /** 0 for the first text, 1 for the second. */
  readonly number: 0 | 1;
  readonly sequence: Sequence;
  readonly range: Range;
  readonly offsetOf: OffsetOf;
}

/** A token that is of no text, `count` times. */
interface Special {
  readonly type: number;
  readonly filler: Filler;
  readonly count: number;
  readonly isPadding: boolean;
}

const lengthOf = (piece: Part | Special): number => ('filler' in piece ? piece.count : piece.range[1] - piece.range[0]);

/** A row of tokens. Its columns are made when they are asked for. */
export class Row {
  /** The number of the input that it is of. */
  readonly sample: number;
  readonly #pieces: (Part | Special)[] = [];
  #length = 0;
  #offsets?: Offset[];
  #sequences?: (number | null)[];
  #words?: (number | null)[];

  constructor(sample: number) {
    this.sample = sample;
  }

  get length(): number {
    return this.#length;
  }

  addToken(filler: Filler, type: number): void {
    this.#pieces.push({ type, filler, count: 1, isPadding: false });
    this.#length++;
  }

  addPart(part: Part): void {
    this.#pieces.push(part);
    this.#length += lengthOf(part);
  }

  /** Fills up to `length`, if it is shorter. */
  pad(length: number, filler: Filler, side: Side): void {
    const count = length - this.#length;
    if (count <= 0) return;
    const padding = { type: 0, filler, count, isPadding: true };
    if (side === 'right') this.#pieces.push(padding);
    else this.#pieces.unshift(padding);
    this.#length = length;
  }

  get input_ids(): number[] {
    return this.#column(({ filler }) => filler.id, ({ sequence, range }, out) => append(out, sequence.ids, range)); // biome-ignore format: one row
  }

  get tokens(): string[] {
    return this.#column(({ filler }) => filler.token, ({ sequence, range }, out) => append(out, sequence.tokens, range)); // biome-ignore format: one row
  }

  get token_type_ids(): number[] {
    return this.#column(({ type }) => type, (part, out) => repeat(out, part.type, lengthOf(part))); // biome-ignore format: one row
  }

  /** 0 for padding. */
  get attention_mask(): number[] {
    return this.#column(({ isPadding }) => (isPadding ? 0 : 1), (part, out) => repeat(out, 1, lengthOf(part))); // biome-ignore format: one row
  }

  /** 1 for tokens that are of no text. */
  get special_tokens_mask(): number[] {
    return this.#column(() => 1, (part, out) => repeat(out, 0, lengthOf(part))); // biome-ignore format: one row
  }

  get offset_mapping(): Offset[] {
    return this.#column<Offset>(
      () => [0, 0],
      ({ range: [from, to], offsetOf }, out) => {
        for (let token = from; token < to; token++) out.push(offsetOf(token, token === from));
      },
    );
  }

  /** As {@link offset_mapping}, made once. */
  get offsets(): readonly Offset[] {
    this.#offsets ??= this.offset_mapping;
    return this.#offsets;
  }

  /** Which text each token is of, made once; null for tokens that are of none. */
  get sequences(): readonly (number | null)[] {
    this.#sequences ??= this.#column<number | null>(() => null, (part, out) => repeat(out, part.number, lengthOf(part))); // biome-ignore format: one row
    return this.#sequences;
  }

  /** Which word of its text each token is of, made once. */
  get words(): readonly (number | null)[] {
    this.#words ??= this.#column<number | null>(
      () => null,
      ({ sequence, range: [from, to] }, out) => {
        for (let token = from; token < to; token++) out.push(wordOf(sequence, token));
      },
    );
    return this.#words;
  }

  /** Where the tokens of a text stand: the whole row where it has no such text. */
  rangeOf(number: number): Range {
    let at = 0;
    let range: Range = [0, this.#length];
    for (const piece of this.#pieces) {
      const end = at + lengthOf(piece);
      if ('number' in piece && piece.number === number) range = [at, end];
      at = end;
    }
    return range;
  }

  /** Ids of its texts that are not in the row, of the first text and then of the second. */
  get absent(): number[] {
    const inOrder = this.#parts().sort((a, b) => a.number - b.number);
    return inOrder.flatMap(({ sequence: { ids }, range: [from, to] }) => [...ids.slice(0, from), ...ids.slice(to)]);
  }

  /** How many those are. */
  get absentCount(): number {
    return this.#parts().reduce((sum, part) => sum + part.sequence.ids.length - lengthOf(part), 0);
  }

  #parts(): Part[] {
    return this.#pieces.filter((piece) => 'number' in piece);
  }

  #column<T>(valueIn: (special: Special) => T, add: (part: Part, out: T[]) => void): T[] {
    const out: T[] = [];
    for (const piece of this.#pieces)
      if ('number' in piece) add(piece, out);
      else for (let i = 0; i < piece.count; i++) out.push(valueIn(piece));
    return out;
  }
}

function append<T>(out: T[], values: readonly T[], [from, to]: Range): void {
  for (let i = from; i < to; i++) out.push(values[i]);
}

function repeat<T>(out: T[], value: T, count: number): void {
  for (let i = 0; i < count; i++) out.push(value);
}

import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { proved } from '../base/options.ts';
import { kind } from '../base/schema.ts';
import type { Offset } from './offsets.ts';
import type { Row } from './row.ts';

/**
 * What of a text a token is of, and the other way round, as Hugging Face's `BatchEncoding` says it. Where a method takes the number of a row and
 * then an index, one number alone is an index in row 0. `char` counts what offsets count. Nothing there is null; an index that cannot be one is
 * a `value` error.
 */
export interface Alignment {
  /** For each token of a row which word of its text it is of; null for special tokens and padding. */
  word_ids(batch_index?: number): (number | null)[];
  /** For each token of a row which text of a pair it is of. */
  sequence_ids(batch_index?: number): (number | null)[];
  token_to_sequence(batch_or_token_index: number, token_index?: number): number | null;
  token_to_word(batch_or_token_index: number, token_index?: number): number | null;
  token_to_chars(batch_or_token_index: number, token_index?: number): Offset | null;
  /** From the first token of a word up to the one behind its last. */
  word_to_tokens(batch_or_word_index: number, word_index?: number | null, sequence_index?: number): [start: number, end: number] | null;
  /** Throws a `value` error for a word that has no token in the row. */
  word_to_chars(batch_or_word_index: number, word_index?: number | null, sequence_index?: number): Offset;
  /** The first token that holds a character. */
  char_to_token(batch_or_char_index: number, char_index?: number | null, sequence_index?: number): number | null;
  char_to_word(batch_or_char_index: number, char_index?: number | null, sequence_index?: number): number | null;
}

const HELD = Symbol('rows');

/** An answer, the rows that it is made of, and whether it is one row by itself; without them what a method was taken from or to. */
interface Answer extends Alignment {
  readonly [HELD]?: { readonly rows: readonly Row[]; readonly isSingle: boolean };
}

const INDEX = kind<number>('a whole number, 0 or more', (value) => Number.isInteger(value) && (value as number) >= 0);

function rowOf(answer: Answer, method: string, index: number): Row {
  const rows = (answer as Answer | undefined)?.[HELD]?.rows;
  if (!rows)
    throw new TraceletError('value', {
      what: `${method}()`,
      expected: 'to be called on what a tokenizer answered',
      got: describe(answer),
      cure: 'A copy of an answer has none of its methods',
    });
  const row = rows[proved(`${method}(): batch index`, index, INDEX)];
  if (row) return row;
  throw new TraceletError('value', {
    what: `${method}(): batch index`,
    expected: rows.length ? `a row from 0 to ${rows.length - 1}` : 'a batch with rows',
    got: describe(index),
  });
}

/** The row and the index that two numbers, or one alone, stand for. */
function placeIn(answer: Answer, method: string, first: number, second: number | null | undefined): [row: Row, index: number] {
  const [batch, index] = second === undefined || second === null ? [0, first] : [first, second];
  return [rowOf(answer, method, batch), proved(`${method}(): index`, index, INDEX)];
}

const sequenceIn = (method: string, index: number): number => proved(`${method}(): sequence index`, index, INDEX);

/** Words stand in order, so that the search ends behind the word. */
function tokensOf(row: Row, word: number, sequence: number): [start: number, end: number] | null {
  const { words } = row;
  const [from, to] = row.rangeOf(sequence);
  let span: [number, number] | null = null;
  for (let i = from; i < to && (words[i] ?? -1) <= word; i++) if (words[i] === word) span = [span ? span[0] : i, i + 1];
  return span;
}

function tokenAt(row: Row, char: number, sequence: number): number | null {
  const { offsets } = row;
  const [from, to] = row.rangeOf(sequence);
  for (let i = from; i < to; i++) if (offsets[i][0] <= char && char < offsets[i][1]) return i;
  return null;
}

const METHODS: Alignment & ThisType<Answer> = {
  word_ids(batch_index = 0) {
    return [...rowOf(this, 'word_ids', batch_index).words];
  },
  sequence_ids(batch_index = 0) {
    return [...rowOf(this, 'sequence_ids', batch_index).sequences];
  },
  token_to_sequence(first, second) {
    const [row, token] = placeIn(this, 'token_to_sequence', first, second);
    return row.sequences[token] ?? null;
  },
  token_to_word(first, second) {
    const [row, token] = placeIn(this, 'token_to_word', first, second);
    return row.words[token] ?? null;
  },
  token_to_chars(first, second) {
    const [row, token] = placeIn(this, 'token_to_chars', first, second);
    return row.sequences[token] === null || token >= row.length ? null : [...row.offsets[token]];
  },
  word_to_tokens(first, second, sequence_index = 0) {
    const [row, word] = placeIn(this, 'word_to_tokens', first, second);
    return tokensOf(row, word, sequenceIn('word_to_tokens', sequence_index));
  },
  word_to_chars(first, second, sequence_index = 0) {
    const [row, word] = placeIn(this, 'word_to_chars', first, second);
    const span = tokensOf(row, word, sequenceIn('word_to_chars', sequence_index));
    if (span) return [row.offsets[span[0]][0], row.offsets[span[1] - 1][1]];
    throw new TraceletError('value', {
      what: 'word_to_chars(): index',
      expected: 'a word of which the row has a token',
      got: describe(word),
    });
  },
  char_to_token(first, second, sequence_index = 0) {
    const [row, char] = placeIn(this, 'char_to_token', first, second);
    return tokenAt(row, char, sequenceIn('char_to_token', sequence_index));
  },
  char_to_word(first, second, sequence_index = 0) {
    const [row, char] = placeIn(this, 'char_to_word', first, second);
    const token = tokenAt(row, char, sequenceIn('char_to_word', sequence_index));
    return token === null ? null : row.words[token];
  },
};

/** Most ids that an answer lists as those that its rows lack. */
const MOST = 2 ** 24;

/** What rows lack of the texts that they are of, row by row. */
const ABSENT: Readonly<Record<string, (rows: readonly Row[]) => unknown[]>> = {
  overflowing_tokens(rows) {
    const count = rows.reduce((sum, row) => sum + row.absentCount, 0);
    if (count <= MOST) return rows.map((row) => row.absent);
    throw new TraceletError('value', {
      what: 'overflowing_tokens',
      expected: `at most ${MOST} ids that rows lack`,
      got: `${count} in ${rows.length} rows`,
      cure: 'With return_overflowing_tokens the rows have all of a text',
    });
  },
  num_truncated_tokens: (rows) => rows.map((row) => row.absentCount),
};

/** What answers inherit from: not enumerable, and an object like any other to those who ask for its constructor. */
const ANSWER = Object.defineProperties(
  {},
  {
    constructor: { value: Object },
    ...Object.fromEntries(Object.entries(METHODS).map(([name, value]) => [name, { value }])),
    ...Object.fromEntries(Object.entries(ABSENT).map(([name, read]) => [name, { get: ofRows(read) }])),
  },
);

function ofRows(read: (rows: readonly Row[]) => unknown[]) {
  return function (this: Answer) {
    const { rows, isSingle } = this[HELD] ?? { rows: [], isSingle: true };
    return isSingle ? read(rows)[0] : read(rows);
  };
}

/** `columns` with the methods, which stays what it is to JSON, structuredClone and comparisons of what is in it. */
export function aligned<Answered extends Alignment>(columns: object, rows: readonly Row[], isSingle: boolean): Answered {
  Object.defineProperty(columns, HELD, { value: { rows, isSingle } });
  return Object.setPrototypeOf(columns, ANSWER);
}

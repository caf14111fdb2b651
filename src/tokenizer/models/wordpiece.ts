import { TraceletError } from '../../base/error.ts';
import { describe, type JsonObject } from '../../base/json.ts';
import { SIZE } from '../../base/schema.ts';
import { type Fields, field, text, VOCAB } from '../fields.ts';
import type { Model, OnToken } from '../interfaces.ts';
import { NO_PREFIX, type Prefix, prefixOf } from '../lookup.ts';
import type { Filler } from '../row.ts';
import { idsByToken, indexVocab, type Vocab } from '../vocab.ts';

/** Greedy longest match of vocabulary entries, as Hugging Face's `WordPiece` model. */
export class WordPiece implements Model {
  readonly vocab: Vocab;
  readonly unknown: Filler;
  /** What pieces within a word begin with. */
  readonly #prefix: Prefix;
  readonly #maxChars: number;

  constructor(vocab: Vocab, prefix: string, maxChars: number, unknown: Filler) {
    this.vocab = vocab;
    this.unknown = unknown;
    this.#prefix = prefixOf(prefix);
    this.#maxChars = maxChars;
  }

  /** A word that is longer than the limit in code points or has no cover is unknown. */
  tokenize(text: string, start: number, end: number, token: OnToken): void {
    const found = this.#cover(text, start, end);
    if (!found) {
      token(this.unknown.id, start, end, this.unknown.token);
      return;
    }
    const { tokens } = this.vocab;
    let at = start;
    for (const id of found) {
      const piece = tokens[id] as string;
      const stop = at + piece.length - (at === start ? 0 : this.#prefix.text.length);
      token(id, at, stop, piece);
      at = stop;
    }
  }

  get prefix(): string {
    return this.#prefix.text;
  }

  continues(token: string): boolean {
    return token.startsWith(this.#prefix.text);
  }

  written(): JsonObject {
    return { vocab: idsByToken(this.vocab) };
  }

  #cover(text: string, start: number, end: number): number[] | undefined {
    if (end - start > this.#maxChars && countChars(text, start, end) > this.#maxChars) return undefined;
    const { tokens, lookup } = this.vocab;
    const found: number[] = [];
    for (let at = start; at < end; ) {
      const prefix = at === start ? NO_PREFIX : this.#prefix;
      const id = lookup.longest(text, at, end, prefix);
      if (id < 0) return undefined;
      found.push(id);
      at += (tokens[id] as string).length - prefix.text.length;
    }
    return found;
  }
}

function countChars(text: string, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; count++) i += (text.codePointAt(i) as number) > 0xffff ? 2 : 1;
  return count;
}

export function readWordPiece(fields: Fields): Model {
  const vocab = indexVocab(field(fields, 'vocab', VOCAB));
  const token = text(fields, 'unk_token', '[UNK]');
  const id = vocab.lookup.find(token);
  if (id < 0)
    throw new TraceletError('config', { what: `unk_token of ${fields.name}`, expected: 'a token of the vocabulary', got: describe(token) });
  const limit = field(fields, 'max_input_chars_per_word', SIZE, 100);
  return new WordPiece(vocab, text(fields, 'continuing_subword_prefix', '##'), limit, { id, token });
}

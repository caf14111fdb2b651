import { TraceletError } from '../../base/error.ts';
import { describe, type JsonObject } from '../../base/json.ts';
import { type Fields, field, text as textIn, VOCAB } from '../fields.ts';
import type { Model, OnToken } from '../interfaces.ts';
import type { Filler } from '../row.ts';
import { idsByToken, indexVocab, type Vocab } from '../vocab.ts';

/** A token for each word, as Hugging Face's `WordLevel` model. */
export class WordLevel implements Model {
  readonly vocab: Vocab;
  readonly unknown: Filler | undefined;
  readonly #unknownName: string;

  constructor(vocab: Vocab, unknown: string) {
    this.vocab = vocab;
    const id = vocab.lookup.find(unknown);
    this.unknown = id < 0 ? undefined : { id, token: unknown };
    this.#unknownName = unknown;
  }

  tokenize(text: string, start: number, end: number, token: OnToken): void {
    const id = this.vocab.lookup.exact(text, start, end);
    if (id >= 0) token(id, start, end, this.vocab.tokens[id] as string);
    else if (this.unknown) token(this.unknown.id, start, end, this.unknown.token);
    else
      throw new TraceletError('config', {
        what: 'unk_token of the model of tokenizer.json',
        expected: `a token of the vocabulary, for words such as ${describe(text.slice(start, end))}`,
        got: describe(this.#unknownName),
      });
  }

  continues(): boolean {
    return false;
  }

  written(): JsonObject {
    return { vocab: idsByToken(this.vocab) };
  }
}

export function readWordLevel(fields: Fields): Model {
  return new WordLevel(indexVocab(field(fields, 'vocab', VOCAB)), textIn(fields, 'unk_token', '<unk>'));
}

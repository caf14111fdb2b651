import type { JsonObject } from '../../base/json.ts';
import type { Model, OnToken } from '../interfaces.ts';
import type { Filler } from '../row.ts';
import type { Vocab } from '../vocab.ts';
import { type Found, Words } from './words.ts';

/** A model that does not look for the tokens of a word again which it found a while ago. */
export class Remembered implements Model {
  readonly vocab: Vocab;
  readonly unknown: Filler | undefined;
  readonly #model: Model;
  readonly #words: Words;

  constructor(model: Model) {
    this.vocab = model.vocab;
    this.unknown = model.unknown;
    this.#model = model;
    this.#words = new Words(model.vocab.tokens);
  }

  tokenize(text: string, start: number, end: number, token: OnToken): void {
    if (!this.#words.tell(text, start, end, token)) this.#learn(text, start, end, token);
  }

  continues(token: string, before?: string): boolean {
    return this.#model.continues(token, before);
  }

  written(): JsonObject {
    return this.#model.written();
  }

  #learn(text: string, start: number, end: number, token: OnToken): void {
    const found: Found = { ids: [], starts: [], ends: [], values: [] };
    this.#model.tokenize(text, start, end, (id, from, to, value) => {
      found.ids.push(id);
      found.starts.push(from);
      found.ends.push(to);
      found.values.push(value);
      token(id, from, to, value);
    });
    this.#words.add(text, start, end, found);
  }
}

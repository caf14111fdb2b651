import type { JsonObject } from '../../base/json.ts';
import type { Model, OnToken } from '../interfaces.ts';
import type { Filler } from '../row.ts';
import type { Vocab } from '../vocab.ts';
import { LONGEST_WORD, Words } from './words.ts';

/** Numbers of each token of a word: its id, and from where to where it stands, counted from the beginning of the word. */
const NUMBERS = 3;

/** A model that does not look for the tokens of a word again which it found a while ago. */
export class Remembered implements Model {
  readonly vocab: Vocab;
  readonly unknown: Filler | undefined;
  readonly #model: Model;
  readonly #words = new Words();

  constructor(model: Model) {
    this.vocab = model.vocab;
    this.unknown = model.unknown;
    this.#model = model;
  }

  tokenize(text: string, start: number, end: number, token: OnToken): void {
    const { tokens } = this.vocab;
    const known = end - start > LONGEST_WORD ? undefined : this.#words.find(text, start, end);
    if (!known) this.#learn(text, start, end, token);
    else
      for (let i = 0; i < known.length; i += NUMBERS)
        token(known[i], start + known[i + 1], start + known[i + 2], tokens[known[i]] as string);
  }

  continues(token: string, before?: string): boolean {
    return this.#model.continues(token, before);
  }

  written(): JsonObject {
    return this.#model.written();
  }

  /** A word that is too long is not kept, nor is one some of whose tokens have other texts than their ids say. */
  #learn(text: string, start: number, end: number, token: OnToken): void {
    const numbers: number[] = [];
    let isTold = true;
    this.#model.tokenize(text, start, end, (id, from, to, value) => {
      isTold &&= value === this.vocab.tokens[id];
      numbers.push(id, from - start, to - start);
      token(id, from, to, value);
    });
    if (isTold) this.#words.add(text, start, end, numbers);
  }
}

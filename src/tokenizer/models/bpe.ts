import { TraceletError } from '../../base/error.ts';
import { TextEncoder } from '../../base/globals.ts';
import { describe, type JsonObject } from '../../base/json.ts';
import { type Fields, field, flag, text as textIn, VOCAB } from '../fields.ts';
import type { Model, OnToken } from '../interfaces.ts';
import type { Filler } from '../row.ts';
import { utf8Length } from '../utf8.ts';
import { byteTokens, idsByToken, indexVocab, type Vocab } from '../vocab.ts';
import { Merges } from './merges.ts';
import { Remembered } from './remembered.ts';
import { Symbols } from './symbols.ts';

interface BPEOptions {
  unknown: string | undefined;
  /** What tokens within a word begin with. */
  prefix: string;
  /** What tokens at the end of a word end with. */
  suffix: string;
  /** Whether unknown characters side by side are one token. */
  fusesUnknown: boolean;
  /** Whether a character that no token has is written by its bytes. */
  byteFallback: boolean;
  /** Whether a word that is a token is that token, whatever merges would make of it. */
  ignoresMerges: boolean;
}

/** What words begin with, by the tokenizers in use. */
const WORD_BEGINS = ['▁', 'Ġ'];

/** Byte-pair encoding, as Hugging Face's `BPE` model: the characters of a word, merged pair by pair in the order of `merges`. */
export class BPE implements Model {
  readonly vocab: Vocab;
  readonly unknown: Filler | undefined;
  readonly #options: BPEOptions;
  readonly #merges: Merges;
  readonly #symbols = new Symbols();
  /** Ids of the tokens that stand for a byte, where each has one. */
  readonly #bytes: readonly number[] | undefined;

  constructor(vocab: Vocab, merges: Merges, options: BPEOptions) {
    this.vocab = vocab;
    this.#merges = merges;
    this.#options = options;
    const { unknown = '', byteFallback } = options;
    const id = vocab.lookup.find(unknown);
    this.unknown = id < 0 ? undefined : { id, token: unknown };
    this.#bytes = byteFallback ? byteTokens(vocab) : undefined;
  }

  tokenize(text: string, start: number, end: number, token: OnToken): void {
    if (start === end) return;
    const { tokens, lookup } = this.vocab;
    const whole = this.#options.ignoresMerges ? lookup.exact(text, start, end) : -1;
    if (whole >= 0) {
      token(whole, start, end, tokens[whole] as string);
      return;
    }
    this.#symbols.begin(this.#most(end - start));
    this.#spell(text, start, end);
    this.#symbols.merge(this.#merges);
    const place = placesOf(text, start, end);
    this.#symbols.forEach((id, bytes) => {
      token(id, ...place(bytes), tokens[id] as string);
    });
  }

  get prefix(): string {
    return this.#options.prefix;
  }

  continues(token: string, before?: string): boolean {
    const { prefix, suffix } = this.#options;
    if (prefix) return token.startsWith(prefix);
    if (suffix) return before !== undefined && !before.endsWith(suffix);
    return !WORD_BEGINS.some((begin) => token.startsWith(begin));
  }

  written(): JsonObject {
    const { tokens } = this.vocab;
    const { left, right } = this.#merges;
    return {
      vocab: idsByToken(this.vocab),
      merges: Array.from(left, (id, rank) => [tokens[id], tokens[right[rank]]]),
    };
  }

  /** How many tokens a word of `units` can begin as: affixes may be written by their bytes too. */
  #most(units: number): number {
    const { byteFallback, prefix, suffix } = this.#options;
    return byteFallback ? units * (3 + 3 * prefix.length) + 3 * suffix.length : units;
  }

  /** The tokens of single characters. What has none is left out where there is no unknown token. */
  #spell(text: string, start: number, end: number): void {
    const symbols = this.#symbols;
    let unknown = 0;
    const flush = (): void => {
      if (unknown > 0) symbols.add(this.#unknownId(), unknown);
      unknown = 0;
    };
    for (let i = start; i < end; ) {
      const code = text.codePointAt(i) as number;
      const next = i + (code > 0xffff ? 2 : 1);
      const affixed = this.#affixed(text, i, next, i === start, next === end);
      const id = affixed === undefined ? this.vocab.lookup.exact(text, i, next) : this.vocab.lookup.find(affixed);
      if (id >= 0) {
        flush();
        symbols.add(id, utf8Length(code));
      } else if (!this.#spellBytes(affixed ?? text.slice(i, next)) && this.#options.unknown !== undefined) {
        if (!this.#options.fusesUnknown) flush();
        unknown += utf8Length(code);
      }
      i = next;
    }
    flush();
  }

  /** The character with its affixes, where there are any. */
  #affixed(text: string, start: number, end: number, isFirst: boolean, isLast: boolean): string | undefined {
    const prefix = isFirst ? '' : this.#options.prefix;
    const suffix = isLast ? this.#options.suffix : '';
    return prefix || suffix ? prefix + text.slice(start, end) + suffix : undefined;
  }

  /** Adds the tokens of the bytes of a character; answers whether each byte has one. */
  #spellBytes(character: string): boolean {
    if (!this.#bytes) return false;
    const ids = Array.from(new TextEncoder().encode(character), (byte) => (this.#bytes as number[])[byte]);
    if (ids.some((id) => id < 0)) return false;
    for (const id of ids) this.#symbols.add(id, 1);
    return true;
  }

  #unknownId(): number {
    if (this.unknown) return this.unknown.id;
    throw new TraceletError('config', {
      what: 'unk_token of the model of tokenizer.json',
      expected: 'a token of the vocabulary, for text that it does not cover',
      got: describe(this.#options.unknown),
    });
  }
}

/** A function that answers, for the next `bytes` of the UTF-8 of a text, where the characters stand that they belong to. */
function placesOf(text: string, start: number, end: number): (bytes: number) => [from: number, to: number] {
  let unit = start;
  let code = text.codePointAt(unit) as number;
  /** Bytes before the character at `unit`, and before what is asked for next. */
  let before = 0;
  let asked = 0;
  const seek = (byte: number): void => {
    while (before + utf8Length(code) <= byte && unit + (code > 0xffff ? 2 : 1) < end) {
      before += utf8Length(code);
      unit += code > 0xffff ? 2 : 1;
      code = text.codePointAt(unit) as number;
    }
  };
  return (bytes) => {
    seek(asked);
    const from = unit;
    asked += bytes;
    seek(asked - 1);
    return [from, unit + (code > 0xffff ? 2 : 1)];
  };
}

const isPair = (value: unknown): value is [string, string] =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'string';

/** The merges of a file: pairs, or lines with a space between the two. */
function mergesIn({ name, json }: Fields, { lookup, tokens }: Vocab, prefix: string): Merges {
  const listed = json.merges;
  if (!Array.isArray(listed))
    throw new TraceletError('format', { what: `merges of ${name}`, expected: 'an array of pairs of tokens', got: describe(listed) });
  const lines = listed.filter((line) => typeof line !== 'string' || !line.startsWith('#version'));
  const merges = new Merges(lines.length);
  for (const [rank, line] of lines.entries()) {
    const what = `merges[${rank}] of ${name}`;
    const pair = typeof line === 'string' ? line.split(' ') : line;
    if (!isPair(pair)) throw new TraceletError('format', { what, expected: 'two tokens', got: describe(line) });
    const idOf = (token: string): number => {
      const id = lookup.find(token);
      if (id >= 0) return id;
      throw new TraceletError('config', { what, expected: 'tokens of the vocabulary', got: `${describe(token)}, which is not in it` });
    };
    const [left, right] = pair.map(idOf);
    merges.add(left, right, idOf((tokens[left] as string) + (tokens[right] as string).slice(prefix.length)));
  }
  return merges;
}

export function readBPE(fields: Fields): Model {
  const { name, json } = fields;
  const { dropout = null } = json;
  if (dropout !== null && dropout !== 0)
    throw new TraceletError('unsupported', {
      what: `dropout of ${name}`,
      expected: 'null or 0',
      got: describe(dropout),
      cure: 'It makes ids random, for training: set it to null in tokenizer.json',
    });
  const vocab = indexVocab(field(fields, 'vocab', VOCAB));
  const prefix = textIn(fields, 'continuing_subword_prefix', '');
  const bpe = new BPE(vocab, mergesIn(fields, vocab, prefix), {
    unknown: json.unk_token == null ? undefined : textIn(fields, 'unk_token'),
    prefix,
    suffix: textIn(fields, 'end_of_word_suffix', ''),
    fusesUnknown: flag(fields, 'fuse_unk', false),
    byteFallback: flag(fields, 'byte_fallback', false),
    ignoresMerges: flag(fields, 'ignore_merges', false),
  });
  return new Remembered(bpe);
}

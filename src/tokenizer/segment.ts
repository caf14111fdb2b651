import { AddedTokens, type Stretch } from './added.ts';
import { characters, SPACE } from './characters.ts';
import { type Normalized, type NormalizerRules, normalize } from './normalize.ts';
import type { Filler } from './row.ts';
import type { Sequence } from './sequence.ts';
import { roleOf, type Settings } from './settings.ts';
import { splitWords, WordPiece } from './wordpiece.ts';

/** Turns text into tokens: added tokens first, then normalizer, words and their pieces. */
export class Segmenter {
  readonly #rules: NormalizerRules;
  readonly #exact: AddedTokens;
  readonly #normalized: AddedTokens;
  readonly #model: WordPiece;
  readonly #neverSplit: ReadonlySet<string>;
  readonly #tokens: readonly (string | undefined)[];
  readonly #unknown: Filler;

  constructor(settings: Settings) {
    const { vocab, clean_text, tokenize_chinese_chars, do_lower_case: lowercase, strip_accents } = settings;
    const added = settings.added.filter(({ token }) => !(settings.split_special_tokens && token.special));
    this.#rules = { clean_text, tokenize_chinese_chars, lowercase, strip_accents: strip_accents ?? lowercase };
    this.#exact = new AddedTokens(added.filter(({ token }) => !token.normalized));
    this.#normalized = new AddedTokens(
      added
        .filter(({ token }) => token.normalized)
        .map((pattern) => ({ ...pattern, text: normalize(pattern.text, 0, pattern.text.length, this.#rules).text })),
    );
    this.#model = new WordPiece(vocab, settings.wordpieces_prefix, settings.max_input_chars_per_word);
    this.#neverSplit = new Set(settings.never_split);
    this.#tokens = vocab.tokens;
    this.#unknown = roleOf(settings, 'unk_token');
  }

  segment(text: string): Sequence {
    const out: Sequence = { ids: [], tokens: [], starts: [], ends: [] };
    for (const stretch of this.#exact.split(text)) {
      const { start, end, id } = stretch;
      if (id !== undefined) push(out, id, text.slice(start, end), start, end);
      else if (this.#neverSplit.size === 0) this.#plain(text, stretch, out);
      else this.#guarded(text, stretch, out);
    }
    return out;
  }

  /** A stretch without added tokens of the exact kind. */
  #plain(text: string, { start, end }: Stretch, out: Sequence): void {
    const normalized = normalize(text, start, end, this.#rules);
    for (const part of this.#normalized.split(normalized.text)) {
      if (part.id === undefined)
        splitWords(normalized.text, part.start, part.end, (from, to) => this.#word(text, normalized, from, to, out));
      else {
        const [from, to] = origin(text, normalized, part.start, part.end);
        push(out, part.id, normalized.text.slice(part.start, part.end), from, to);
      }
    }
  }

  /** A stretch in which the words of `never_split` stay as they are. */
  #guarded(text: string, { start, end }: Stretch, out: Sequence): void {
    const { flags } = characters();
    let plain = start;
    for (let i = start; i < end; ) {
      let stop = i;
      while (stop < end && !(flags[text.charCodeAt(stop)] & SPACE)) stop++;
      const word = text.slice(i, stop);
      if (this.#neverSplit.has(word)) {
        this.#plain(text, { start: plain, end: i }, out);
        this.#word(text, { text: word, from: Array.from(word, (_, unit) => i + unit) }, 0, word.length, out);
        plain = stop;
      }
      i = stop + 1;
    }
    this.#plain(text, { start: plain, end }, out);
  }

  #word(text: string, normalized: Normalized, start: number, end: number, out: Sequence): void {
    const known = this.#model.match(normalized.text, start, end, (id, from, to) => {
      const [first, last] = origin(text, normalized, from, to);
      push(out, id, this.#tokens[id] as string, first, last);
    });
    if (known) return;
    const [first, last] = origin(text, normalized, start, end);
    push(out, this.#unknown.id, this.#unknown.token, first, last);
  }
}

/** The part of the original text that units `start` to `end` of the normalized one came from. */
function origin(text: string, { from }: Normalized, start: number, end: number): [start: number, end: number] {
  const last = from[end - 1];
  return [from[start], last + ((text.codePointAt(last) as number) > 0xffff ? 2 : 1)];
}

function push(out: Sequence, id: number, token: string, start: number, end: number): void {
  out.ids.push(id);
  out.tokens.push(token);
  out.starts.push(start);
  out.ends.push(end);
}

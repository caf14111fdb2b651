import { NAMES } from '../../base/schema.ts';
import { type Chars, write } from '../chars.ts';
import { type Fields, field, flag } from '../fields.ts';
import type { Normalizer } from '../interfaces.ts';
import { Trie } from '../trie.ts';
import { readCharsmap } from './charsmap.ts';

const [SPACE, MARK] = [0x20, 0x2581];

/** What stands at a place becomes, and where it ends. */
interface Rewritten {
  codes: readonly number[];
  end: number;
}

const codesOf = (text: string): number[] => Array.from(text, (one) => one.codePointAt(0) as number);

/**
 * As `normalizer.cc` of sentencepiece: user-defined symbols stay as they are, else the longest rule counts; then spaces are trimmed, marked, and one is
 * put before the text or behind it. Each character is taken to end where the next begins, as in its offsets.
 */
export const readSentencePieceNormalizer = (fields: Fields): Normalizer => {
  const [trims, adds] = [flag(fields, 'remove_extra_whitespaces', true), flag(fields, 'add_dummy_prefix', true)];
  const [escapes, endsWords] = [flag(fields, 'escape_whitespaces', true), flag(fields, 'treat_whitespace_as_suffix', false)];
  const rewrites = readRewrites(fields);
  const blank = escapes ? MARK : SPACE;
  return (chars) => {
    const next = rewrites(chars);
    const { code } = chars;
    const out: Chars = { code: [], from: [] };
    const push = (part: number, from: number): void => {
      out.code.push(part === SPACE ? blank : part);
      out.from.push(from);
    };
    let at = 0;
    while (trims && at < code.length) {
      const { codes, end } = next(at);
      if (codes.length !== 1 || codes[0] !== SPACE) break;
      at = end;
    }
    if (at === code.length) return out;
    if (adds && !endsWords) push(SPACE, originOf(chars, at));
    for (let isBehindSpace = trims; at < code.length; ) {
      const { codes, end } = next(at);
      let first = 0;
      while (isBehindSpace && codes[first] === SPACE) first++;
      for (let i = first; i < codes.length; i++) push(codes[i], originOf(chars, at));
      if (first < codes.length) isBehindSpace = trims && codes[codes.length - 1] === SPACE;
      at = end;
    }
    let last = originOf(chars, at);
    while (trims && out.code[out.code.length - 1] === blank) {
      out.code.pop();
      last = out.from.pop() as number;
    }
    if (adds && endsWords) push(SPACE, last);
    out.from.push(last);
    return out;
  };
};

/** Where in the original text a character begins; of the place behind the last, where that ends. */
function originOf({ code, from }: Chars, at: number): number {
  if (at < from.length) return from[at];
  return from[at - 1] + (code[at - 1] > 0xffff ? 2 : 1);
}

/** For a text, a function that says what its characters from a place on become. */
function readRewrites(fields: Fields): (chars: Chars) => (at: number) => Rewritten {
  const { precompiled_charsmap: charsmap } = fields.json;
  const rules = charsmap === undefined ? undefined : readCharsmap(fields);
  const texts = new Map<number, readonly number[]>();
  const symbols = field(fields, 'user_defined_symbols', NAMES, []);
  const written = symbols.map(codesOf);
  const kept = new Trie();
  for (const [i, symbol] of symbols.entries()) kept.add(symbol, i);
  return (chars) => {
    const { code } = chars;
    const text = symbols.length > 0 ? write(chars).text : '';
    const units = symbols.length > 0 ? unitsOf(code) : [];
    return (at) => {
      let symbol = -1;
      if (symbols.length > 0)
        kept.prefixes(text, units[at], text.length, (i) => {
          symbol = i;
        });
      if (symbol >= 0) return { codes: written[symbol], end: at + written[symbol].length };
      let [rule, end] = [-1, at + 1];
      rules?.prefixes(code, at, (found, stop) => {
        [rule, end] = [found, stop];
        return true;
      });
      if (rule < 0) return { codes: [code[at]], end };
      const codes = texts.get(rule) ?? (rules?.textOf(rule) as readonly number[]);
      texts.set(rule, codes);
      return { codes, end };
    };
  };
}

/** The index of the first UTF-16 unit of each code point. */
function unitsOf(code: readonly number[]): number[] {
  let unit = 0;
  return code.map((c) => {
    unit += c > 0xffff ? 2 : 1;
    return unit - (c > 0xffff ? 2 : 1);
  });
}

import { characters, DROPPED, HAN, jamo, LOWERS, MARK, RANKED, SPACE, STRIPS } from './characters.ts';

/** The settings of Hugging Face's `BertNormalizer`. */
export interface NormalizerRules {
  clean_text: boolean;
  tokenize_chinese_chars: boolean;
  strip_accents: boolean;
  lowercase: boolean;
}

/** Normalized text and, for each of its UTF-16 units, the index in the original text of the character it came from. */
export interface Normalized {
  text: string;
  from: readonly number[];
}

/** Code points with the index of the original character each stands for. */
interface Chars {
  code: number[];
  from: number[];
}

const REPLACEMENT = 0xfffd;
const BLANK = 0x20;

/**
 * `text` from `start` to `end` as `BertNormalizer` of the Rust tokenizers leaves it. A lone surrogate is read as U+FFFD,
 * which is what UTF-8 makes of it.
 */
export function normalize(text: string, start: number, end: number, rules: NormalizerRules): Normalized {
  let chars = read(text, start, end, rules.clean_text);
  if (rules.tokenize_chinese_chars) chars = isolateHan(chars);
  if (rules.strip_accents) chars = stripAccents(chars);
  if (rules.lowercase) chars = lowercase(chars);
  return write(chars);
}

function read(text: string, start: number, end: number, clean: boolean): Chars {
  const { flags } = characters();
  const code: number[] = [];
  const from: number[] = [];
  for (let i = start; i < end; ) {
    const at = i;
    let c = text.codePointAt(i) as number;
    i += c > 0xffff ? 2 : 1;
    if (c >= 0xd800 && c < 0xe000) c = REPLACEMENT;
    if (clean && flags[c] & (DROPPED | SPACE)) {
      if (flags[c] & DROPPED) continue;
      c = BLANK;
    }
    code.push(c);
    from.push(at);
  }
  return { code, from };
}

function isolateHan(chars: Chars): Chars {
  const { flags } = characters();
  if (!chars.code.some((c) => flags[c] & HAN)) return chars;
  return flatMap(chars, (c) => (flags[c] & HAN ? [BLANK, c, BLANK] : undefined));
}

function lowercase(chars: Chars): Chars {
  const { flags, lowers } = characters();
  return flatMap(chars, (c) => (flags[c] & LOWERS ? lowers.get(c) : undefined));
}

/** Every character replaced by `map`'s answer, or kept where it has none. */
function flatMap(chars: Chars, map: (code: number) => readonly number[] | undefined): Chars {
  const code: number[] = [];
  const from: number[] = [];
  for (let i = 0; i < chars.code.length; i++) {
    const parts = map(chars.code[i]);
    if (!parts) {
      code.push(chars.code[i]);
      from.push(chars.from[i]);
    } else
      for (const part of parts) {
        code.push(part);
        from.push(chars.from[i]);
      }
  }
  return { code, from };
}

/** A mark waiting for its place in canonical order. */
interface Mark {
  code: number;
  rank: number;
  from: number;
  /** Whether it is the first part of its character. */
  first: boolean;
}

function stripAccents(chars: Chars): Chars {
  const { flags, ranks, strips } = characters();
  const out: Chars = { code: [], from: [] };
  let marks: Mark[] = [];
  for (let i = 0; i < chars.code.length; i++) {
    const c = chars.code[i];
    const from = chars.from[i];
    const parts = flags[c] & STRIPS ? (jamo(c) ?? (strips.get(c) as readonly number[])) : [c];
    for (let k = 0; k < parts.length; k++) {
      const code = parts[k];
      if (flags[code] & RANKED) marks.push({ code, rank: ranks.get(code) as number, from, first: k === 0 });
      else {
        if (marks.length) marks = settle(marks, out);
        if (flags[code] & MARK) continue;
        out.code.push(code);
        out.from.push(from);
      }
    }
  }
  settle(marks, out);
  return out;
}

/**
 * Sorts a run of marks and appends those that stay. The library aligns reordered characters by place: each first part
 * takes the next source of the run, any other part that of its predecessor.
 */
function settle(marks: Mark[], out: Chars): Mark[] {
  const { flags } = characters();
  if (marks.every((mark) => flags[mark.code] & MARK)) return [];
  const sources = marks.filter((mark) => mark.first).map((mark) => mark.from);
  let source = marks[0].from;
  let next = 0;
  for (const { code, first } of marks.sort((a, b) => a.rank - b.rank)) {
    if (first) source = sources[next++];
    if (flags[code] & MARK) continue;
    out.code.push(code);
    out.from.push(source);
  }
  return [];
}

function write({ code, from }: Chars): Normalized {
  const parts: string[] = [];
  for (let i = 0; i < code.length; i += 4096) parts.push(String.fromCodePoint(...code.slice(i, i + 4096)));
  const text = parts.join('');
  if (text.length === code.length) return { text, from };
  const units: number[] = [];
  for (let i = 0; i < code.length; i++) {
    units.push(from[i]);
    if (code[i] > 0xffff) units.push(from[i]);
  }
  return { text, from: units };
}

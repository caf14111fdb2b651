import { CLASSED, characters, DECOMPOSED, decomposed, rankOf } from '../characters.ts';
import { type Chars, transform } from '../chars.ts';
import type { Normalizer } from '../interfaces.ts';

type Decomposition = 'NFD' | 'NFKD';

/** Code points, and what each of them changes. */
interface Changed {
  codes: number[];
  changes: number[];
}

/** Whether no character decomposes, or has a place among marks. */
function isPlain({ code }: Chars): boolean {
  const { flags } = characters();
  return code.every((c) => (flags[c] & (CLASSED | DECOMPOSED)) === 0);
}

/** What characters decompose to, as far as texts had them. */
const decompositions: Record<Decomposition, Map<number, readonly number[]>> = { NFD: new Map(), NFKD: new Map() };

/** The characters decomposed, marks in canonical order. */
function decompose({ code }: Chars, form: Decomposition): Changed {
  const { flags } = characters();
  const parts = decompositions[form];
  const codes: number[] = [];
  const changes: number[] = [];
  let marks: { code: number; change: number }[] = [];
  const settle = (): void => {
    for (const mark of marks.sort((a, b) => rankOf(a.code) - rankOf(b.code))) {
      codes.push(mark.code);
      changes.push(mark.change);
    }
    marks = [];
  };
  const partsOf = (c: number): readonly number[] => {
    const known = parts.get(c);
    if (known) return known;
    const found = decomposed(c, form);
    parts.set(c, found);
    return found;
  };
  for (const c of code) {
    let change = 0;
    for (const part of flags[c] & DECOMPOSED ? partsOf(c) : [c]) {
      if (flags[part] & CLASSED) marks.push({ code: part, change });
      else {
        if (marks.length) settle();
        codes.push(part);
        changes.push(change);
      }
      change = 1;
    }
  }
  settle();
  return { codes, changes };
}

let seconds: Set<number> | undefined;

/** Characters that compose with one before them. */
function composing(): Set<number> {
  if (seconds) return seconds;
  seconds = new Set();
  for (const [c, flags] of characters().flags.entries()) if (flags & DECOMPOSED) seconds.add(decomposed(c, 'NFD').at(-1) as number);
  return seconds;
}

function composed(first: number, second: number): number | undefined {
  const { flags } = characters();
  if (!composing().has(second)) return undefined;
  const text = String.fromCodePoint(first, second).normalize('NFC');
  const code = text.codePointAt(0) as number;
  return text === String.fromCodePoint(code) && flags[code] & DECOMPOSED ? code : undefined;
}

function compose({ codes, changes }: Changed): Changed {
  const { flags } = characters();
  const out: Changed = { codes: [], changes: [] };
  let starter = -1;
  /** The mark behind the starter, as far as it did not compose. */
  let last: number | undefined;
  for (let i = 0; i < codes.length; i++) {
    const isMark = (flags[codes[i]] & CLASSED) !== 0;
    const isNext = last === undefined || (isMark && rankOf(last) < rankOf(codes[i]));
    const whole = starter >= 0 && isNext ? composed(out.codes[starter], codes[i]) : undefined;
    if (whole !== undefined) {
      out.codes[starter] = whole;
      out.changes[starter] += changes[i] - 1;
      continue;
    }
    if (!isMark) starter = out.codes.length;
    last = isMark ? codes[i] : undefined;
    out.codes.push(codes[i]);
    out.changes.push(changes[i]);
  }
  return out;
}

const form =
  (kind: Decomposition, composes: boolean): Normalizer =>
  (chars) => {
    if (isPlain(chars) && !(composes && chars.code.some((c) => composing().has(c)))) return chars;
    const changed = decompose(chars, kind);
    const { codes, changes } = composes ? compose(changed) : changed;
    return transform(chars, codes, changes);
  };

export const nfd = form('NFD', false);
export const nfkd = form('NFKD', false);
export const nfc = form('NFD', true);
export const nfkc = form('NFKD', true);

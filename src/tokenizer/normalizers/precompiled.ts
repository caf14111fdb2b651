import { transform } from '../chars.ts';
import type { Fields } from '../fields.ts';
import type { Normalizer } from '../interfaces.ts';
import { utf8Length } from '../utf8.ts';
import { readCharsmap } from './charsmap.ts';
import { clusterEnd } from './clusters.ts';

/** Rules of sentencepiece, as the Rust tokenizers look them up: the shortest for a character of few bytes, or else for each code point. */
export const readPrecompiled = (fields: Fields): Normalizer => {
  const rules = readCharsmap(fields);
  const ruleFor = (codes: readonly number[]): readonly number[] | undefined => {
    let shortest: readonly number[] | undefined;
    rules.prefixes(codes, 0, (rule) => {
      shortest = rules.textOf(rule);
      return false;
    });
    return shortest;
  };
  const singles = new Map<number, readonly number[] | null>();
  const single = (code: number): readonly number[] | null => {
    const known = singles.get(code);
    if (known !== undefined) return known;
    const rule = ruleFor([code]) ?? null;
    singles.set(code, rule);
    return rule;
  };
  return (chars) => {
    const { code } = chars;
    /** Both are empty as long as nothing is changed. */
    let codes: number[] = [];
    let changes: number[] = [];
    let isChanged = false;
    const rewrite = (at: number, length: number, rule: readonly number[]): void => {
      if (!isChanged) [codes, changes] = [code.slice(0, at), Array<number>(at).fill(0)];
      isChanged = true;
      for (const [i, part] of rule.entries()) {
        codes.push(part);
        changes.push(i < length ? 0 : 1);
      }
      if (rule.length < length && changes.length) changes[changes.length - 1] -= length - rule.length;
    };
    for (let i = 0; i < code.length; ) {
      const end = isAlone(code, i) ? i + 1 : clusterEnd(code, i);
      const whole = end > i + 1 && bytesIn(code, i, end) < SHORT ? ruleFor(code.slice(i, end)) : undefined;
      if (whole) rewrite(i, end - i, whole);
      for (; i < end; i++) {
        if (whole) continue;
        const rule = single(code[i]);
        if (rule) rewrite(i, 1, rule);
        else if (isChanged) {
          codes.push(code[i]);
          changes.push(0);
        }
      }
    }
    return isChanged ? transform(chars, codes, changes) : chars;
  };
};

/** Characters of fewer bytes are looked up as a whole, and others code point by code point. */
const SHORT = 6;

const FIRST_MARK = 0x300;
const CARRIAGE_RETURN = 0x0d;

/** Whether a code point is a character without a look at the sets. */
const isAlone = (code: readonly number[], i: number): boolean =>
  code[i] < FIRST_MARK && (code[i + 1] ?? 0) < FIRST_MARK && code[i] !== CARRIAGE_RETURN;

function bytesIn(code: readonly number[], start: number, end: number): number {
  let bytes = 0;
  for (let i = start; i < end; i++) bytes += utf8Length(code[i]);
  return bytes;
}

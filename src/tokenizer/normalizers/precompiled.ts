import { transform } from '../chars.ts';
import type { Fields } from '../fields.ts';
import type { Normalizer } from '../interfaces.ts';
import { utf8Length } from '../utf8.ts';
import { readCharsmap } from './charsmap.ts';
import { clusterEnd, isApart } from './clusters.ts';

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
  /** By UTF-16 unit: whether it is known to stay as it is beside others that do. */
  const stays = new Uint8Array(0x10000);
  const single = (code: number): readonly number[] | null => {
    const known = singles.get(code);
    if (known !== undefined) return known;
    const rule = ruleFor([code]) ?? null;
    singles.set(code, rule);
    if (!rule && isApart(code)) stays[code] = 1;
    return rule;
  };
  const normalizer: Normalizer = (chars) => {
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
    const keep = (one: number): void => {
      codes.push(one);
      changes.push(0);
    };
    for (let i = 0; i < code.length; ) {
      if (stays[code[i]] && (i + 1 === code.length || stays[code[i + 1]])) {
        if (isChanged) keep(code[i]);
        i++;
        continue;
      }
      const end = clusterEnd(code, i);
      const whole = end > i + 1 && bytesIn(code, i, end) < SHORT ? ruleFor(code.slice(i, end)) : undefined;
      if (whole) rewrite(i, end - i, whole);
      for (; i < end; i++) {
        if (whole) continue;
        const rule = single(code[i]);
        if (rule) rewrite(i, 1, rule);
        else if (isChanged) keep(code[i]);
      }
    }
    return isChanged ? transform(chars, codes, changes) : chars;
  };
  normalizer.same = (text, start, end) => {
    for (let i = start; i < end; i++) if (!stays[text.charCodeAt(i)]) return undefined;
    const from = new Array<number>(end - start);
    for (let i = start; i < end; i++) from[i - start] = i;
    return { text: text.slice(start, end), from };
  };
  return normalizer;
};

/** Characters of fewer bytes are looked up as a whole, and others code point by code point. */
const SHORT = 6;

function bytesIn(code: readonly number[], start: number, end: number): number {
  let bytes = 0;
  for (let i = start; i < end; i++) bytes += utf8Length(code[i]);
  return bytes;
}

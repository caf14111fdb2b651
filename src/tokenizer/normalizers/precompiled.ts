import { TraceletError } from '../../base/error.ts';
import { TextDecoder } from '../../base/globals.ts';
import { describe } from '../../base/json.ts';
import { transform } from '../chars.ts';
import { type Fields, text } from '../fields.ts';
import type { Normalizer } from '../interfaces.ts';
import { utf8Byte, utf8Length } from '../utf8.ts';
import { clusterEnd } from './clusters.ts';

/** Rules of sentencepiece: a double array trie over the bytes of what is rewritten, whose values lead to what it becomes. */
export const readPrecompiled = (fields: Fields): Normalizer => {
  const ruleFor = readRules(fields);
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

/** A function that gives what the shortest beginning of some code points for which there is a rule becomes. */
function readRules(fields: Fields): (codes: readonly number[]) => readonly number[] | undefined {
  const bytes = decode(fields);
  const view = new DataView(bytes.buffer);
  const units = bytes.length < 4 ? 0 : view.getUint32(0, true) >>> 2;
  const texts = bytes.subarray(4 + 4 * units);
  if (units === 0 || 4 + 4 * units > bytes.length) throw broken(fields, `${bytes.length} bytes`);
  const trie = Uint32Array.from({ length: units }, (_, i) => view.getUint32(4 + 4 * i, true));
  const textAt = (start: number): number[] => {
    const end = texts.indexOf(0, start);
    const part = texts.subarray(start, end < 0 ? texts.length : end);
    if (start > texts.length || (part[0] & 0xc0) === 0x80) throw broken(fields, `a rule that leads to byte ${start} of ${texts.length}`);
    return Array.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(part), (one) => one.codePointAt(0) as number);
  };
  return (codes) => {
    let node = childrenOf(trie[0]);
    for (const code of codes)
      for (let at = 0, length = utf8Length(code); at < length; at++) {
        const byte = utf8Byte(code, at, length);
        if (byte === 0) return undefined;
        node ^= byte;
        if ((trie[node] & LABEL) !== byte) return undefined;
        const isLeaf = trie[node] & LEAF;
        node ^= childrenOf(trie[node]);
        if (isLeaf) return textAt(trie[node] & VALUE);
      }
    return undefined;
  };
}

const LABEL = 0x800000ff | 0;
const LEAF = 0x100;
const WIDE = 0x200;
const VALUE = 0x7fffffff;
const childrenOf = (unit: number): number => (unit >>> 10) << ((unit & WIDE) >>> 6);

function decode(fields: Fields): Uint8Array {
  const map = text(fields, 'precompiled_charsmap');
  try {
    return Uint8Array.from(atob(map), (unit) => unit.charCodeAt(0));
  } catch {
    throw broken(fields, describe(map));
  }
}

const broken = ({ name }: Fields, got: string): TraceletError =>
  new TraceletError('format', { what: `precompiled_charsmap of ${name}`, expected: 'a trie and texts of sentencepiece in base64', got });

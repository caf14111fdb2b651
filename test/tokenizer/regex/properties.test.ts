import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alphabetOf } from '../../../src/tokenizer/regex/alphabet.ts';
import { complement, difference, has, intersection, type Ranges, union } from '../../../src/tokenizer/regex/ranges.ts';
import { Regex, regexOf } from '../../../src/tokenizer/regex/regex.ts';
import { scanned } from '../../support/scan.ts';

const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', '1', ' ', '_', '-'), maxLength: 12 });

const atoms = fc.constantFrom(
  'a',
  'b',
  'ab',
  'c',
  '.',
  '[ab]',
  '[^a]',
  '[a-c1]',
  '\\d',
  '\\w',
  '\\s',
  '\\S',
  '\\W',
  '(?=a)',
  '(?!b)',
  '\\b',
  '\\B',
  '$',
);
const counts = fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{0,2}?', '{2,}');

/** Whether a quantifier may follow: loops over what may be empty go other ways in JavaScript. */
const mayRepeat = (pattern: string): boolean =>
  !/^(?:\(\?[=!<]|\\[bB]$|\$)/.test(pattern) && !canBeEmpty.test(pattern.replaceAll('(?:', '('));

/** Roughly: something in it that may be empty. */
const canBeEmpty = /\(\?[=!<]|\\[bB]|[$*?|]|\{0/;

const grouped = (pattern: string): string =>
  pattern.length === 1 || /^(?:\[[^\]]*\]|\\.|\(.*\))$/.test(pattern) ? pattern : `(?:${pattern})`;

/** Expressions that mean the same to JavaScript. */
const common = fc.letrec<{ choice: string; sequence: string; part: string }>((tie) => ({
  choice: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('|')),
  sequence: fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
  part: fc
    .tuple(
      fc.oneof(
        { maxDepth: 3 },
        atoms,
        fc.tuple(fc.constantFrom('(?:', '(', '(?=', '(?!', '(?<=', '(?<!'), tie('choice')).map(([opening, body]) => `${opening}${body})`),
      ),
      counts,
    )
    .map(([atom, count]) => (count && mayRepeat(atom) ? `${grouped(atom)}${count}` : atom)),
})).choice;

/** Oniguruma looks ahead from no look-behind. */
const isRead = (pattern: string): boolean => {
  try {
    regexOf(pattern, 'pattern');
    return true;
  } catch {
    return false;
  }
};

describe('what a search finds', () => {
  test.each([32, 0])("is what JavaScript's own finds, with patience %i", (patience) => {
    fc.assert(
      fc.property(common.filter(isRead), fc.array(texts, { minLength: 1, maxLength: 6 }), (pattern, several) => {
        const [regex, own] = [new Regex(pattern, 'pattern', patience), new RegExp(pattern)];
        for (const text of several) {
          const match = own.exec(text);
          const found = regex.find(text, 0, text.length) ? [regex.start, regex.stop] : null;
          expect(found, JSON.stringify(text)).toEqual(match && [match.index, match.index + match[0].length]);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('is the same in linear time, atomic groups and all', () => {
    const opened = fc.constantFrom('(?:', '(', '(?>', '(?>', '(?=', '(?!');
    const more = fc.letrec<{ choice: string; part: string }>((tie) => ({
      choice: fc
        .array(fc.array(tie('part'), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
        .map((parts) => parts.map((part) => part.join('')).join('|')),
      part: fc
        .tuple(
          fc.oneof(
            { maxDepth: 4 },
            atoms,
            fc.tuple(opened, tie('choice')).map(([opening, body]) => `${opening}${body})`),
          ),
          fc.oneof(counts, fc.constantFrom('*+', '++', '?+', '**')),
        )
        .map(([atom, count]) => `${grouped(atom)}${count}`),
    })).choice;
    fc.assert(
      fc.property(more.filter(isRead), fc.array(texts, { minLength: 1, maxLength: 6 }), (pattern, several) => {
        const [regex, linear] = [regexOf(pattern, 'pattern'), new Regex(pattern, 'pattern', 0)];
        for (const text of several) expect(scanned(linear, text), JSON.stringify(text)).toEqual(scanned(regex, text));
      }),
      { numRuns: 500 },
    );
  });

  test('does not see what stands around a piece', () => {
    fc.assert(
      fc.property(common.filter(isRead), texts, texts, texts, (pattern, before, text, after) => {
        const regex = regexOf(pattern, 'pattern');
        const inside = scanned(regex, before + text + after, before.length, before.length + text.length);
        expect(inside.map((at) => at - before.length)).toEqual(scanned(regex, text));
      }),
    );
  });

  test('is whole characters, lone surrogates among them', () => {
    const units = fc.constantFrom('a', '\u{1f600}', '\ud83d', '\ude00', 'é', '\u{10ffff}', '\uffff');
    fc.assert(
      fc.property(
        fc.array(units, { maxLength: 10 }),
        fc.constantFrom('.', '[^a]', '.+?', '(?<=.)', '(?<=[^a]).', '.*a', '.{2}'),
        (parts, pattern) => {
          const text = parts.join('');
          const characters = Array.from(text);
          const ends = new Set(characters.map((_, i) => characters.slice(0, i).join('').length)).add(text.length);
          for (const at of scanned(regexOf(pattern, 'pattern'), text)) expect(ends.has(at)).toBe(true);
        },
      ),
    );
  });
});

describe('sets of code points', () => {
  const sets = fc
    .uniqueArray(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(0xff, 0x100, 0x10ffff, 0x110000)), { maxLength: 10 })
    .map((bounds): Ranges => {
      const sorted = bounds.toSorted((a, b) => a - b);
      return sorted.length % 2 ? sorted.slice(1) : sorted;
    });
  const some = [...Array(42).keys(), 0xfe, 0xff, 0x100, 0x10fffe, 0x10ffff];

  test('are joined, cut and turned round', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        for (const code of some) {
          const [inA, inB] = [has(a, code), has(b, code)];
          expect(has(complement(a), code)).toBe(!inA);
          expect(has(union(a, b), code)).toBe(inA || inB);
          expect(has(intersection(a, b), code)).toBe(inA && inB);
          expect(has(difference(a, b), code)).toBe(inA && !inB);
        }
      }),
    );
  });

  test('are told apart by an alphabet', () => {
    fc.assert(
      fc.property(fc.array(sets, { maxLength: 6 }), (all) => {
        const { blocks, index, members, places } = alphabetOf(all, 'pattern');
        for (const set of all)
          for (const code of some) {
            const kind = blocks[index[code >> 7] * 128 + (code & 127)];
            expect(members[(places.get(set) as number) + kind] === 1).toBe(has(set, code));
          }
      }),
    );
  });
});

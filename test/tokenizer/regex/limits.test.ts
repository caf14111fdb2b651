import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../../src/base/error.ts';
import { Regex, regexOf } from '../../../src/tokenizer/regex/regex.ts';
import { linesOf } from '../../support/packedfixtures.ts';
import { scanned } from '../../support/scan.ts';

/** Patterns and what they are slow on, elsewhere: a text that is repeated, and what comes behind it. */
const SLOW: [pattern: string, text: string, behind: string][] = [
  ['(?:a*)*b', 'a', ''],
  ['(?:a|a)*b', 'a', ''],
  ['(?:a|aa)+$b', 'a', ''],
  ['(?:a+)+b', 'a', 'c'],
  ['(?:x+x+)+y', 'x', ''],
  ['(?:a?b?c?)*d', 'abc', ''],
  ['(?:(?:a?)*)*b', 'a', ''],
  ['(?:a|b|ab)*?c', 'ab', ''],
  ['a*b|a', 'a', ''],
  ['a*+b|a', 'a', ''],
  ['a*b|\\Ga', 'a', ''],
  ['(?:a|a)*b|(?:(?=a)|\\Ga)', 'a', ''],
  ['(?>a*)b|a', 'a', ''],
  ['(?>(?:a|aa)*)b|a', 'a', ''],
  ['(?>(?>a*)(?>b*))*c|a|b', 'ab', ''],
  ['(?=.*b)a', 'a', 'b'],
  ['(?:(?=a*b)a)*c', 'a', 'b'],
  ['(?:(?=a*b)a)*', 'a', 'b'],
  ['(?=.*b)a', 'a', ''],
  ['(?!.*b)a', 'a', ''],
  ['(?=(?:a+)+b)a', 'a', 'c'],
  ['(?=(?>a*)b)a', 'a', 'b'],
  ['(?<=a.*)a', 'a', ''],
  ['(?<!b.*)a', 'a', ''],
  ['(?<=b(?:a|aa)*)c|a', 'a', ''],
  ['(?=(?<=b.*)a)a|a', 'a', ''],
  ['.*,.*,.*;', ',', ''],
  ['\\s+(?!\\S)x|\\s', ' ', 'a'],
  ['(?:a{1,3}){2,}b', 'a', ''],
  ['(?:a?){20}a{20}b', 'a', ''],
  ['[a-z]+[0-9]|[a-z]', 'q', ''],
];

function stepsFor(pattern: string, text: string): number {
  const regex = regexOf(pattern, 'pattern');
  scanned(regex, text);
  return regex.steps;
}

describe('time', () => {
  test.each(SLOW)('%s takes twice as many steps for twice as much of %j', (pattern, text, behind) => {
    const [once, twice] = [2000, 4000].map((count) => stepsFor(pattern, text.repeat(count) + behind));
    expect(twice).toBeLessThan(2.3 * once);
    expect(twice).toBeLessThan(2000 * 4000);
  });

  test.each(SLOW)('%s finds the same in linear time', (pattern, text, behind) => {
    for (const count of [0, 1, 2, 7]) {
      const whole = text.repeat(count) + behind;
      expect(scanned(new Regex(pattern, 'pattern', 0), whole)).toEqual(scanned(new Regex(pattern, 'pattern', Infinity), whole));
    }
  });

  test('is counted', () => {
    const regex = new Regex('(?:a|a)*b', 'pattern', Infinity);
    scanned(regex, 'a'.repeat(16));
    expect(regex.steps).toBeGreaterThan(2 ** 16);
    expect(stepsFor('(?:a|a)*b', 'a'.repeat(16))).toBeLessThan(2 ** 13);
  });

  test('a scan begins anew', () => {
    const regex = regexOf('(?:a|aa)*b|aa', 'pattern');
    const [one, other] = ['a'.repeat(300), `${'a'.repeat(299)}b`];
    for (const text of [one, other, one, one, other])
      expect(scanned(regex, text)).toEqual(scanned(regexOf('(?:a|aa)*b|aa', 'pattern'), text));
    expect(regex.find(one, 10, 300)).toBe(true);
    expect([regex.start, regex.find(one, 5, 300), regex.start]).toEqual([10, true, 5]);
  });

  test('a scan does not go on in another text, nor within other bounds', () => {
    const found = (pattern: string, text: string, from: number, end: number, begin = 0): number[] => {
      const regex = regexOf(pattern, 'pattern');
      expect(regex.find('ab', 0, 2)).toBe(true);
      return regex.find(text, from, end, begin) ? [regex.start, regex.stop] : [];
    };
    expect(found('a|b', 'ab', 1, 2)).toEqual([1, 2]);
    expect(found('a|b', 'ax', 1, 2)).toEqual([]);
    expect(found('a|b', 'ab', 1, 1)).toEqual([]);
    expect(found('a|b$', 'abb', 1, 3)).toEqual([2, 3]);
    expect(found('(?<=a)b|a', 'ab', 1, 2)).toEqual([1, 2]);
    expect(found('(?<=a)b|a', 'ab', 1, 2, 1)).toEqual([]);
  });

  test('a text too long for what must be remembered is refused', () => {
    const pattern = `(?:${'(?:a?b?)*'.repeat(200)})*c`;
    const regex = new Regex(pattern, 'pattern of a test', 0);
    expect(() => regex.find('ab'.repeat(2 ** 17), 0, 2 ** 18)).toThrow(
      /^pattern of a test: expected a text of at most \d+ UTF-16 units, got 262144/,
    );
  });
});

const refusal = (pattern: string): TraceletError | undefined => {
  try {
    regexOf(pattern, 'pattern');
    return undefined;
  } catch (error) {
    expect(error, pattern.slice(0, 50)).toBeInstanceOf(TraceletError);
    return error as TraceletError;
  }
};

describe('hostile patterns', () => {
  const patterns = (linesOf('tokenizer/regexes.jsonl.gz') as { pattern: string }[]).slice(1).map(({ pattern }) => pattern);

  test('cut anywhere they are read or refused', () => {
    for (const pattern of patterns.slice(0, 250))
      for (let length = 0; length < pattern.length; length++) {
        const error = refusal(pattern.slice(0, length));
        if (error) expect(['format', 'unsupported']).toContain(error.code);
      }
  });

  test.each<[name: string, pattern: string, code: string | undefined]>([
    ['groups within groups', '('.repeat(100_000), 'unsupported'],
    ['groups within groups', `${'(?:'.repeat(5000)}a${')'.repeat(5000)}`, 'unsupported'],
    ['few groups within groups', `${'(?:'.repeat(150)}a${')'.repeat(150)}`, undefined],
    ['loops within loops', `${'(?:'.repeat(150)}a${')*+'.repeat(150)}`, undefined],
    ['loops within loops that may be left', `${'(?:'.repeat(150)}a${')**'.repeat(150)}`, undefined],
    ['brackets within brackets', '['.repeat(5000), 'unsupported'],
    ['quantifiers in a row', `a${'*'.repeat(5000)}`, 'unsupported'],
    ['atomic groups within atomic groups', `${'(?>'.repeat(190)}a${')++++'.repeat(190)}`, 'unsupported'],
    ['counts of counts', '(?:(?:a{1000}){1000}){1000}', 'unsupported'],
    ['counts of counts', '(?:(?:(?:){1000}){1000}){1000}', 'unsupported'],
    ['a great count', `a{${'9'.repeat(20)}}`, 'unsupported'],
    ['counts that are no counts', `a{${'9'.repeat(400)}}`, undefined],
    ['many alternatives', Array(8000).fill('a').join('|'), undefined],
    ['many sets', Array.from({ length: 900 }, (_, i) => `[a\\x{${(i + 256).toString(16)}}]*`).join(''), undefined],
    ['many sets of nearly all', Array.from({ length: 1000 }, (_, i) => `[^${String.fromCharCode(300 + i)}]*`).join(''), undefined],
    ['a property over and over', '\\p{L}'.repeat(3000), undefined],
    ['a class over and over', `[${'\\w'.repeat(8000)}]`, undefined],
    ['what classes have in common', `[${'\\w&&'.repeat(3000)}a]`, undefined],
    ['sets regardless of case', `(?i)${'[\\p{Lu}]'.repeat(1800)}`, 'unsupported'],
    ['more sets', Array.from({ length: 1100 }, (_, i) => `[\\x{${(i + 256).toString(16)}}]`).join(''), 'unsupported'],
    ['a long pattern', 'a'.repeat(20_000), 'unsupported'],
    ['a property that nobody knows', '\\p{Klingon}', 'unsupported'],
    ['a property of Object', '\\p{constructor}\\p{__proto__}', 'unsupported'],
    ['a POSIX bracket of Object', '[[:constructor:]]', 'format'],
    ['an option of Object', '(?__proto__)a', 'unsupported'],
    ['a group of Object', '(?<constructor>a)\\k<constructor>', 'unsupported'],
  ])('%s', (_, pattern, code) => expect(refusal(pattern)?.code).toBe(code));

  const many = (count: number, part: (i: number) => string): string => Array.from({ length: count }, (_, i) => part(i)).join('');

  test.each<[name: string, most: number, patternOf: (count: number) => string]>([
    ['UTF-16 units', 16_384, (count) => `[${'a'.repeat(count - 2)}]`],
    ['groups within groups', 199, (count) => `${'(?:'.repeat(count)}a${')'.repeat(count)}`],
    ['brackets within brackets', 100, (count) => `${'['.repeat(count)}a${']'.repeat(count)}`],
    ['sets regardless of case', 100, (count) => `(?i)${'[ab]'.repeat(count)}`],
    ['quantifiers in a row', 8, (count) => `a${'*'.repeat(count)}`],
    ['count', 1000, (count) => `a{${count}}`],
    ['count from 0', 1000, (count) => `a{,${count}}`],
    ['greater of two counts', 1000, (count) => `a{2,${count}}`],
    ['least of counts', 1000, (count) => `a{${count},}`],
    [
      'atomic groups within atomic groups',
      200,
      (count) => `${'(?>'.repeat(190)}a${'?+'.repeat(8)}${')'.repeat(190)}${'?+'.repeat(count - 198)}`,
    ],
    ['sets that differ', 1024, (count) => many(count, (i) => `[\\x{${(i + 256).toString(16)}}]`)],
    ['characters', 10_000, (count) => 'a'.repeat(count)],
    ['characters behind counts', 982, (count) => `${'a{1000}'.repeat(9)}${'a'.repeat(count)}`],
    ['characters behind counts without an end', 976, (count) => `${'(?:a{1000}){3,}'.repeat(3)}${'a'.repeat(count)}`],
    ['characters behind loops', 964, (count) => `${'(?:a{1000})*'.repeat(9)}${'a'.repeat(count)}`],
    ['characters behind alternatives', 2494, (count) => `${'(?:a|b){1000}'.repeat(3)}${'a'.repeat(count)}`],
    ['characters behind groups', 1992, (count) => `${'(?>a){1000}'.repeat(4)}${'a'.repeat(count)}`],
  ])('%s: at most %i', (_, most, patternOf) => {
    expect([most, most + 1].map((count) => refusal(patternOf(count))?.code)).toEqual([undefined, 'unsupported']);
  });

  test.each<[name: string, pattern: string]>([
    ['groups', '(?:a)'.repeat(300)],
    ['brackets', `[${'[a]'.repeat(150)}]`],
    ['quantifiers', 'a*+'.repeat(20)],
    ['atomic groups', '(?>a)'.repeat(250)],
  ])('as many %s as there may be, if they are not within each other', (_, pattern) => expect(refusal(pattern)).toBeUndefined());

  test('messages name the pattern and what is wrong with it', () => {
    expect(() => regexOf('a(b', 'pattern of Split')).toThrow('pattern of Split: expected a ) for every group, got "a(b", wrong at 3');
    expect(() => regexOf('\\1', 'pattern of Split')).toThrow(
      /^pattern of Split: expected characters, .*, got back reference \\1 in "\\\\1"$/,
    );
    expect(() => regexOf('\\p{Foo}', 'pattern of Split')).toThrow(
      /^pattern of Split: expected a general category, a script, .*, got property Foo in/,
    );
  });
});

test.each([
  ['(?<=\\x00b)c', '\u0000bc', [2, 3]],
  ['(?<=ab)c', 'bc', []],
  ['\\Ob', '\nb', [0, 2]],
  ['\\Nb', 'ab\nb', [0, 2]],
  ['\\Rb', '\r\nb', [0, 3]],
  ['[\\x00]', '\u0000', [0, 1]],
])('%s finds in %j', (pattern, text, found) => {
  for (const patience of [0, 32]) expect(scanned(new Regex(pattern, 'pattern', patience), text)).toEqual(found);
});

describe('Unicode is that of Oniguruma: 16.0', () => {
  test.each([
    ['Lu', 0xa7cb, true],
    ['Lo', 0x105c0, true],
    ['Nd', 0x10d40, true],
    ['Cn', 0xa7ce, true],
    ['Garay', 0x10d50, true],
    ['Garay', 0x41, false],
    ['S', 0x1fae9, true],
    ['S', 0x1fac8, false],
  ])('\\p{%s} and U+%x: %s', (name, code, isIn) => {
    const text = String.fromCodePoint(code);
    expect(regexOf(`\\p{${name}}`, 'pattern').find(text, 0, text.length)).toBe(isIn);
    expect(regexOf(`\\P{${name}}`, 'pattern').find(text, 0, text.length)).toBe(!isIn);
  });
});

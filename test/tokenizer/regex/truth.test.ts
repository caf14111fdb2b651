import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../../src/base/error.ts';
import { Regex, regexOf } from '../../../src/tokenizer/regex/regex.ts';
import { linesOf } from '../../support/packedfixtures.ts';
import { scannedPoints } from '../../support/scan.ts';

interface Case {
  pattern: string;
  found?: number[][];
  fails?: string;
}

const [texts, ...cases] = linesOf('tokenizer/regexes.jsonl.gz') as [string[], ...Case[]];
const known = cases.filter(({ found }) => found);
const wrong = cases.filter(({ fails }) => fails);

/** What Oniguruma reads, and this engine does not. */
const NOT_KNOWN = [
  ['(a)\\1', '(?<n>a)\\k<n>', '\\g<1>(a)', '(a)(?(1)b|c)', '(?~ab)', '(?{x})', '(*FAIL)', '(?C)a', '(?W)\\w', '(?y{g})a', '(?I)a'],
  ['\\K', 'a\\Kb', '\\X', '\\X+', 'e\\X', '\\y', '\\Y', '\\M-a', '\\c\\\\', '(?<=\\R)a', '[a-[b]]'],
  ['\\x', '\\x{}', '\\x{g}', '\\x{110000}', '\\x{d800}', '\\x{41 42}', '\\xc3\\xa9', '\\ud83d\\ude00'],
  ['a{1001}', 'a{100000}', 'a{0,100000}b'],
].flat();

function codeOf(pattern: string): string {
  try {
    regexOf(pattern, 'pattern');
    return 'none';
  } catch (error) {
    return error instanceof TraceletError ? error.code : String(error);
  }
}

describe('regular expressions agree with Oniguruma', () => {
  test('there are as many as were made', () => expect([texts.length, known.length, wrong.length]).toEqual([32, 681, 646]));

  test.each([
    ['by plain backtracking', (pattern: string) => regexOf(pattern, 'pattern')],
    ['in linear time', (pattern: string) => new Regex(pattern, 'pattern', 0)],
  ])('%s', (_, open) => {
    for (const { pattern, found } of known) {
      if (NOT_KNOWN.includes(pattern)) continue;
      const regex = open(pattern);
      for (const [i, text] of texts.entries())
        if (text) expect(scannedPoints(regex, text), `${pattern} in ${JSON.stringify(text)}`).toEqual(found?.[i]);
    }
  });

  test('what it refuses is refused', () => {
    for (const { pattern } of wrong) expect(['format', 'unsupported'], pattern).toContain(codeOf(pattern));
  });

  test('what is not known is said to be', () => {
    const refused = known.map(({ pattern }) => [pattern, codeOf(pattern)]).filter(([, code]) => code !== 'none');
    expect(new Map(refused as [string, string][])).toEqual(new Map(NOT_KNOWN.map((pattern) => [pattern, 'unsupported'])));
  });
});

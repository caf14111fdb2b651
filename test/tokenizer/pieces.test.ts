import { describe, expect, test } from 'vitest';
import '../../src/tokenizer/all.ts';
import { type Normalized, read, write } from '../../src/tokenizer/chars.ts';
import { normalizerOf } from '../../src/tokenizer/normalizers/index.ts';
import { preTokenizerOf } from '../../src/tokenizer/pretokenizers/index.ts';
import { linesOf } from '../support/packedfixtures.ts';

interface Part {
  kind: 'normalizer' | 'pre_tokenizer';
  component: { type: string };
  answers: (string | null | (string | number)[])[];
}

const [{ texts }, ...parts] = linesOf('tokenizer/pieces.jsonl.gz') as [{ texts: string[] }, ...Part[]];
const whole = (text: string) => read(text, 0, text.length);

/** Starts and ends of pieces in code points, each behind the piece where that is not what stands there. */
function piecesOf(component: object, text: string): (string | number)[] {
  const pieces: (string | number)[] = [];
  const normalized = write(whole(text));
  const at = (index: number): number => Array.from(text.slice(0, index)).length;
  const add = ({ text: rewritten, from }: Normalized, start: number, end: number): void => {
    const piece = rewritten.slice(start, end);
    const [first, last] = [at(from[start]), at(from[end - 1]) + 1];
    if (piece !== Array.from(text).slice(first, last).join('')) pieces.push(piece);
    pieces.push(first, last);
  };
  if (normalized.text) preTokenizerOf(component)(normalized, 0, normalized.text.length, add);
  return pieces;
}

const of = (kind: string) => parts.filter((part) => part.kind === kind).map(({ component, answers }) => [component, answers] as const);

describe('parts alone agree with the Rust tokenizers', () => {
  test.each(of('normalizer'))('normalizer %j', (component, answers) => {
    const normalizer = normalizerOf(component);
    for (const [i, text] of texts.entries()) expect(write(normalizer(whole(text))).text, JSON.stringify(text)).toBe(answers[i] ?? text);
  });

  test.each(of('pre_tokenizer'))('pre-tokenizer %j', (component, answers) => {
    for (const [i, text] of texts.entries()) expect(piecesOf(component, text), JSON.stringify(text)).toEqual(answers[i]);
  });

  const [words, ...splits] = linesOf('tokenizer/splits.jsonl.gz') as [string[], ...Pick<Part, 'component' | 'answers'>[]];
  test.each(splits.map(({ component, answers }) => [component, answers] as const))('%j', (component, answers) => {
    for (const [i, text] of words.entries()) expect(piecesOf(component, text), JSON.stringify(text)).toEqual(answers[i]);
  });
});

describe('parts that are wrong', () => {
  test.each<[object, RegExp]>([
    [{ type: 'Digits' }, /^individual_digits of pre_tokenizer Digits of tokenizer\.json: expected true or false, got undefined/],
    [{ type: 'Split', pattern: { String: 'a' }, behavior: 'Isolated' }, /^invert of pre_tokenizer Split/],
    [{ type: 'Split', pattern: { String: 'a' }, invert: false }, /^behavior of pre_tokenizer Split/],
    [
      { type: 'Split', pattern: { String: 'a' }, behavior: 'isolated', invert: false },
      /^behavior of pre_tokenizer Split .*: expected .*Isolated/,
    ],
    [
      { type: 'Split', pattern: 'a', behavior: 'Isolated', invert: false },
      /^pattern of pre_tokenizer Split .*: expected a String or a Regex/,
    ],
    [
      { type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated', invert: false },
      /^pattern of pre_tokenizer Split .*: expected a \) for/,
    ],
    [{ type: 'CharDelimiterSplit', delimiter: 'ab' }, /^delimiter of pre_tokenizer CharDelimiterSplit .*: expected one character/],
    [{ type: 'FixedLength', length: 0 }, /^length of pre_tokenizer FixedLength .*: expected 1 or more, got 0/],
  ])('%j', (component, expected) => {
    expect(() => preTokenizerOf(component)).toThrow(expected);
    expect(() => preTokenizerOf(component)).toThrow(expect.objectContaining({ code: 'format' }));
  });

  test('a normalizer without what it prepends', () =>
    expect(() => normalizerOf({ type: 'Prepend' })).toThrow(/^prepend of normalizer Prepend of tokenizer\.json/));
});

describe('where rewritten characters come from', () => {
  const rewritten = (component: object, text: string): [string, number[]] => {
    const { text: out, from } = write(normalizerOf(component)(whole(text)));
    return [out, [...from]];
  };
  test.each<[object, string, string, number[]]>([
    [{ type: 'Prepend', prepend: '▁_' }, '😀b', '▁_😀b', [0, 0, 0, 0, 2]],
    [{ type: 'Prepend', prepend: '▁' }, '', '', []],
    [{ type: 'Nmt' }, 'a\u0001\tb\u200dc', 'a b c', [0, 2, 3, 4, 5]],
    [{ type: 'NFC' }, 'xe\u0301y', 'xéy', [0, 1, 3]],
    [{ type: 'NFKC' }, '\ufb01e\u0323\u0301', 'fi\u1eb9\u0301', [0, 0, 1, 3]],
    [{ type: 'NFD' }, 'xéy', 'xe\u0301y', [0, 1, 1, 2]],
    [{ type: 'Strip', strip_left: false, strip_right: true }, ' a ', ' a', [0, 1]],
    [{ type: 'Strip', strip_left: true, strip_right: false }, '   ', '', []],
    [{ type: 'Replace', pattern: { String: 'ab' }, content: 'xyz' }, 'cabd', 'cxyzd', [0, 2, 2, 2, 3]],
    [{ type: 'Replace', pattern: { Regex: 'b?' }, content: 'X' }, 'abc', 'XaXcX', [0, 0, 1, 2, 2]],
    [{ type: 'Replace', pattern: { String: '' }, content: 'X' }, '', '', []],
  ])('%j makes %j', (component, text, out, from) => expect(rewritten(component, text)).toEqual([out, from]));
});

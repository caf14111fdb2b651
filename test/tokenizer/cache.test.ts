import { describe, expect, test } from 'vitest';
import { modelOf } from '../../src/tokenizer/models/index.ts';
import { Words } from '../../src/tokenizer/models/words.ts';
import '../../src/tokenizer/all.ts';

const NAMES = Array.from({ length: 2 ** 14 + 1 }, (_, id) => `<${id}>`);
const made = () => new Words(NAMES);

/** The ids of a word that is kept. */
function find(words: Words, word: string): number[] | undefined {
  const ids: number[] = [];
  return words.tell(word, 0, word.length, (id) => ids.push(id)) ? ids : undefined;
}

const add = (words: Words, word: string, ids: number[]): void =>
  words.add(word, 0, word.length, {
    ids,
    starts: ids.map(() => 0),
    ends: ids.map(() => word.length),
    values: ids.map((id) => NAMES[id]),
  });

describe('words that are kept', () => {
  test('are not taken for longer ones in their place', () => {
    const words = made();
    for (const [word, longer] of [
      ['ec', 'ecis'],
      ['ff', 'fffm'],
      ['ha', 'hasw'],
    ]) {
      add(words, word, [1]);
      expect(find(words, longer)).toBeUndefined();
      add(words, longer, [2, 3]);
      expect([find(words, word), find(words, longer)]).toEqual([[1], [2, 3]]);
    }
  });

  test.each<[what: string, most: number, wordOf: (i: number) => string, idsOf: (i: number) => number[]]>([
    ['words', 2 ** 14, (i) => `${i}`, (i) => [i]],
    ['units', 2 ** 18 / 64, (i) => `${i}`.padStart(64, 'x'), (i) => [i]],
    ['tokens', 64, (i) => `${i}`, (i) => Array(2 ** 11).fill(i)],
  ])('are as many as have room for their %s: %i; the next makes room', (_, most, wordOf, idsOf) => {
    const words = made();
    for (let i = 0; i < most; i++) add(words, wordOf(i), idsOf(i));
    for (const i of [0, 1, most - 1]) expect(find(words, wordOf(i))).toEqual(idsOf(i));
    add(words, wordOf(most), idsOf(most));
    expect(find(words, wordOf(most))).toEqual(idsOf(most));
    for (const i of [0, 1, most - 1]) expect(find(words, wordOf(i))).toBeUndefined();
  });

  test('are not too long, nor of too many tokens', () => {
    const words = made();
    for (const [length, count] of [
      [64, 1],
      [65, 1],
      [1, 2 ** 11],
      [2, 2 ** 11 + 1],
    ]) {
      // biome-ignore format: one row
      add(words, 'x'.repeat(length), Array(count).fill(7));
      expect(find(words, 'x'.repeat(length))?.length).toBe(length > 64 || count > 2 ** 11 ? undefined : count);
    }
  });

  test('have tokens that are called by their ids or by what stands there, wherever they stand', () => {
    const words = made();
    const word = 'é'.repeat(64);
    words.add(`-${word}`, 1, 65, { ids: [3, 0, 5], starts: [1, 2, 64], ends: [2, 65, 65], values: ['<3>', 'é'.repeat(63), '<5>'] });
    words.add('-ab', 1, 3, { ids: [3, 4], starts: [1, 2], ends: [2, 3], values: ['<3>', 'c'] });
    words.add('-no', 1, 3, { ids: [], starts: [], ends: [], values: [] });
    const told = (text: string, start: number): unknown => {
      const tokens: unknown[] = [];
      return words.tell(text, start, text.length, (...token) => tokens.push(token)) && tokens;
    };
    expect(told(`12${word}`, 2)).toEqual([[3, 2, 3, '<3>'], [0, 3, 66, 'é'.repeat(63)], [5, 65, 66, '<5>']]); // biome-ignore format: one row
    expect([told('ab', 0), told('no', 0)]).toEqual([false, []]);
  });
});

test('words of one place and one length are told apart', () => {
  const words = made();
  for (const [one, other] of [
    ['abv', 'ajv'],
    ['age', 'akd'],
    ['aey', 'aln'],
  ]) {
    add(words, one, [1]);
    expect(find(words, other)).toBeUndefined();
    add(words, other, [2]);
    expect([find(words, one), find(words, other)]).toEqual([[1], [2]]);
  }
});

test.each([
  ['BPE', { type: 'BPE', vocab: { '?': 0, a: 1, b: 2, ab: 3 }, merges: ['a b'], unk_token: '?' }],
  ['Unigram', { type: 'Unigram', vocab: [['?', -9], ['a', -1], ['ab', -1]], unk_id: 0 }], // biome-ignore format: one row
])('%s answers a word alike whenever it comes', (_, json) => {
  const model = modelOf(json);
  const answers = (text: string): unknown[] => {
    const tokens: unknown[] = [];
    model.tokenize(text, 1, text.length - 1, (...token) => tokens.push(token));
    return tokens;
  };
  for (const word of ['abba', 'axyb', 'xyz', 'é', 'a'.repeat(70), '']) {
    const first = answers(`<${word}>`);
    for (let i = 0; i < 2; i++) expect(answers(`<${word}>`)).toEqual(first);
    expect(answers(`<${word}>`).every((token) => (token as unknown[])[1] !== 0)).toBe(true);
  }
});

describe('WordPiece of odd vocabularies', () => {
  const tokensOf = (text: string, ...words: string[]): string[] => {
    const vocab = Object.fromEntries(words.map((word, id) => [word, id]));
    const tokens: string[] = [];
    modelOf({ type: 'WordPiece', vocab, unk_token: '?' }).tokenize(text, 0, text.length, (...[, , , value]) => tokens.push(value));
    return tokens;
  };

  test('tokens may have the id 0, and be longer than what comes behind them', () => {
    expect(tokensOf('abcdefghijkl', 'abcdefghij', '?', '##kl', 'x')).toEqual(['abcdefghij', '##kl']);
    expect(tokensOf('abcdefghij', '##bcdefghij', '?', 'a')).toEqual(['a', '##bcdefghij']);
  });

  test('a prefix alone goes on with no word', () => {
    expect(tokensOf('ab', '?', '##', 'a')).toEqual(['?']);
    expect(tokensOf('a##', '?', '##', 'a', '####')).toEqual(['a', '####']);
  });

  test('a word of as many characters as there may be is matched', () => {
    expect(tokensOf('a'.repeat(100), '?', 'a', '##a')).toHaveLength(100);
    expect(tokensOf('a'.repeat(101), '?', 'a', '##a')).toEqual(['?']);
  });
});

describe('BPE of odd vocabularies', () => {
  const tokensOf = (model: object, text: string): (string | number)[] => {
    const tokens: (string | number)[] = [];
    modelOf({ type: 'BPE', merges: [], ...model }).tokenize(text, 0, text.length, (id, start, end) => tokens.push(`${id}@${start}-${end}`));
    return tokens;
  };

  test('bytes may have the id 0', () => {
    expect(tokensOf({ vocab: { '<0x61>': 0, b: 1 }, byte_fallback: true }, 'ab')).toEqual(['0@0-1', '1@1-2']);
    expect(tokensOf({ vocab: { '<0xC3>': 0, b: 1 }, byte_fallback: true, unk_token: 'b' }, 'é')).toEqual(['1@0-1']);
  });

  test('flags that are absent are off', () => {
    const vocab = { '?': 0, '<0x61>': 1, b: 2, c: 3, bc: 4 };
    expect(tokensOf({ vocab, unk_token: '?' }, 'aabc')).toEqual(['0@0-1', '0@1-2', '2@2-3', '3@3-4']);
    expect(tokensOf({ vocab, unk_token: '?' }, 'bc')).toEqual(['2@0-1', '3@1-2']);
    const pieces = Object.keys(vocab).map((piece) => [piece, -1]);
    expect(tokensOf({ type: 'Unigram', vocab: pieces, unk_id: 0 }, 'ab')).toEqual(['0@0-1', '2@1-2']);
    expect(tokensOf({ type: 'Unigram', vocab: pieces, unk_id: 0, byte_fallback: true }, 'ab')).toEqual(['1@0-1', '2@1-2']);
  });

  test('a token of nothing is no token of a text', () => {
    expect(tokensOf({ vocab: { '': 0, a: 1 }, ignore_merges: true }, '')).toEqual([]);
  });

  test('ends of words are known by the suffix of the token before', () => {
    const model = modelOf({ type: 'BPE', vocab: { 'a</w>': 0, a: 1 }, merges: [], end_of_word_suffix: '</w>' });
    expect(['a', 'a</w>', '</w>a', undefined].map((before) => model.continues('a', before))).toEqual([true, false, true, false]);
  });
});

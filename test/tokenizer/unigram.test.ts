import { describe, expect, test } from 'vitest';
import { chunkText } from '../../src/index.ts';
import { PreTrainedTokenizerFast } from '../../src/tokenizer/index.ts';
import { Trie } from '../../src/tokenizer/trie.ts';
import { problem } from '../support/tiny.ts';
import { unigramJson } from '../support/unigram.ts';

const made = (changes: object = {}) => new PreTrainedTokenizerFast({ tokenizer_object: unigramJson(changes) });

describe('Unigram', () => {
  const tokens = (pieces: [string, number][], text: string, model: object = {}) =>
    made({
      added_tokens: [],
      model: { type: 'Unigram', unk_id: 0, vocab: [['<unk>', 0], ...pieces], ...model },
      pre_tokenizer: null,
    }).tokenize(text);

  test('takes the best cover, the earliest of equals', () => {
    const pieces: [string, number][] = [
      ['a', -1],
      ['b', -1],
      ['c', -1],
      ['ab', -1.5],
      ['bc', -1.5],
      ['abc', -3],
    ];
    expect(tokens(pieces, 'abc')).toEqual(['a', 'bc']);
    expect(tokens([...pieces, ['abcd', -0.5]], 'abcd')).toEqual(['abcd']);
    expect(tokens(pieces, 'abab')).toEqual(['ab', 'ab']);
  });

  test('of a piece that is there twice the last one counts', () => {
    const vocab = [['<unk>', 0], ['a', -9], ['a', -1]]; // biome-ignore format: one row
    const tokenizer = made({ added_tokens: [], model: { type: 'Unigram', unk_id: 0, vocab }, pre_tokenizer: null });
    expect(tokenizer.encode('a', { add_special_tokens: false })).toEqual([2]);
    expect(tokenizer.convert_ids_to_tokens([1, 2])).toEqual(['a', 'a']);
    expect(tokenizer.vocab_size).toBe(3);
  });

  test('runs of what it does not know are one token, or their bytes', () => {
    expect(tokens([['a', -1]], 'xyazz')).toEqual(['xy', 'a', 'zz']);
    const bytes = Array.from({ length: 256 }, (_, byte): [string, number] => [
      `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
      0,
    ]);
    expect(tokens([['a', -1], ...bytes], 'aé', { byte_fallback: true })).toEqual(['a', '<0xC3>', '<0xA9>']);
    expect(tokens([['a', -1], ...bytes.slice(0, 190)], 'aé', { byte_fallback: true })).toEqual(['a', 'é']);
    expect(() => tokens([['a', -1]], 'b', { unk_id: null })).toThrow(/unk_id of the model/);
    expect(tokens([['a', -1]], 'aa', { unk_id: null })).toEqual(['a', 'a']);
  });

  test.each<[string, object, RegExp]>([
    ['no vocabulary', { vocab: { a: 1 } }, /^vocab of model Unigram of tokenizer.json: expected an array of pieces/],
    ['a piece without a score', { vocab: [['a', 0], ['b']] }, /^vocab\[1\] of model Unigram .*: expected a piece with its score/],
    ['half a character', { vocab: [['\ud800', 0]] }, /^vocab\[0\]: expected a token of whole characters/],
    [
      'an unk_id that no piece has',
      { vocab: [['a', 0]], unk_id: 1 },
      /^unk_id of model Unigram .*: expected an id below 1, or null, got 1/,
    ],
    ['an unk_id that is no number', { vocab: [['a', 0]], unk_id: 'length' }, /^unk_id of model Unigram/],
    ['a piece with more than its score', { vocab: [['a', 0, 1]] }, /^vocab\[0\] of model Unigram .*: expected a piece with its score/],
    [
      'a piece that is no text',
      {
        vocab: [
          ['a', 0],
          [1, 0],
        ],
      },
      /^vocab\[1\] of model Unigram/,
    ],
    ['a score that is none', { vocab: [['a', Infinity]] }, /^vocab\[0\] of model Unigram/],
    [
      'an unk_id behind the pieces',
      { vocab: [['a', 0]], unk_id: 1 },
      /^unk_id of model Unigram .*: expected an id below 1, or null, got 1/,
    ],
    ['an unk_id between pieces', { vocab: [['a', 0]], unk_id: 0.5 }, /^unk_id of model Unigram/],
    ['a flag that is none', { vocab: [['a', 0]], byte_fallback: 1 }, /^byte_fallback of model Unigram .*: expected true or false, got 1/],
  ])('refuses %s', (_, model, expected) => {
    expect(() => made({ model: { type: 'Unigram', ...model } })).toThrow(expected);
  });
});

describe('Metaspace', () => {
  const tokens = (fields: object, text: string) =>
    made({ pre_tokenizer: { type: 'Metaspace', replacement: '▁', ...fields } }).encode_plus(text, { return_offsets_mapping: true }).tokens;

  test('begins every piece, the first of a text or none with the replacement', () => {
    expect(tokens({ prepend_scheme: 'always' }, 'a<s>a a')).toEqual(['▁a', '<s>', '▁a', '▁a']);
    expect(tokens({ prepend_scheme: 'first' }, 'a<s>a a')).toEqual(['▁a', '<s>', 'a', '▁a']);
    expect(tokens({ prepend_scheme: 'never' }, 'a<s>a a')).toEqual(['a', '<s>', 'a', '▁a']);
    expect(tokens({}, 'a a')).toEqual(['▁a', '▁a']);
  });

  test('understands the add_prefix_space of old files', async () => {
    expect(tokens({ add_prefix_space: true }, 'a')).toEqual(['▁a']);
    expect(tokens({ add_prefix_space: false }, 'a')).toEqual(['a']);
    await problem('config', () => tokens({ add_prefix_space: false, prepend_scheme: 'always' }, 'a'));
    await problem('format', () => tokens({ replacement: '__' }, 'a'));
    await problem('format', () => tokens({ prepend_scheme: 'last' }, 'a'));
  });
});

describe('Precompiled', () => {
  const normalizer = (map: unknown) => ({ normalizer: { type: 'Precompiled', precompiled_charsmap: map } });

  test.each([null, '', '!', 'AAAA', 'AAAAAA==', '/////wAA'])('refuses the map %j', async (map) => {
    await problem('format', () => made(normalizer(map)));
  });

  test('whose rules lead nowhere is refused where one is used', async () => {
    const units = [0x400, ...Array(96).fill(0), 0x61 | 0x100 | (0x62 << 10)];
    const trie = new Uint8Array(4 + 4 * 256);
    const view = new DataView(trie.buffer);
    view.setUint32(0, 4 * 255, true);
    for (const [i, unit] of units.entries()) view.setUint32(4 + 4 * i, unit, true);
    view.setUint32(4 + 4 * (1 ^ 0x61), 0x61 | 0x100 | (2 << 10), true);
    view.setUint32(4 + 4 * (1 ^ 0x61 ^ 2), 0x80000000 | 99, true);
    const tokenizer = made(normalizer(btoa(String.fromCharCode(...trie))));
    expect(tokenizer.tokenize('b')).toEqual(['▁b']);
    await problem('format', () => tokenizer.tokenize('a'));
  });
});

test('words of a long text are cut between pieces that begin with the replacement', () => {
  const tokenizer = made();
  expect(tokenizer.tokenize('ab ab b')).toEqual(['▁a', 'b', '▁a', 'b', '▁b']);
  expect(chunkText(tokenizer, 'ab ab b', { tokens: 3 }).map(({ text }) => text)).toEqual(['ab', ' ab b']);
  expect(tokenizer.continues_word('<s>')).toBe(false);
});

test('a trie finds the texts that stand at a place, the shortest first', () => {
  const trie = new Trie();
  const texts = ['a', 'ab', 'abcd', 'b', '💢', '💢a', ...Array.from({ length: 3000 }, (_, i) => `w${i}`)];
  for (const [value, text] of texts.entries()) trie.add(text, value);
  trie.add('ab', 7000);
  const found = (text: string, start = 0, end = text.length) => {
    const all: number[][] = [];
    trie.prefixes(text, start, end, (...each) => all.push(each));
    return all;
  };
  expect(found('xabcd', 1)).toEqual([[0, 2], [7000, 3], [2, 5]]); // biome-ignore format: one row
  expect(found('xabcd', 1, 4)).toEqual([[0, 2], [7000, 3]]); // biome-ignore format: one row
  expect(found('💢a')).toEqual([[4, 2], [5, 3]]); // biome-ignore format: one row
  expect(found('w2999').at(-1)).toEqual([texts.indexOf('w2999'), 5]);
  expect(found('z')).toEqual([]);
});

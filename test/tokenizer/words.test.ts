import { describe, expect, expectTypeOf, test } from 'vitest';
import { TraceletError } from '../../src/index.ts';
import { type Alignment, BertTokenizer, type EncodeOptions, type Encoding } from '../../src/tokenizer/index.ts';
import { bert, rows, VOCAB } from '../support/encodings.ts';
import { JUNK, OWN } from '../support/junk.ts';
import { problem } from '../support/tiny.ts';

describe('tokens, words and characters', () => {
  const options = { return_offsets_mapping: true } as const;
  const pair = bert('jim henson!', 'was 中', options);

  test('of a pair', () => {
    expect(pair.tokens.join(' ')).toBe('[CLS] jim hen ##son ! [SEP] was 中 [SEP]');
    expect(pair.word_ids()).toEqual([null, 0, 1, 1, 2, null, 0, 1, null]);
    expect(pair.sequence_ids()).toEqual([null, 0, 0, 0, 0, null, 1, 1, null]);
    expect([pair.token_to_sequence(7), pair.token_to_sequence(0, 8), pair.token_to_sequence(99)]).toEqual([1, null, null]);
    expect([pair.token_to_word(3), pair.token_to_word(5), pair.token_to_word(99)]).toEqual([1, null, null]);
    expect([pair.token_to_chars(3), pair.token_to_chars(0, 0), pair.token_to_chars(9)]).toEqual([[7, 10], null, null]);
    expect([pair.word_to_tokens(1), pair.word_to_tokens(0, 1, 1), pair.word_to_tokens(3)]).toEqual([[2, 4], [7, 8], null]); // biome-ignore format: one row
    expect([pair.word_to_chars(1), pair.word_to_chars(0, 1, 1)]).toEqual([[4, 10], [4, 5]]); // biome-ignore format: one row
    expect([pair.char_to_token(9), pair.char_to_token(3), pair.char_to_token(0, 4, 1)]).toEqual([3, null, 7]);
    expect([pair.char_to_token(9, null), pair.word_to_tokens(1, null)]).toEqual([3, [2, 4]]);
    expect([pair.char_to_word(9), pair.char_to_word(3), pair.char_to_word(4, undefined, 1)]).toEqual([1, null, 1]);
  });

  test('of padding on either side', () => {
    for (const padding_side of ['left', 'right'] as const) {
      const padded = new BertTokenizer({ vocab: VOCAB, padding_side })(['a henson', 'b'], { padding: true, return_tensors: 'pt' });
      expect(padded.word_ids()).toEqual([null, 0, 1, 1, null]);
      expect(padded.word_ids(1)).toEqual(padding_side === 'left' ? [null, null, null, 0, null] : [null, 0, null, null, null]);
      expect(padded.char_to_token(1, 0)).toBe(padding_side === 'left' ? 3 : 1);
    }
  });

  test('count what offsets count', () => {
    const at = (offset_unit?: EncodeOptions['offset_unit']) => bert('😀 中', { offset_unit }).char_to_token(offset_unit === 'byte' ? 5 : 3);
    expect([at(), at('utf16'), at('codepoint'), at('byte')]).toEqual([2, 2, null, 2]);
    expect(bert('😀 中', { offset_unit: 'codepoint' }).token_to_chars(2)).toEqual([2, 3]);
  });

  test.each<[string, (encoding: Encoding) => unknown, RegExp]>([
    ['a row that is not there', (one) => one.word_ids(1), /^word_ids\(\): batch index: expected a row from 0 to 0, got 1/],
    ['a row below 0', (one) => one.token_to_word(-1, 0), /^token_to_word\(\): batch index: expected a whole number, 0 or more, got -1/],
    ['a token below 0', (one) => one.token_to_word(-1), /^token_to_word\(\): index: expected a whole number, 0 or more, got -1/],
    ['half a character', (one) => one.char_to_token(0.5), /^char_to_token\(\): index: expected a whole number/],
    ['nothing', (one) => (one.token_to_chars as () => unknown)(), /^token_to_chars\(\): index: .*, got undefined/],
    [
      'a text that is no number',
      (one) => one.char_to_word(0, 0, 'x' as unknown as number),
      /^char_to_word\(\): sequence index: .*, got "x"/,
    ],
    [
      'a word without tokens',
      (one) => one.word_to_chars(3),
      /^word_to_chars\(\): index: expected a word of which the row has a token, got 3/,
    ],
  ])('refuse %s, as Python does', (_, ask, expected) => {
    expect(() => ask(pair)).toThrow(expected);
  });

  test('say of an index which method it was for', () => {
    for (const method of [
      'token_to_sequence',
      'token_to_word',
      'token_to_chars',
      'word_to_tokens',
      'word_to_chars',
      'char_to_token',
    ] as const) {
      expect(() => pair[method](-1)).toThrow(`${method}(): index: expected a whole number, 0 or more, got -1`);
      expect(() => pair[method](1, 0)).toThrow(`${method}(): batch index: expected a row from 0 to 0, got 1`);
    }
    for (const method of ['word_ids', 'sequence_ids'] as const) expect(() => pair[method](1)).toThrow(`${method}(): batch index: `);
    for (const method of ['word_to_tokens', 'word_to_chars', 'char_to_token', 'char_to_word'] as const)
      expect(() => pair[method](0, 0, -1)).toThrow(`${method}(): sequence index: expected a whole number, 0 or more, got -1`);
    expect(() => pair.char_to_word(-1)).toThrow('char_to_word(): index: ');
  });

  test('answer whatever they are asked, or say what is wrong', () => {
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(pair)).filter((name) =>
      /_to_|_ids$/.test(name),
    ) as (keyof Alignment)[];
    expect(methods).toHaveLength(9);
    for (const method of methods)
      for (const [name, junk] of Object.entries(JUNK))
        for (const args of [[junk()], [0, junk()], [0, 0, junk()], [junk(), junk(), junk()]])
          try {
            (pair[method] as (...args: unknown[]) => unknown)(...args);
          } catch (error) {
            if (error !== OWN) expect(error, `${method} of ${name}`).toBeInstanceOf(TraceletError);
          }
  });

  test('are of an answer: taken from it, they say so', async () => {
    const { word_ids } = pair;
    const taken = await problem('value', () => word_ids());
    expect(taken.message).toContain('word_ids(): expected to be called on what a tokenizer answered, got undefined');
    expect(Object.getPrototypeOf(pair).num_truncated_tokens).toBeUndefined();
  });

  test('a batch without rows has nothing to say', () => {
    expect(() => bert([]).word_ids()).toThrow(/^word_ids\(\): batch index: expected a batch with rows, got 0/);
  });

  test('what is done to an answer changes nothing of what its methods say', () => {
    const one = bert('jim henson', options);
    one.offset_mapping![1] = [0, 0];
    one.input_ids.length = 0;
    (one.token_to_chars(2) as number[])[0] = 99;
    one.word_ids().pop();
    expect([one.char_to_token(0), one.token_to_chars(2), one.word_ids()]).toEqual([1, [4, 7], [null, 0, 1, 1, null]]);
  });
});

describe('words that are given', () => {
  const split = { is_split_into_words: true, return_offsets_mapping: true } as const;

  test('are numbered as they are, with offsets in each', () => {
    const one = bert(['jim', '', 'henson!', 'a b'], split);
    expectTypeOf(one).toEqualTypeOf<Encoding>();
    expect(one.tokens.slice(1, -1)).toEqual(['jim', 'hen', '##son', '!', 'a', 'b']);
    expect(one.word_ids()).toEqual([null, 0, 2, 2, 2, 3, 3, null]);
    expect(one.offset_mapping?.slice(1, -1)).toEqual([[0, 3], [0, 3], [3, 6], [6, 7], [0, 1], [2, 3]]); // biome-ignore format: one row
    expect(one.word_to_tokens(2)).toEqual([2, 5]);
    expect(one.word_to_tokens(1)).toBeNull();
    expect(bert(['😀中', '😀中'], { ...split, offset_unit: 'codepoint' }).token_to_chars(2)).toEqual([1, 2]);
  });

  test('stand alone, in pairs and in batches', () => {
    expect(bert([], split).tokens).toEqual(['[CLS]', '[SEP]']);
    expect(bert(['a'], ['b', 'c'], split).word_ids()).toEqual([null, 0, null, 0, 1, null]);
    expect(bert(['a'], { ...split, text_pair: ['b', 'c'] }).word_ids()).toEqual([null, 0, null, 0, 1, null]);
    expect(bert([['a', 'b'], [], ['c']], split).tokens.map((row) => row.slice(1, -1))).toEqual([['a', 'b'], [], ['c']]); // biome-ignore format: one row
    expect(bert([['a']], [['b', 'c']], split).input_ids).toEqual([[2, 13, 3, 14, 15, 3]]);
    expect(
      bert(
        [
          [['a'], ['b', 'c']],
          ['d', 'e'],
        ],
        split,
      ).tokens.map((row) => row.length),
    ).toEqual([6, 4]);
    expect(
      bert
        .batch_encode_plus(
          [
            ['a', 'b'],
            [['a'], ['b']],
          ],
          split,
        )
        .tokens.map((row) => row.length),
    ).toEqual([4, 5]);
    expect(bert.encode(['a', 'b'], ['c'], split)).toEqual([2, 13, 14, 3, 15, 3]);
    expect(bert.tokenize(['jim henson'], split)).toEqual(['jim', 'hen', '##son']);
    expect(bert(['a', 'b', 'c'], { ...split, ...rows, truncation: true, max_length: 4 }).word_ids(1)).toEqual([null, 2, null]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a text', () => bert('a b', split), /^text: expected an array of words, as is_split_into_words says, got "a b"/],
    [
      'a text in a batch',
      () => bert.batch_encode_plus(['a'], split),
      /^text\[0\]: expected an array of words or \[words, words\], got "a"/,
    ],
    ['a word that is none', () => bert(['a', 3 as unknown as string], split), /^text: word 1: expected a string, got 3/],
    ['words with holes', () => bert(new Array(2), split), /^text: word 0: expected a string, got undefined/],
    ['a pair that is a text', () => bert(['a'], { ...split, text_pair: 'b' }), /^pair: expected an array of words/],
    ['pairs fewer than texts', () => bert([['a'], ['b']], [['a']], split), /^pair: expected an array as long/],
    ['three lists', () => bert([[['a'], ['b'], ['c']]] as never, split), /^text\[0\]: expected an array of words or \[words, words\]/],
    ['words without the option', () => bert.encode_plus(['a', 'b']), /^text: expected a string, .*is_split_into_words: true/s],
  ])('refuse %s', (_, call, expected) => {
    expect(call).toThrow(expected);
  });

  test('words of never_split and added tokens are words like others', () => {
    const tokenizer = new BertTokenizer({ vocab: [...VOCAB, "Jim's"], never_split: ["Jim's"] });
    expect(tokenizer("a Jim's [MASK]!").word_ids()).toEqual([null, 0, 1, 2, 3, null]);
    expect(tokenizer("Jim's a\u0000 ").word_ids()).toEqual([null, 0, 1, null]);
  });
});

import assert from 'node:assert';
import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { TraceletError } from '../../src/index.ts';
import { Encoder } from '../../src/tokenizer/encoder.ts';
import { single } from '../../src/tokenizer/encoding.ts';
import { fastSettings } from '../../src/tokenizer/fast.ts';
import {
  type Alignment,
  BertTokenizer,
  type EncodeOptions,
  type Encoding,
  type OverflowingEncoding,
  PreTrainedTokenizerFast,
  type TensorEncoding,
} from '../../src/tokenizer/index.ts';
import type { PostProcessor, Trim } from '../../src/tokenizer/interfaces.ts';
import { encodingsFixture, expectEncoding, sidedBy } from '../support/encodings.ts';
import { JUNK, OWN } from '../support/junk.ts';
import { problem, tinyBert } from '../support/tiny.ts';

describe.each(['bert-uncased', 'bert-cased', 'bert-added', 'unigram-bytes', 'types'])('%s answers as the Rust tokenizers', (name) => {
  const { json, lines } = encodingsFixture(name);
  test(`on ${lines.length} texts, words and pairs: every row, column and method`, () => {
    const sided = sidedBy(json);
    for (const line of lines) expectEncoding(sided, line);
  });
});

const VOCAB = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'jim',
  'hen',
  '##son',
  'was',
  '!',
  '中',
  "'",
  't',
  'a',
  'b',
  'c',
  'd',
  'e',
  'f',
];
const bert = new BertTokenizer({ vocab: VOCAB });
const LETTERS = 'a b c d e f';
const rows = { return_overflowing_tokens: true } as const;

describe('rows of what truncation removes', () => {
  const tokensOf = ({ tokens }: { tokens: string[][] }) => tokens.map((row) => row.filter((token) => !/^\[/.test(token)).join(' '));
  const cut = (
    text: string,
    pair: string | null,
    max_length: number,
    options: Omit<EncodeOptions, 'return_tensors'> = {},
    side: 'left' | 'right' = 'right',
  ) =>
    tokensOf(
      new BertTokenizer({ vocab: VOCAB, truncation_side: side }).encode_plus(text, pair, {
        truncation: true,
        ...options,
        max_length,
        ...rows,
      }),
    );

  test('begin where none is cut off, and repeat what stride says', () => {
    expect(cut(LETTERS, null, 5)).toEqual(['a b c', 'd e f']);
    expect(cut(LETTERS, null, 5, { stride: 1 })).toEqual(['a b c', 'c d e', 'e f']);
    expect(cut(LETTERS, null, 5, { stride: 2 })).toEqual(['a b c', 'b c d', 'c d e', 'd e f']);
    expect(cut(LETTERS, null, 5, { stride: 1 }, 'left')).toEqual(['d e f', 'b c d', 'a b']);
    expect(cut(LETTERS, null, 8)).toEqual([LETTERS]);
    expect(cut(LETTERS, null, 3, { add_special_tokens: false })).toEqual(['a b c', 'd e f']);
  });

  test('of a pair are those of one text with the other, and of both where both are cut', () => {
    expect(cut(LETTERS, 'jim', 6, { truncation: 'only_first' })).toEqual(['a b jim', 'c d jim', 'e f jim']);
    expect(cut('jim', LETTERS, 6, { truncation: 'only_second' })).toEqual(['jim a b', 'jim c d', 'jim e f']);
    expect(cut('a b c', 'd e f', 7)).toEqual(['a b d e', 'c d e', 'c f', 'a b f']);
    expect(cut('a b', 'd e', 4)).toEqual(['d', 'a b d', 'a b e', 'e']);
  });

  test('what nothing is kept of is one row, whole', () => {
    expect(cut(LETTERS, null, 2)).toEqual(['', LETTERS]);
    expect(cut('a b', 'd e', 3, { padding: true })).toEqual(['', 'a b', 'a b d e', 'd e']);
  });

  test('of a batch say of which text they are, and are as long as padding makes them', () => {
    const batch = bert(['a', LETTERS, 'b c'], { ...rows, padding: true, truncation: true, max_length: 5, stride: 1 });
    expectTypeOf(batch).toEqualTypeOf<OverflowingEncoding>();
    expect(batch.overflow_to_sample_mapping).toEqual([0, 1, 1, 1, 2]);
    expect(batch.input_ids.map((row) => row.length)).toEqual([5, 5, 5, 5, 5]);
    expect(batch.num_truncated_tokens).toEqual([0, 3, 3, 4, 0]);
    expect(Object.keys(bert([], rows))).toEqual(['input_ids', 'token_type_ids', 'attention_mask', 'tokens', 'overflow_to_sample_mapping']);
  });

  test('are tensors where those are asked for, and stay out of the inputs of a model', () => {
    const batch = bert(LETTERS, { ...rows, truncation: true, max_length: 5, return_tensors: true, return_special_tokens_mask: true });
    expectTypeOf(batch).toEqualTypeOf<TensorEncoding>();
    expect(batch.input_ids.shape).toEqual([2, 5]);
    expect(batch.overflow_to_sample_mapping?.tolist()).toEqual([0, 0]);
    expect(batch.special_tokens_mask?.tolist()).toEqual([[1, 0, 0, 0, 1], [1, 0, 0, 0, 1]]); // biome-ignore format: one row
    expect(batch.word_ids(1)).toEqual([null, 3, 4, 5, null]);
    expect(tinyBert()(batch as never).last_hidden_state.shape).toEqual([2, 5, 16]);
    expect(() => bert(LETTERS, { ...rows, truncation: true, max_length: 5, stride: 1, return_tensors: true })).toThrow(
      /rows of one length/,
    );
  });

  test('go through every method as in Python', async () => {
    const options = { ...rows, truncation: true, max_length: 5 } as const;
    const ids = [[2, 13, 14, 15, 3], [2, 16, 17, 18, 3]]; // biome-ignore format: one row
    expect(bert.encode(LETTERS, options)).toEqual(ids);
    expect(bert.encode(LETTERS, null, { ...options, return_tensors: 'pt' }).tolist()).toEqual(ids);
    expect(bert.tokenize(LETTERS, { ...options, max_length: 3 })).toEqual(['a', 'b', 'c']);
    expect(bert.batch_encode_plus([LETTERS], options).input_ids).toEqual(ids);
    expect((await problem('value', () => bert.encode_batch([LETTERS], options as object))).message).toContain(
      'batch_encode_plus returns rows',
    );
  });

  test.each<[string, EncodeOptions, RegExp]>([
    ['as wide as a row', { stride: 3 }, /^option stride: expected less than the 3 tokens of a text that a row keeps, got 3/],
    ['wider than any row', { stride: 4 }, /^option stride: expected less than the 3 tokens/],
    ['below 0', { stride: -1 }, /^encode_plus\(\): option stride: expected a whole number, 0 or more, got -1/],
    ['that is no number', { stride: '1' as unknown as number }, /option stride/],
    ['as wide as one text of a pair', { stride: 1, text_pair: 'a b c' }, /^option stride: expected less than the 1 tokens/],
  ])('refuse a stride %s', (_, options, expected) => {
    for (const return_overflowing_tokens of [true, false])
      expect(() => bert.encode_plus(LETTERS, { truncation: true, max_length: 5, ...options, return_overflowing_tokens })).toThrow(expected);
  });

  test('take any stride of a text that is not cut', () => {
    expect(cut('a b', null, 5, { stride: 3 })).toEqual(['a b']);
    expect(() => cut('a b', null, 5, { stride: 4 })).toThrow(/option stride/);
    expect(cut(LETTERS, null, 5, { stride: 4, truncation: false })).toEqual([LETTERS]);
  });

  test('that would be too many are refused before they are made', () => {
    const long = 'a '.repeat(12_000);
    expect(() => bert(long, { ...rows, truncation: true, max_length: 8192, stride: 8189 })).toThrow(
      /rows of at most 16777216 tokens together/,
    );
    expect(() => bert(long, long, { ...rows, truncation: true, max_length: 9 })).toThrow(/^return_overflowing_tokens of text/);
    expect(bert(long, { ...rows, truncation: true, max_length: 4 }).input_ids).toHaveLength(6000);
  });
});

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

describe('an answer is a plain object', () => {
  const COLUMNS = { input_ids: [2, 13, 3], token_type_ids: [0, 0, 0], attention_mask: [1, 1, 1], tokens: ['[CLS]', 'a', '[SEP]'] };

  test('to comparisons, JSON, structuredClone, loops and copies', () => {
    const answer = bert('a');
    expect(answer).toStrictEqual(COLUMNS);
    assert.deepEqual(answer, COLUMNS);
    assert.deepStrictEqual(bert('a'), answer);
    expect(JSON.stringify(answer)).toBe(JSON.stringify(COLUMNS));
    expect(structuredClone(answer)).toStrictEqual(COLUMNS);
    expect({ ...answer }).toStrictEqual(COLUMNS);
    expect(inspect(answer)).toBe(inspect(COLUMNS));
    expect([answer.constructor, 'word_ids' in answer, Object.hasOwn(answer, 'word_ids')]).toEqual([Object, true, false]);
    const names: string[] = [];
    for (const name in answer) names.push(name);
    expect(names).toEqual(Object.keys(COLUMNS));
    expect(Object.keys(bert(['a'], { return_tensors: true }))).toEqual(Object.keys(COLUMNS));
  });

  test('whose methods work through a proxy and on a frozen one', () => {
    expect(new Proxy(bert('a'), {}).word_ids()).toEqual([null, 0, null]);
    expect(Object.freeze(bert(['a'])).num_truncated_tokens).toEqual([0]);
  });

  test('that says what truncation left out, asked for or not', () => {
    const cut = bert(LETTERS, { truncation: true, max_length: 4 });
    expect([cut.overflowing_tokens, cut.num_truncated_tokens]).toEqual([[15, 16, 17, 18], 4]);
    expect(bert([LETTERS, 'a'], { truncation: true, max_length: 4 }).overflowing_tokens).toEqual([[15, 16, 17, 18], []]);
    const many = bert('a '.repeat(5000), { truncation: true, max_length: 3, ...rows });
    expect(many.num_truncated_tokens).toEqual(Array(5000).fill(4999));
    expect(() => many.overflowing_tokens).toThrow(
      /^overflowing_tokens: expected at most 16777216 ids that rows lack, got 24995000 in 5000 rows/,
    );
    expect(bert(LETTERS, { truncation: true, max_length: 5, ...rows }).overflowing_tokens).toEqual([[16, 17, 18], [13, 14, 15]]); // biome-ignore format: one row
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

describe('what a post-processor says of a text in a row', () => {
  const settings = fastSettings({ tokenizer_object: JSON.parse(encodingsFixture('bert-uncased').json) });
  const [cls] = settings.parts.processor.single;
  const encode = (processor: PostProcessor, pair: string | undefined, options: EncodeOptions) =>
    new Encoder({ ...settings, parts: { ...settings.parts, processor } }).encode(
      [{ text: 'the the the', pair, name: '' }],
      options as Parameters<Encoder['encode']>[1],
    );

  test('offsets leave out what it says', () => {
    const asked: [string, boolean][] = [];
    const trim: Trim = (token, isFirst) => {
      asked.push([token, isFirst]);
      return isFirst ? [1, 0] : [9, 1];
    };
    const processor: PostProcessor = { single: [cls, { sequence: 0, type: 0 }], pair: [], trim };
    const [first, second] = encode(processor, undefined, { truncation: true, max_length: 3, return_overflowing_tokens: true });
    expect(first.offset_mapping).toEqual([[0, 0], [1, 3], [7, 7]]); // biome-ignore format: one row
    expect(second.offset_mapping).toEqual([[0, 0], [9, 11]]); // biome-ignore format: one row
    expect(asked).toEqual([['the', true], ['the', false], ['the', true]]); // biome-ignore format: one row
    const after: PostProcessor = { ...processor, trim: () => [1, 99] };
    expect(encode(after, undefined, {})[0].offset_mapping).toEqual([[0, 0], [1, 3], [5, 7], [9, 11]]); // biome-ignore format: one row
  });

  test('overflow has the type of its text, unless it says otherwise, which without special tokens it does not', () => {
    const pair: PostProcessor['pair'] = [{ sequence: 0, type: 0, overflowType: 5 }, cls, { sequence: 1, type: 7 }];
    const types = (options: EncodeOptions) =>
      encode({ single: [], pair }, 'the the', { truncation: true, return_overflowing_tokens: true, ...options }).map(
        (row) => row.token_type_ids,
      );
    expect(types({ max_length: 3 })).toEqual([[0, 0, 7], [5, 0, 7], [5, 0, 1], [5, 0, 7], [5, 0, 1], [0, 0, 1]]); // biome-ignore format: one row
    expect(types({ max_length: 3, add_special_tokens: false })).toEqual([[0, 0, 7], [0, 7], [0, 1], [0, 0, 1]]); // biome-ignore format: one row
  });

  test('a row by itself has the columns that are asked for', () => {
    const [row] = encode(settings.parts.processor, undefined, {});
    expect(Object.keys(single(row, { return_offsets_mapping: true, return_special_tokens_mask: true }))).toEqual(
      ['input_ids', 'token_type_ids', 'attention_mask', 'tokens', 'special_tokens_mask', 'offset_mapping'], // biome-ignore format: one row
    );
  });
});

test('a tokenizer of any class answers all of it', () => {
  const tokenizer = PreTrainedTokenizerFast.from_files({ 'tokenizer.json': encodingsFixture('unigram-bytes').json });
  expect(tokenizer('a', rows).overflow_to_sample_mapping).toEqual([0]);
});

import assert from 'node:assert';
import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { Encoder } from '../../src/tokenizer/encoder.ts';
import { single } from '../../src/tokenizer/encoding.ts';
import { fastSettings } from '../../src/tokenizer/fast.ts';
import {
  BertTokenizer,
  type EncodeOptions,
  type OverflowingEncoding,
  PreTrainedTokenizerFast,
  type TensorEncoding,
} from '../../src/tokenizer/index.ts';
import type { PostProcessor, Trim } from '../../src/tokenizer/interfaces.ts';
import { bert, encodingsFixture, expectEncoding, LETTERS, rows, sidedBy, VOCAB } from '../support/encodings.ts';
import { problem, tinyBert } from '../support/tiny.ts';

describe.each(['bert-uncased', 'bert-cased', 'bert-added', 'unigram-bytes', 'types'])('%s answers as the Rust tokenizers', (name) => {
  const { json, lines } = encodingsFixture(name);
  test(`on ${lines.length} texts, words and pairs: every row, column and method`, () => {
    const sided = sidedBy(json);
    for (const line of lines) expectEncoding(sided, line);
  });
});

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

describe('what a post-processor says of a text in a row', () => {
  const settings = fastSettings({ tokenizer_object: JSON.parse(encodingsFixture('bert-uncased').json) });
  const [cls] = settings.parts.processor.single;
  const encode = (processor: PostProcessor, pair: string | undefined, options: EncodeOptions) =>
    new Encoder({ ...settings, parts: { ...settings.parts, processor } }).encode(
      [{ text: 'the the the', pair, name: '' }],
      options as Parameters<Encoder['encode']>[1],
    );

  test('offsets leave out what it says', () => {
    const asked: unknown[] = [];
    const trim: Trim = (token, text, start, end, isFirst) => {
      asked.push([token, text, start, end, isFirst]);
      return isFirst ? [start + 1, end] : [end, end];
    };
    const processor: PostProcessor = { single: [cls, { sequence: 0, type: 0 }], pair: [], trim };
    const [first, second] = encode(processor, undefined, { truncation: true, max_length: 3, return_overflowing_tokens: true });
    expect(first.offset_mapping).toEqual([[0, 0], [1, 3], [7, 7]]); // biome-ignore format: one row
    expect(second.offset_mapping).toEqual([[0, 0], [9, 11]]); // biome-ignore format: one row
    const text = 'the the the';
    expect(asked).toEqual([['the', text, 0, 3, true], ['the', text, 4, 7, false], ['the', text, 8, 11, true]]); // biome-ignore format: one row
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

import { describe, expect, test } from 'vitest';
import { PreTrainedTokenizerFast } from '../../src/tokenizer/index.ts';
import { tokenizerTruth } from '../support/tokenizertruth.ts';
import { unigramJson } from '../support/unigram.ts';

const open = (name: string, changes: object = {}) => {
  const { json, config } = tokenizerTruth(name);
  return PreTrainedTokenizerFast.from_files({
    'tokenizer.json': JSON.stringify({ ...JSON.parse(json), ...changes }),
    'tokenizer_config.json': config,
  });
};
const encoded = (tokenizer: PreTrainedTokenizerFast, text: string, pair: string | null = null) =>
  tokenizer.encode_plus(text, pair, { return_offsets_mapping: true });

describe('what ports of tokenizers get wrong', () => {
  test('a precompiled map is asked for short graphemes whole, and for long ones character by character', () => {
    const tokenizer = open('xlm-roberta');
    const pieces = (text: string) => tokenizer.tokenize(text).join('');
    expect(pieces('a\u0300')).toBe('▁à');
    expect(pieces('a\u0300\u0301\u0302\u0303')).toBe('▁a\u0300\u0301\u0302\u0303');
  });

  test('Metaspace puts its mark first where the original text begins, not where a stretch does', () => {
    const pre_tokenizer = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true };
    const tokenizer = new PreTrainedTokenizerFast({ tokenizer_object: unigramJson({ pre_tokenizer }) });
    expect(tokenizer.tokenize('a<s>a')).toEqual(['▁a', '<s>', 'a']);
    expect(tokenizer.tokenize('<s>a')).toEqual(['<s>', 'a']);
  });

  test('an unknown piece of Unigram costs ten more than the worst, and those side by side are one', () => {
    const tokenizer = (vocab: [string, number][]) =>
      new PreTrainedTokenizerFast({ tokenizer_object: { model: { type: 'Unigram', vocab: [['<unk>', 0], ...vocab], unk_id: 0 } } });
    expect(tokenizer([['a', -1], ['b', -3], ['xb', -15.9]]).tokenize('xb')).toEqual(['xb']); // biome-ignore format: one row
    expect(tokenizer([['a', -1], ['b', -3], ['xb', -16.1]]).tokenize('xb')).toEqual(['xb']); // biome-ignore format: one row
    expect(tokenizer([['a', -1]]).tokenize('xyaz')).toEqual(['xy', 'a', 'z']);
  });

  test('merges are lines or pairs, and a whole word may be a token that no merge leads to', () => {
    const { model } = JSON.parse(tokenizerTruth('llama3').json);
    const lines = model.merges.map((pair: string[]) => pair.join(' '));
    for (const merges of [model.merges, lines]) {
      expect(open('llama3', { model: { ...model, merges } }).tokenize('hello unbelievable')).toEqual(['hello', 'Ġunbelievable']);
      const merged = open('llama3', { model: { ...model, merges, ignore_merges: false } }).tokenize('hello');
      expect([merged.length > 1, merged.join('')]).toEqual([true, 'hello']);
    }
  });

  test('characters that no token has are their bytes, each of which stands for the whole character', () => {
    const { tokens, offset_mapping } = encoded(open('llama'), 'a\u{1f9ff}');
    expect(tokens.slice(-4)).toEqual(['<0xF0>', '<0x9F>', '<0xA7>', '<0xBF>']);
    expect(offset_mapping?.slice(-4)).toEqual([[1, 3], [1, 3], [1, 3], [1, 3]]); // biome-ignore format: one row
  });

  test('byte-level pieces of one character share its offsets, and RoBERTa leaves spaces out of them', () => {
    expect(encoded(open('gpt2'), 'é').offset_mapping).toEqual(
      open('gpt2')
        .tokenize('é')
        .map(() => [0, 1]),
    );
    const { tokens, offset_mapping } = encoded(open('roberta'), 'a the');
    expect(tokens).toEqual(['<s>', 'a', 'Ġthe', '</s>']);
    expect(offset_mapping?.[2]).toEqual([2, 5]);
    expect(encoded(open('gpt2'), 'a the').offset_mapping?.[1]).toEqual([1, 5]);
  });

  test('a mask takes in the spaces before it, which its offsets leave out again where they are trimmed', () => {
    const mask = (name: string) => {
      const tokenizer = open(name);
      const { input_ids, offset_mapping } = encoded(tokenizer, 'a  <mask>');
      return offset_mapping?.[input_ids.indexOf(tokenizer.mask_token_id)];
    };
    expect(mask('roberta-prefix')).toEqual([1, 9]);
    expect(mask('roberta')).toEqual([3, 9]);
  });

  test('added tokens are found from left to right, the longest first, and never within a word where they may not be', () => {
    const added = ['qab', 'qabc', 'qword'].map((content, i) => ({
      id: 5000 + i,
      content,
      special: false,
      normalized: false,
      single_word: i === 2,
    }));
    const { added_tokens } = JSON.parse(tokenizerTruth('gpt2').json);
    const tokenizer = open('gpt2', { added_tokens: [...added_tokens, ...added] });
    expect(tokenizer.tokenize('xqabcd')).toContain('qabc');
    expect(tokenizer.tokenize('a qword')).toContain('qword');
    for (const text of ['qwords', 'aqword', 'qword_', 'qwordé']) expect(tokenizer.tokenize(text)).not.toContain('qword');
  });

  test('both texts of a pair of RoBERTa have type 0, and the second of GPT-2 has type 1', () => {
    expect(new Set(encoded(open('roberta'), 'a', 'b').token_type_ids)).toEqual(new Set([0]));
    expect(encoded(open('gpt2'), 'a', 'b').token_type_ids).toEqual([0, 1]);
  });

  test('tokenizer.json may say how batches are padded and cut, which a text alone is not', () => {
    const padding = {
      strategy: { Fixed: 128 },
      direction: 'Right',
      pad_id: 1,
      pad_type_id: 0,
      pad_token: '<pad>',
      pad_to_multiple_of: null,
    };
    const truncation = { max_length: 3, stride: 0, strategy: 'LongestFirst', direction: 'Right' };
    expect(open('roberta', { padding, truncation }).encode('a the a the')).toEqual(open('roberta').encode('a the a the'));
  });

  test('characters are those of Unicode, whatever the engine knows and however many units they have', () => {
    expect(open('bert-uncased').tokenize('\u{20000}x\u{2a6df}')).toHaveLength(3);
    expect(encoded(open('gpt2'), '\u{1f600}!').offset_mapping?.at(-1)).toEqual([2, 3]);
  });

  test('a class that is only a name decides nothing where tokenizer.json does', () => {
    const { json } = tokenizerTruth('roberta');
    const named = (tokenizer_class: string) =>
      PreTrainedTokenizerFast.from_files({ 'tokenizer.json': json, 'tokenizer_config.json': JSON.stringify({ tokenizer_class }) });
    for (const name of ['TokenizersBackend', 'XLMRobertaTokenizer', 'NoSuchTokenizer'])
      expect(named(name).encode('a the')).toEqual(open('roberta').encode('a the'));
  });
});

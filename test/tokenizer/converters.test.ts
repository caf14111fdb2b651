import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSentencePiece } from '../../src/tokenizer/converters/sentencepiece/model.ts';
import { fieldsOf } from '../../src/tokenizer/converters/sentencepiece/protobuf.ts';
import { PreTrainedTokenizerFast } from '../../src/tokenizer/index.ts';
import { sentencePieces } from '../support/sentencepieces.ts';
import { problem } from '../support/tiny.ts';
import { sentencePieceTruth, tokenizerTruth } from '../support/tokenizertruth.ts';

const encode = (tokenizer: PreTrainedTokenizerFast, text: string, pair: string | null = null) =>
  tokenizer.encode_plus(text, pair, { return_offsets_mapping: true, return_special_tokens_mask: true });

interface Line {
  text: string;
  pair?: string;
}

describe.each([
  ['gpt2', 'GPT2', 'gpt2'],
  ['roberta', 'Roberta', 'roberta'],
  ['roberta-prefix', 'Roberta', 'roberta'],
  ['openai-gpt', 'OpenAIGPT', 'openai-gpt'],
  ['clip', 'CLIP', 'clip'],
  ['qwen', 'Qwen2', 'qwen2'],
  ['qwen', 'Qwen2', 'qwen3'],
])('vocab.json and merges.txt of %s', (name, type, model_type) => {
  const { json, config, lines } = tokenizerTruth(name);
  const { model, added_tokens } = JSON.parse(json);
  const added_tokens_decoder = Object.fromEntries(added_tokens.map(({ id, ...token }: { id: number }) => [id, token]));
  const { tokenizer_class: _, ...settings } = { ...JSON.parse(config), added_tokens_decoder };
  const files = {
    'vocab.json': JSON.stringify(model.vocab),
    'merges.txt': `#version: 0.2\n${model.merges.map((pair: string[]) => pair.join(' ')).join('\n')}\n`,
  };
  const whole = PreTrainedTokenizerFast.from_files({ 'tokenizer.json': json, 'tokenizer_config.json': config });

  test.each([
    ['its class', { 'tokenizer_config.json': JSON.stringify({ ...settings, tokenizer_class: `${type}Tokenizer` }) }],
    ['the class of its time', { 'tokenizer_config.json': JSON.stringify({ ...settings, tokenizer_class: `${type}TokenizerFast` }) }],
    ['the model_type', { 'tokenizer_config.json': JSON.stringify(settings), 'config.json': JSON.stringify({ model_type }) }],
  ])('say with %s what tokenizer.json says', (_, named) => {
    const tokenizer = PreTrainedTokenizerFast.from_files({ ...files, ...named });
    for (const { text, pair } of lines.slice(0, 250).map((line): Line => JSON.parse(line))) {
      const right = encode(whole, text, pair);
      expect(encode(tokenizer, text, pair)).toEqual(right);
      expect(tokenizer.decode(right.input_ids)).toBe(whole.decode(right.input_ids));
    }
    const again = PreTrainedTokenizerFast.from_files(tokenizer.files());
    expect(encode(again, 'Hello  world')).toEqual(encode(tokenizer, 'Hello  world'));
  });

  test('are saved with each field that the Rust tokenizers and their port want', () => {
    const named = { 'tokenizer_config.json': JSON.stringify({ ...settings, tokenizer_class: `${type}Tokenizer` }) };
    const saved = JSON.parse(PreTrainedTokenizerFast.from_files({ ...files, ...named }).files()['tokenizer.json']);
    expect(Object.keys(saved)).toEqual(expect.arrayContaining(['normalizer', 'pre_tokenizer', 'post_processor', 'decoder', 'truncation']));
    const parts = [saved.pre_tokenizer, ...(saved.pre_tokenizer.pretokenizers ?? []), saved.post_processor, saved.decoder];
    for (const part of parts.filter((each) => each?.type === 'ByteLevel'))
      expect(part).toMatchObject(
        Object.fromEntries(['add_prefix_space', 'trim_offsets', 'use_regex'].map((name) => [name, expect.any(Boolean)])),
      );
  });

  test('without a class are refused', async () => {
    const { message } = await problem('unsupported', () => PreTrainedTokenizerFast.from_files(files));
    expect(message).toMatch(
      /^the class that reads vocab\.json and merges\.txt: expected tokenizer_class .*RobertaTokenizer, got undefined/,
    );
  });
});

test('tokens that stand around texts have to be in the vocabulary', async () => {
  const files = { 'vocab.json': '{"a": 0}', 'merges.txt': '', 'config.json': '{"model_type": "roberta"}' };
  const { message } = await problem('config', () => PreTrainedTokenizerFast.from_files(files));
  expect(message).toBe('vocab.json: expected the token "<s>", which stands around texts, got none');
});

test('the tokens of roles are those of the class, where no file names others', () => {
  const { json } = tokenizerTruth('roberta');
  const { vocab, merges } = JSON.parse(json).model;
  const files = { 'vocab.json': JSON.stringify(vocab), 'merges.txt': merges.map((pair: string[]) => pair.join(' ')).join('\r\n') };
  const open = (config: object) =>
    PreTrainedTokenizerFast.from_files({
      ...files,
      'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'RobertaTokenizer', ...config }),
    });
  expect(open({}).all_special_tokens).toEqual(['<s>', '</s>', '<unk>', '<pad>', '<mask>']);
  expect(open({}).tokenize('a  <mask>')).toEqual(['a', '  <mask>']);
  expect(open({ cls_token: '<unk>' }).encode('a')[0]).toBe(vocab['<unk>']);
});

describe('a model of SentencePiece', () => {
  test('of a class has its ids and its template', () => {
    const { model } = sentencePieceTruth('xlm-roberta');
    const { json, lines } = tokenizerTruth('xlm-roberta');
    const whole = PreTrainedTokenizerFast.from_files({ 'tokenizer.json': json });
    const tokenizer = PreTrainedTokenizerFast.from_files({
      'sentencepiece.bpe.model': model,
      'config.json': JSON.stringify({ model_type: 'xlm-roberta' }),
    });
    expect(tokenizer.get_vocab()).toEqual(whole.get_vocab());
    for (const { text, pair } of lines.slice(0, 200).map((line): Line => JSON.parse(line))) {
      const right = encode(whole, text, pair);
      const isTidy = !/▁▁|▁</.test(right.tokens.join('')) && !text.includes('<');
      if (isTidy) expect(encode(tokenizer, text, pair).input_ids).toEqual(right.input_ids);
    }
  });

  test.each([
    ['T5', 'a</s>', '</s>'],
    ['Camembert', '<s>a</s>', '<mask>'],
    ['Albert', '[CLS]a[SEP]', '[MASK]'],
    ['DebertaV2', '[CLS]a[SEP]', '[MASK]'],
    ['XLNet', 'a<sep><cls>', '<mask>'],
  ])('of %s stands within its tokens', (type, expected, last) => {
    const { model } = sentencePieceTruth('unigram-bytes');
    const config = JSON.stringify({ tokenizer_class: `${type}Tokenizer` });
    const tokenizer = PreTrainedTokenizerFast.from_files({ 'spiece.model': model, 'tokenizer_config.json': config });
    expect(tokenizer.decode(tokenizer.encode('a')).replaceAll(' ', '')).toBe(expected);
    expect(tokenizer.all_special_tokens).toContain(last);
    expect(PreTrainedTokenizerFast.from_files(tokenizer.files()).encode('a b')).toEqual(tokenizer.encode('a b'));
  });

  test('of byte pairs merges the better pieces first', () => {
    const bytes = sentencePieces(['<unk>', 0, 2], ['a', -3, 1], ['b', -4, 1], ['▁', -5, 1], ['ab', -2, 1], ['▁a', -1, 1]);
    const model = new Uint8Array([...bytes, 0x12, 2, 0x18, 2]);
    expect(PreTrainedTokenizerFast.from_files({ 'tokenizer.model': model }).tokenize('abab')).toEqual(['▁a', 'b', 'ab']);
  });

  test('that is cut, or is none, is refused', async () => {
    const { model } = sentencePieceTruth('unigram-bytes');
    for (let cut = 0; cut < 300; cut++) {
      const open = () => readSentencePiece(model.subarray(0, cut), 'x.model');
      if (isMessage(model.subarray(0, cut)) && cut > 0) expect(open().pieces.length).toBeGreaterThan(0);
      else await problem('format', open);
    }
    for (const bytes of [[0x0b], [0x02, 1], [0xff, 0xff], [0x0a, 0x7f, 1], [0x0a, 2, 0x0a, 5], [0x0a, 2, 0x18, 9], Array(12).fill(0x80)])
      await problem('format', () => readSentencePiece(new Uint8Array(bytes), 'x.model'));
    await problem('format', () => readSentencePiece(new TextEncoder().encode('version https://git-lfs'), 'x.model'));
    await problem('value', () => PreTrainedTokenizerFast.from_files({ 'spiece.model': 'text' as never }));
  });
});

function isMessage(bytes: Uint8Array): boolean {
  try {
    for (const [, value] of fieldsOf(bytes, 'x')) if (value instanceof Uint8Array) [...fieldsOf(value, 'x')];
    return true;
  } catch {
    return false;
  }
}

test('bytes are a message or a typed error, and never more than they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        for (const [number, value] of fieldsOf(bytes, 'x')) {
          expect(number).toBeGreaterThan(0);
          if (typeof value !== 'number') expect(value.length).toBeLessThan(bytes.length);
        }
      } catch (error) {
        expect(error).toHaveProperty('code', 'format');
      }
    }),
  );
});

import { expect, test } from 'vitest';
import '../../src/tokenizer/all.ts';
import { fastOptions } from '../../src/tokenizer/fileoptions.ts';

const VOCAB = { '<s>': 0, '<pad>': 1, '</s>': 2, '<unk>': 3, '<|startoftext|>': 4, '<|endoftext|>': 5, a: 6, b: 7, ab: 8 };
const MODEL = { type: 'BPE', vocab: VOCAB, merges: ['#version: 0.2', 'a b'] };

const jsonOf = (name: string, config: object = {}): object => {
  const { tokenizer_object } = fastOptions({
    'vocab.json': JSON.stringify(VOCAB),
    'merges.txt': '#version: 0.2\n\na b\n',
    'tokenizer_config.json': JSON.stringify({ tokenizer_class: `${name}Tokenizer`, ...config }),
  });
  return tokenizer_object;
};

const byteLevel = (fields: object = {}) => ({ type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true, ...fields });
const split = (Regex: string, behavior: string, invert: boolean) => ({ type: 'Split', pattern: { Regex }, behavior, invert });
const roberta = (add_prefix_space: boolean, trim_offsets: boolean) => ({
  pre_tokenizer: byteLevel({ add_prefix_space }),
  model: MODEL,
  post_processor: { type: 'RobertaProcessing', cls: ['<s>', 0], sep: ['</s>', 2], trim_offsets, add_prefix_space },
  decoder: byteLevel(),
});
const gpt2 = (add_prefix_space: boolean) => ({
  pre_tokenizer: byteLevel({ add_prefix_space }),
  model: MODEL,
  post_processor: byteLevel({ trim_offsets: false }),
  decoder: byteLevel(),
});

test.each<[name: string, config: object, json: object]>([
  ['GPT2', {}, gpt2(false)],
  ['GPT2', { add_prefix_space: true }, gpt2(true)],
  ['Roberta', {}, roberta(false, true)],
  ['Bart', { add_prefix_space: true, trim_offsets: false }, roberta(true, false)],
  ['LED', {}, roberta(false, true)],
  ['Longformer', {}, roberta(false, true)],
  [
    'CLIP',
    {},
    {
      normalizer: {
        type: 'Sequence',
        normalizers: [{ type: 'NFC' }, { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' }, { type: 'Lowercase' }],
      },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          split("'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+", 'Removed', true),
          byteLevel({ add_prefix_space: false }),
        ],
      },
      model: { ...MODEL, unk_token: '<|endoftext|>', end_of_word_suffix: '</w>' },
      post_processor: {
        type: 'RobertaProcessing',
        cls: ['<|startoftext|>', 4],
        sep: ['<|endoftext|>', 5],
        trim_offsets: false,
        add_prefix_space: false,
      },
      decoder: byteLevel(),
    },
  ],
  [
    'OpenAIGPT',
    {},
    {
      normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      model: { ...MODEL, unk_token: '<unk>', end_of_word_suffix: '</w>' },
      decoder: { type: 'BPEDecoder', suffix: '</w>' },
    },
  ],
  [
    'Qwen2',
    {},
    {
      normalizer: { type: 'NFC' },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          split(
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            'Isolated',
            false,
          ),
          byteLevel({ add_prefix_space: false, use_regex: false }),
        ],
      },
      model: MODEL,
      post_processor: byteLevel({ trim_offsets: false }),
      decoder: byteLevel(),
    },
  ],
])('%sTokenizer with %j means a tokenizer.json as transformers converts it', (name, config, json) => {
  expect(jsonOf(name, config)).toEqual(json);
});

import { TraceletError } from '../../base/error.ts';
import { describe, type JsonObject } from '../../base/json.ts';
import { type Configured, type Converter, ROBERTA_ROLES, type RoleTokens } from './converter.ts';

/** What vocab.json and merges.txt hold. */
export interface BytePairs {
  vocab: Readonly<Record<string, number>>;
  merges: readonly string[];
}

const bpe = ({ vocab, merges }: BytePairs, fields: JsonObject = {}): JsonObject => ({ type: 'BPE', vocab, merges, ...fields });
/** With each field that the Rust tokenizers want. */
const byteLevel = (fields: JsonObject): JsonObject => ({
  type: 'ByteLevel',
  add_prefix_space: true,
  trim_offsets: true,
  use_regex: true,
  ...fields,
});
const addsSpace = ({ config }: Configured): boolean => config.add_prefix_space === true;

function robertaProcessing({ vocab }: BytePairs, cls: string, sep: string, fields: JsonObject): JsonObject {
  const [first, last] = [cls, sep].map((token) => [token, idIn(vocab, token)]);
  return { type: 'RobertaProcessing', cls: first, sep: last, ...fields };
}

function idIn(vocab: BytePairs['vocab'], token: string): number {
  if (Object.hasOwn(vocab, token)) return vocab[token];
  throw new TraceletError('config', {
    what: 'vocab.json',
    expected: `the token ${describe(token)}, which stands around texts`,
    got: 'none',
  });
}

const END = '<|endoftext|>';

/** Byte-level tokens of GPT-2. */
const gpt2: Converter<BytePairs> = {
  roles: { bos_token: END, eos_token: END, unk_token: END },
  json: (files, configured) => ({
    pre_tokenizer: byteLevel({ add_prefix_space: addsSpace(configured) }),
    model: bpe(files),
    post_processor: byteLevel({ trim_offsets: false }),
    decoder: byteLevel({}),
  }),
};

/** The same within `<s>` and `</s>`. */
const roberta: Converter<BytePairs> = {
  roles: ROBERTA_ROLES,
  json: (files, configured) => {
    const [cls, sep] = [configured.token('cls_token'), configured.token('sep_token')];
    const { trim_offsets = true } = configured.config;
    return {
      ...gpt2.json(files, configured),
      post_processor: robertaProcessing(files, cls, sep, { trim_offsets, add_prefix_space: addsSpace(configured) }),
    };
  },
};

const split = (regex: string, behavior: string, invert: boolean): JsonObject => ({
  type: 'Split',
  pattern: { Regex: regex },
  behavior,
  invert,
});
const sequence = (name: 'normalizers' | 'pretokenizers', ...parts: JsonObject[]): JsonObject => ({ type: 'Sequence', [name]: parts });

const CLIP: RoleTokens = { bos_token: '<|startoftext|>', eos_token: END, unk_token: END, pad_token: END };

/** Lower-cased words of CLIP. */
const clip: Converter<BytePairs> = {
  roles: CLIP,
  json: (files, { token }) => ({
    normalizer: sequence(
      'normalizers',
      { type: 'NFC' },
      { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
      { type: 'Lowercase' },
    ),
    pre_tokenizer: sequence(
      'pretokenizers',
      split("'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+", 'Removed', true),
      byteLevel({ add_prefix_space: false }),
    ),
    model: bpe(files, { unk_token: token('unk_token'), end_of_word_suffix: '</w>' }),
    post_processor: robertaProcessing(files, token('bos_token'), token('eos_token'), { trim_offsets: false, add_prefix_space: false }),
    decoder: byteLevel({}),
  }),
};

/** Words of the first GPT. */
const openAIGPT: Converter<BytePairs> = {
  roles: { unk_token: '<unk>' },
  json: (files, { token }) => ({
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    model: bpe(files, { unk_token: token('unk_token'), end_of_word_suffix: '</w>' }),
    decoder: { type: 'BPEDecoder', suffix: '</w>' },
  }),
};

const QWEN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Byte-level tokens of Qwen 2. */
const qwen2: Converter<BytePairs> = {
  roles: { eos_token: END, pad_token: END, unk_token: END },
  json: (files) => ({
    normalizer: { type: 'NFC' },
    pre_tokenizer: sequence('pretokenizers', split(QWEN, 'Isolated', false), byteLevel({ add_prefix_space: false, use_regex: false })),
    model: bpe(files),
    post_processor: byteLevel({ trim_offsets: false }),
    decoder: byteLevel({}),
  }),
};

/** Classes of transformers, without Tokenizer and TokenizerFast, that read vocab.json and merges.txt. */
export const BYTE_PAIRS: Readonly<Record<string, Converter<BytePairs>>> = {
  Bart: roberta,
  CLIP: clip,
  GPT2: gpt2,
  LED: roberta,
  Longformer: roberta,
  OpenAIGPT: openAIGPT,
  Qwen2: qwen2,
  Roberta: roberta,
};

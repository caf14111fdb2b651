import { TraceletError } from '../../base/error.ts';
import { describe, isObject, type JsonObject } from '../../base/json.ts';
import { ROLES, type Role } from '../roles.ts';
import { BYTE_PAIRS, type BytePairs } from './bytepairs.ts';
import type { Configured, Converted, Converter } from './converter.ts';
import { PLAIN, SENTENCE_PIECE } from './sentencepiece/index.ts';
import { readSentencePiece, type SentencePieceModel } from './sentencepiece/model.ts';

/** What a folder says of its class: tokenizer_config.json with special_tokens_map.json behind it, and the model_type of config.json. */
export interface ClassOf {
  config: JsonObject;
  modelType: unknown;
}

/** Classes by model_type, for folders that name none. */
const MODEL_TYPES: Readonly<Record<string, string>> = {
  albert: 'Albert',
  bart: 'Bart',
  camembert: 'Camembert',
  clip: 'CLIP',
  clip_text_model: 'CLIP',
  'deberta-v2': 'DebertaV2',
  gpt2: 'GPT2',
  led: 'LED',
  longformer: 'Longformer',
  mt5: 'T5',
  'openai-gpt': 'OpenAIGPT',
  qwen2: 'Qwen2',
  roberta: 'Roberta',
  t5: 'T5',
  'xlm-roberta': 'XLMRoberta',
  xlnet: 'XLNet',
};

/** What vocab.json and merges.txt mean to the class of a folder. Throws an `unsupported` error for a class that is not known. */
export const convertBytePairs = (files: BytePairs, named: ClassOf): Converted =>
  convert(converterOf(BYTE_PAIRS, 'vocab.json and merges.txt', named), files, named);

/** What a model of SentencePiece means to the class of a folder; where none is named, what it says by itself. */
export function convertSentencePiece(bytes: Uint8Array, name: string, named: ClassOf): Converted {
  const isNamed = (named.config.tokenizer_class ?? named.modelType) !== undefined;
  return convert<SentencePieceModel>(isNamed ? converterOf(SENTENCE_PIECE, name, named) : PLAIN, readSentencePiece(bytes, name), named);
}

function convert<Vocabulary>({ roles, json }: Converter<Vocabulary>, vocabulary: Vocabulary, { config }: ClassOf): Converted {
  const open = Object.entries(roles).filter(([role]) => config[role] === undefined || config[role] === null);
  return { json: json(vocabulary, configured(config, roles)), roles: Object.fromEntries(open) };
}

function converterOf<Vocabulary>(
  converters: Readonly<Record<string, Converter<Vocabulary>>>,
  files: string,
  { config, modelType }: ClassOf,
): Converter<Vocabulary> {
  const { tokenizer_class: given } = config;
  const name = typeof given === 'string' ? given.replace(/Tokenizer(Fast)?$/, '') : MODEL_TYPES[modelType as string];
  if (name !== undefined && Object.hasOwn(converters, name)) return converters[name];
  const known = Object.keys(converters).map((each) => `${each}Tokenizer`);
  throw new TraceletError('unsupported', {
    what: `the class that reads ${files}`,
    expected: `tokenizer_class of tokenizer_config.json, or model_type of config.json: ${known.join(', ')}`,
    got: describe(given ?? modelType),
    cure: 'A tokenizer.json says the same without a class: save_pretrained of transformers writes one',
  });
}

function configured(config: JsonObject, roles: Converted['roles']): Configured {
  const contentOf = (token: unknown): unknown => (isObject(token) ? token.content : token);
  const tokens = Object.fromEntries(ROLES.map((role) => [role, contentOf(config[role]) ?? contentOf(roles[role])]));
  return {
    config,
    token(role: Role) {
      const token = tokens[role];
      if (typeof token === 'string') return token;
      throw new TraceletError('config', { what: role, expected: 'a token', got: describe(token) });
    },
  };
}

import { TraceletError } from '../../base/error.ts';
import { describe, isObject, type JsonObject } from '../../base/json.ts';
import { parse, type Reading } from '../fileoptions.ts';
import { MODEL_NAMES, type TokenizerFiles } from '../files.ts';
import { ROLES, type Role } from '../roles.ts';
import { parseVocab } from '../vocab.ts';
import { BYTE_PAIRS, type BytePairs } from './bytepairs.ts';
import type { Configured, Converter, RoleTokens } from './converter.ts';
import { PLAIN, SENTENCE_PIECE } from './sentencepiece/index.ts';
import { readSentencePiece, type SentencePieceModel } from './sentencepiece/model.ts';

/** What a folder says of its class: tokenizer_config.json with special_tokens_map.json behind it, and the model_type of config.json. */
interface ClassOf {
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
  qwen3: 'Qwen2',
  roberta: 'Roberta',
  t5: 'T5',
  'xlm-roberta': 'XLMRoberta',
  xlnet: 'XLNet',
};

/** What vocabularies that are older than tokenizer.json say, by the first of their files. Throws an `unsupported` error for a class that is not known. */
export const CONVERTED: Readonly<Record<string, (files: TokenizerFiles) => Reading>> = {
  'vocab.json': (files) => {
    const named = classIn(files);
    return convert(converterOf(BYTE_PAIRS, 'vocab.json and merges.txt', named), bytePairsIn(files), named);
  },
  ...Object.fromEntries(MODEL_NAMES.map((name) => [name, (files: TokenizerFiles) => convertModel(files, name)])),
};

/** Where no class is named, a model of SentencePiece is what it says by itself. */
function convertModel(files: TokenizerFiles, name: (typeof MODEL_NAMES)[number]): Reading {
  const named = classIn(files);
  const isNamed = (named.config.tokenizer_class ?? named.modelType) !== undefined;
  const model = readSentencePiece(files[name] as Uint8Array, name);
  return convert<SentencePieceModel>(isNamed ? converterOf(SENTENCE_PIECE, name, named) : PLAIN, model, named);
}

const bytePairsIn = (files: TokenizerFiles): BytePairs => ({
  vocab: parse(files['vocab.json'] as string, 'vocab.json') as BytePairs['vocab'],
  merges: parseVocab(files['merges.txt'] as string).filter((line) => line !== ''),
});

function classIn(files: TokenizerFiles): ClassOf {
  const said = (name: 'config.json' | 'tokenizer_config.json' | 'special_tokens_map.json'): JsonObject => {
    const text = files[name];
    return typeof text === 'string' ? parse(text, name) : {};
  };
  return { config: { ...said('special_tokens_map.json'), ...said('tokenizer_config.json') }, modelType: said('config.json').model_type };
}

/** A tokenizer.json, and the tokens of the roles of which the files say nothing. */
function convert<Vocabulary>({ roles, options, json }: Converter<Vocabulary>, vocabulary: Vocabulary, { config }: ClassOf): Reading {
  const open = Object.entries(roles).filter(([role]) => config[role] === undefined || config[role] === null);
  return {
    ...(options as Reading),
    ...(Object.fromEntries(open) as Reading),
    tokenizer_object: json(vocabulary, configured(config, roles)),
    json: 'any',
  };
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

function configured(config: JsonObject, roles: RoleTokens): Configured {
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

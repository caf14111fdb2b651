import { TraceletError } from '../base/error.ts';
import { describe, isObject, type JsonObject, nestsBeyond } from '../base/json.ts';
import { checkOptions, OBJECT, type OptionTable } from '../base/options.ts';
import { decoderOf } from './decoders/index.ts';
import { addedTokens, setting, sideIn } from './json.ts';
import { modelOf } from './models/index.ts';
import { normalizerOf } from './normalizers/index.ts';
import { preTokenizerOf } from './pretokenizers/index.ts';
import { processorOf } from './processors/index.ts';
import { type Proved, type Settings, shared, TOKENIZER_OPTIONS, type TokenizerOptions } from './settings.ts';

/** What a {@link PreTrainedTokenizerFast} is made of. */
export interface PreTrainedTokenizerOptions extends TokenizerOptions {
  /** What a tokenizer.json holds. */
  tokenizer_object: JsonObject;
}

const FAST_OPTIONS: OptionTable<PreTrainedTokenizerOptions> = { tokenizer_object: OBJECT, ...TOKENIZER_OPTIONS };

/** How deep parts may lie within one another. */
const DEEPEST = 200;

/** Settings that a tokenizer.json describes. */
export interface FastSettings extends Settings {
  /** The tokenizer.json, without the lists of its model and without added tokens. */
  json: JsonObject;
}

export function fastSettings(options: PreTrainedTokenizerOptions): FastSettings {
  const what = 'PreTrainedTokenizerFast';
  const { tokenizer_object, added_tokens = [], ...given } = checkOptions(what, options, FAST_OPTIONS) as Proved<PreTrainedTokenizerOptions>;
  if (!isObject(tokenizer_object))
    throw new TraceletError('config', {
      what,
      expected: '{ tokenizer_object }, which is what a tokenizer.json holds',
      got: describe(options),
      cure: 'PreTrainedTokenizerFast.from_pretrained takes a path',
    });
  const { model: modelJson, added_tokens: listed, ...json } = tokenizer_object;
  if (nestsBeyond(DEEPEST, json))
    throw new TraceletError('format', { what: 'tokenizer.json', expected: `parts of at most ${DEEPEST} levels`, got: 'more' });
  const model = modelOf(modelJson);
  const { tokens, lookup } = model.vocab;
  const has = (token: string): boolean => lookup.find(token) >= 0;
  const inJson = addedTokens(listed, { has, isTaken: (id) => tokens[id] !== undefined, end: tokens.length });
  const { pad_token } = setting(json, 'padding');
  const isKnown = (token: unknown): token is string =>
    typeof token === 'string' && (has(token) || inJson.some(({ content }) => content === token));
  const unknown = inJson.find(({ content, special }) => special && content === model.unknown?.token);
  const defaults = { ...NO_ROLES, unk_token: unknown?.content ?? null, pad_token: isKnown(pad_token) ? pad_token : null };
  const sides = { padding_side: sideIn(json, 'padding') ?? 'right', truncation_side: sideIn(json, 'truncation') ?? 'right' };
  const { settings, idOf } = shared({ ...sides, ...given, added_tokens: [...inJson, ...added_tokens] }, model.vocab, defaults, []);
  const parts = {
    model,
    normalizer: normalizerOf(json.normalizer),
    preTokenizer: preTokenizerOf(json.pre_tokenizer),
    processor: processorOf(json.post_processor, idOf),
    decoder: decoderOf(json.decoder),
  };
  const flags = Object.entries(modelJson as JsonObject).filter(([, value]) => !Object.isExtensible(value));
  return { ...settings, parts, never_split: [], json: { ...json, model: Object.fromEntries(flags) } };
}

const NO_ROLES = {
  bos_token: null,
  eos_token: null,
  unk_token: null,
  sep_token: null,
  pad_token: null,
  cls_token: null,
  mask_token: null,
} as const;

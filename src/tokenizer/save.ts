import { BERT_OPTIONS, type BertSettings } from './bertsettings.ts';
import type { FastSettings } from './fast.ts';
import { addedToken } from './roles.ts';
import { INPUT_NAMES, INPUT_NAMES_OF_NO_MODEL, type Settings, type Shared, TOKENIZER_OPTIONS } from './settings.ts';
import { formatVocab } from './vocab.ts';

/** The fewest files that rebuild the same tokenizer of BERT. */
export function bertFiles(settings: BertSettings): Record<'vocab.txt' | 'tokenizer_config.json', string> {
  const tokens = tokensOf(settings);
  const config = {
    tokenizer_class: 'BertTokenizer',
    ...optionsOf(settings, Object.keys(BERT_OPTIONS), !isConsecutive(settings), INPUT_NAMES),
    added_tokens_decoder: Object.fromEntries(tokens.map(({ id, ...token }) => [id, token])),
  };
  return { 'vocab.txt': formatVocab(settings.parts.model.vocab), 'tokenizer_config.json': JSON.stringify(config, null, 2) };
}

/** The files that rebuild the same tokenizer. */
export function fastFiles(settings: FastSettings): Record<'tokenizer.json' | 'tokenizer_config.json', string> {
  const { json, parts } = settings;
  const isWhole = isConsecutive(settings);
  const model = { ...(json.model as object), ...parts.model.written() };
  const added_tokens = isWhole ? tokensOf(settings).map((token) => ({ ...NO_FLAGS, ...token })) : [];
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    ...optionsOf(settings, Object.keys(TOKENIZER_OPTIONS), !isWhole, INPUT_NAMES_OF_NO_MODEL),
  };
  return {
    'tokenizer.json': JSON.stringify({ ...NO_PARTS, ...json, added_tokens, model }),
    'tokenizer_config.json': JSON.stringify(config, null, 2),
  };
}

/** Some readers of tokenizer.json want each of them named. */
const NO_PARTS = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
};

const NO_FLAGS = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };

const tokensOf = ({ added }: Shared) =>
  [...added].sort((a, b) => a.id - b.id).map(({ id, token }) => addedToken('added', { ...token, id }));

/** Settings by the names of the options that make them; inputs of models where they are not the usual ones of the class. */
function optionsOf(settings: Settings, names: readonly string[], listsAdded: boolean, usual: readonly string[]): Record<string, unknown> {
  const { roles, model_max_length, extra_special_tokens, model_input_names, ...others } = settings;
  const options: Record<string, unknown> = {
    ...others,
    ...Object.fromEntries(Object.entries(roles).map(([role, filler]) => [role, filler?.token ?? null])),
    ...(Object.keys(extra_special_tokens).length > 0 && { extra_special_tokens }),
    ...(model_max_length !== Infinity && { model_max_length }),
    ...(`${model_input_names}` !== `${usual}` && { model_input_names }),
    ...(listsAdded && { added_tokens: tokensOf(settings) }),
  };
  return Object.fromEntries(names.filter((name) => name in options).map((name) => [name, options[name]]));
}

/** Whether the tokens that are not in the vocabulary have the ids behind it, as transformers gives them. */
function isConsecutive({ parts, added }: Settings): boolean {
  const { lookup, tokens } = parts.model.vocab;
  const behind = added.filter(({ text }) => lookup.find(text) < 0).map(({ id }) => id);
  return behind.sort((a, b) => a - b).every((id, i) => id === tokens.length + i);
}

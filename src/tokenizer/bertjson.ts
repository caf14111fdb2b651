import { TraceletError } from '../base/error.ts';
import { describe, isObject, type JsonObject } from '../base/json.ts';
import type { BertTokenizerOptions } from './bertsettings.ts';
import { addedTokens, setting, sideIn } from './json.ts';
import { typed } from './models/index.ts';
import type { Proved } from './settings.ts';

/** What tokenizer.json says about how text is split, and on which sides it is cut and padded. How much it is cut and padded is left to the caller. */
export function optionsOfJson(json: JsonObject): Proved<BertTokenizerOptions> {
  const model = part(typed(json.model), 'model', ['WordPiece']);
  const normalizer = part(json.normalizer, 'normalizer', ['BertNormalizer']);
  part(json.pre_tokenizer, 'pre_tokenizer', ['BertPreTokenizer']);
  if (json.decoder) part(json.decoder, 'decoder', ['WordPiece']);
  const vocab = new Map(Object.entries(object(model.vocab, 'model.vocab'))) as Map<string, number>;
  const taken = new Set(vocab.values());
  const end = [...taken].reduce((top, id) => Math.max(top, id + 1), 0);
  const added_tokens = addedTokens(json.added_tokens, { has: (token) => vocab.has(token), isTaken: (id) => taken.has(id), end });
  const template = templateOf(part(json.post_processor, 'post_processor', ['TemplateProcessing', 'BertProcessing']));
  const idOf = (token: string) => vocab.get(token) ?? added_tokens.find(({ content }) => content === token)?.id;
  for (const [token, id] of template) checkTemplateId(token, id, idOf(token));
  const [[cls_token], [sep_token]] = template;
  const padding = setting(json, 'padding');
  const pad_token = typeof padding.pad_token === 'string' ? padding.pad_token : '[PAD]';
  return {
    vocab,
    unk_token: model.unk_token,
    wordpieces_prefix: model.continuing_subword_prefix,
    max_input_chars_per_word: model.max_input_chars_per_word,
    clean_text: normalizer.clean_text,
    tokenize_chinese_chars: normalizer.handle_chinese_chars,
    strip_accents: normalizer.strip_accents,
    do_lower_case: normalizer.lowercase,
    cls_token,
    sep_token,
    pad_token: idOf(pad_token) !== undefined ? pad_token : null,
    mask_token: idOf('[MASK]') !== undefined ? '[MASK]' : null,
    added_tokens,
    padding_side: sideIn(json, 'padding'),
    truncation_side: sideIn(json, 'truncation'),
  } as Proved<BertTokenizerOptions>;
}

function object(value: unknown, name: string): JsonObject {
  if (isObject(value)) return value;
  throw new TraceletError('format', { what: `${name} of tokenizer.json`, expected: 'a JSON object', got: describe(value) });
}

function part(value: unknown, name: string, types: readonly string[]): JsonObject {
  const type = value === null || value === undefined ? 'none' : object(value, name).type;
  if (types.includes(type as string)) return value as JsonObject;
  throw new TraceletError(typeof type === 'string' && type !== 'none' ? 'unsupported' : 'config', {
    what: `${name} of tokenizer.json`,
    expected: types.join(' or '),
    got: typeof type === 'string' && type !== '' ? describe(type).slice(1, -1) : describe(type),
    cure: 'PreTrainedTokenizerFast opens other tokenizers than those of BERT',
  });
}

type Special = readonly [token: string, id: unknown];

const isNamed = (pair: unknown): pair is Special => Array.isArray(pair) && typeof pair[0] === 'string';

/** Whether a tokenizer.json describes what {@link BertTokenizer} does, its decoder included. */
export function isBertJson(json: JsonObject): boolean {
  const { type, continuing_subword_prefix } = objectOf(typed(json.model));
  const { type: decoder = 'WordPiece', prefix = continuing_subword_prefix, cleanup = true } = objectOf(json.decoder);
  const types = [type, objectOf(json.normalizer).type, objectOf(json.pre_tokenizer).type, decoder].join(' ');
  const isOwn = types === 'WordPiece BertNormalizer BertPreTokenizer WordPiece' && prefix === continuing_subword_prefix && cleanup === true;
  return isOwn && specialsOf(objectOf(json.post_processor)) !== undefined;
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** The tokens that stand for [CLS] and [SEP] in a post-processor, which must follow BERT's two templates, and their ids. */
function templateOf(processor: JsonObject): readonly [cls: Special, sep: Special] {
  const specials = specialsOf(processor);
  if (specials) return specials;
  throw new TraceletError('config', {
    what: 'post_processor of tokenizer.json',
    expected: '[CLS]:0 A:0 [SEP]:0, and for pairs B:1 [SEP]:1 behind it',
    got: describe(`${templateText(processor.single)}, and for pairs ${templateText(processor.pair)}`).slice(1, -1),
  });
}

function specialsOf(processor: JsonObject): readonly [cls: Special, sep: Special] | undefined {
  const { cls, sep } = processor;
  if (processor.type === 'BertProcessing' && isNamed(cls) && isNamed(sep)) return [cls, sep];
  const single = templateText(processor.single);
  const [first = '', , last = ''] = single.split(' ');
  const isBert = single === `${first} A:0 ${last}` && templateText(processor.pair) === `${single} B:1 ${last.replace(/:0$/, ':1')}`;
  return isBert ? [specialOf(processor, first.replace(/:0$/, '')), specialOf(processor, last.replace(/:0$/, ''))] : undefined;
}

function templateText(template: unknown): string {
  if (!Array.isArray(template)) return describe(template);
  const pieces = template.map((piece) => piece?.SpecialToken ?? piece?.Sequence);
  return pieces
    .map((piece) => [piece?.id, piece?.type_id].map((part) => (typeof part === 'string' ? part : describe(part))).join(':'))
    .join(' ');
}

function specialOf({ special_tokens }: JsonObject, token: string): Special {
  const special = isObject(special_tokens) ? special_tokens[token] : undefined;
  if (!isObject(special) || !Array.isArray(special.ids)) return [token, undefined];
  return [token, special.ids.length === 1 ? special.ids[0] : special.ids];
}

function checkTemplateId(token: string, id: unknown, known: number | undefined): void {
  if (id === undefined || id === known) return;
  throw new TraceletError('config', {
    what: `id of ${describe(token)} in the post_processor of tokenizer.json`,
    expected: known === undefined ? 'a token of the vocabulary' : `${describe(known)} as in the vocabulary`,
    got: describe(id),
  });
}

import { TraceletError } from '../base/error.ts';
import { describe, isObject, type JsonObject } from '../base/json.ts';
import type { AddedToken } from './added.ts';
import { addedToken } from './roles.ts';
import type { Given } from './settings.ts';

/** What tokenizer.json says about how text is split, and on which sides it is cut and padded. How much it is cut and padded is left to the caller. */
export function optionsOfJson(json: JsonObject): Given {
  const model = part(modelOf(json), 'model', ['WordPiece']);
  const normalizer = part(json.normalizer, 'normalizer', ['BertNormalizer']);
  part(json.pre_tokenizer, 'pre_tokenizer', ['BertPreTokenizer']);
  if (json.decoder) part(json.decoder, 'decoder', ['WordPiece']);
  const vocab = new Map(Object.entries(object(model.vocab, 'model.vocab'))) as Map<string, number>;
  const added_tokens = addedTokens(json.added_tokens, vocab);
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
    padding_side: side(padding, 'padding'),
    truncation_side: side(setting(json, 'truncation'), 'truncation'),
  } as Given;
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
    cure: 'Only BERT tokenizers (WordPiece) are supported',
  });
}

const WORD_PIECE = ['unk_token', 'continuing_subword_prefix', 'max_input_chars_per_word', 'vocab'];

/** The model, with the type that its fields tell where older files have none. */
function modelOf({ model }: JsonObject): unknown {
  if (!isObject(model) || model.type !== undefined) return model;
  if (model.merges !== undefined) return { ...model, type: 'BPE' };
  if (Array.isArray(model.vocab)) return { ...model, type: 'Unigram' };
  return { ...model, type: WORD_PIECE.every((name) => name in model) ? 'WordPiece' : 'WordLevel' };
}

/** Ids come in the order of the list, as in the Rust tokenizers; but an id that contradicts the vocabulary is kept, to be refused. */
function addedTokens(list: unknown, vocab: ReadonlyMap<string, number>): AddedToken[] {
  if (list !== undefined && list !== null && !Array.isArray(list))
    throw new TraceletError('format', { what: 'added_tokens of tokenizer.json', expected: 'an array of tokens', got: describe(list) });
  const given: AddedToken[] = (list ?? []).map((value: unknown, i: number) => addedToken(`added_tokens[${i}] of tokenizer.json`, value));
  if (given.every(({ content }) => vocab.has(content))) return given;
  const taken = new Set(vocab.values());
  const behind = new Map<string, number>();
  let next = 0;
  for (const id of taken) if (id >= next) next = id + 1;
  return given.map((token) => {
    if (vocab.has(token.content) || taken.has(token.id as number)) return token;
    const id = behind.get(token.content) ?? next++;
    behind.set(token.content, id);
    return { ...token, id };
  });
}

type Special = readonly [token: string, id: unknown];

const isNamed = (pair: unknown): pair is Special => Array.isArray(pair) && typeof pair[0] === 'string';

/** The tokens that stand for [CLS] and [SEP] in a post-processor, which must follow BERT's two templates, and their ids. */
function templateOf(processor: JsonObject): readonly [cls: Special, sep: Special] {
  const { cls, sep } = processor;
  if (processor.type === 'BertProcessing' && isNamed(cls) && isNamed(sep)) return [cls, sep];
  const single = templateText(processor.single);
  const [first = '', , last = ''] = single.split(' ');
  const pair = templateText(processor.pair);
  if (single === `${first} A:0 ${last}` && pair === `${first} A:0 ${last} B:1 ${last.replace(/:0$/, ':1')}`)
    return [specialOf(processor, first.replace(/:0$/, '')), specialOf(processor, last.replace(/:0$/, ''))];
  throw new TraceletError('config', {
    what: 'post_processor of tokenizer.json',
    expected: '[CLS]:0 A:0 [SEP]:0, and for pairs B:1 [SEP]:1 behind it',
    got: describe(`${single}, and for pairs ${pair}`).slice(1, -1),
  });
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

function setting(json: JsonObject, name: string): JsonObject {
  return json[name] === undefined || json[name] === null ? {} : object(json[name], name);
}

function side({ direction }: JsonObject, name: string): unknown {
  if (direction === undefined || direction === null) return undefined;
  if (direction === 'Left' || direction === 'Right') return direction.toLowerCase();
  throw new TraceletError('format', {
    what: `${name}.direction of tokenizer.json`,
    expected: '"Left" or "Right"',
    got: describe(direction),
  });
}

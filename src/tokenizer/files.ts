import { TraceletError } from '../error.ts';
import { TextDecoder } from '../globals.ts';
import { describe } from '../json.ts';
import { type Folder, textOf } from '../sources/folder.ts';
import type { AddedToken } from './added.ts';
import { type BertTokenizerOptions, ROLES, type Settings } from './settings.ts';
import { parseVocab } from './vocab.ts';

/** Texts of the files of a tokenizer by name; `tokenizer.json` or `vocab.txt` is needed. */
export interface TokenizerFiles {
  'tokenizer.json'?: string;
  'vocab.txt'?: string;
  'tokenizer_config.json'?: string;
  'special_tokens_map.json'?: string;
}

const FILE_NAMES = ['tokenizer.json', 'vocab.txt', 'tokenizer_config.json', 'special_tokens_map.json'] as const;

/** The texts of the tokenizer's files that are in a folder. */
export async function filesIn(folder: Folder, signal: AbortSignal | undefined): Promise<TokenizerFiles> {
  const files: TokenizerFiles = {};
  for (const name of FILE_NAMES) {
    signal?.throwIfAborted();
    if (name === 'vocab.txt' && files['tokenizer.json'] !== undefined) continue;
    const text = await textOf(folder, name);
    if (text !== undefined) files[name] = text;
  }
  return files;
}

/** The tokenizer's files among those that travel in a trace. */
export function textsOf(files: ReadonlyMap<string, Uint8Array>): TokenizerFiles {
  const present = FILE_NAMES.filter((name) => files.has(name));
  return Object.fromEntries(present.map((name) => [name, new TextDecoder().decode(files.get(name))]));
}

type Json = Record<string, unknown>;

const CLASSES = ['Bert', 'DistilBert', 'MobileBert', 'Electra', 'ConvBert', 'SqueezeBert', 'LayoutLM', 'Lxmert', 'PreTrained'];
const OPTION_NAMES = [
  'do_lower_case',
  'strip_accents',
  'tokenize_chinese_chars',
  'clean_text',
  'additional_special_tokens',
  'never_split',
  'model_max_length',
  'max_input_chars_per_word',
  'wordpieces_prefix',
  'padding_side',
  'truncation_side',
  'clean_up_tokenization_spaces',
  ...ROLES,
] as const;

/** Options from the files: `special_tokens_map.json` prevails over `tokenizer_config.json`, and that over `tokenizer.json`. */
export function optionsFromFiles(files: TokenizerFiles): BertTokenizerOptions {
  const json = parse(files, 'tokenizer.json');
  const vocab = files['vocab.txt'];
  if (!json && vocab === undefined)
    throw new TraceletError('source', {
      what: 'tokenizer files',
      expected: 'tokenizer.json or vocab.txt',
      got: describe(Object.keys(files)),
    });
  if (!json && typeof vocab !== 'string') throw notText('vocab.txt', vocab);
  const config = parse(files, 'tokenizer_config.json') ?? {};
  const specials = parse(files, 'special_tokens_map.json') ?? {};
  checkClass(config.tokenizer_class);
  const base = json ? fromTokenizerJson(json) : { vocab: parseVocab(vocab as string) };
  const options = { ...base, ...pick(config, OPTION_NAMES), ...pick(specials, [...ROLES, 'additional_special_tokens']) };
  if (json) checkTemplateRoles(base, options);
  return { ...options, added_tokens: [...(base.added_tokens ?? []), ...fromDecoder(config.added_tokens_decoder)] };
}

/** The fewest files that rebuild the same tokenizer: `vocab.txt` and `tokenizer_config.json`. */
export function filesOf(settings: Settings): Record<'vocab.txt' | 'tokenizer_config.json', string> {
  const { vocab, roles, added, model_max_length, ...rest } = settings;
  const config = {
    tokenizer_class: 'BertTokenizer',
    ...pick(rest, OPTION_NAMES),
    ...roles,
    ...(model_max_length !== Infinity && { model_max_length }),
    added_tokens_decoder: Object.fromEntries(added.map(({ id, token: { id: _, ...token } }) => [id, token])),
  };
  return { 'vocab.txt': vocab.tokens.map((token) => `${token}\n`).join(''), 'tokenizer_config.json': JSON.stringify(config, null, 2) };
}

function parse(files: TokenizerFiles, name: keyof TokenizerFiles): Json | undefined {
  const text = files[name];
  if (text === undefined) return undefined;
  if (typeof text !== 'string') throw notText(name, text);
  try {
    return object(JSON.parse(text), name);
  } catch (cause) {
    if (cause instanceof TraceletError) throw cause;
    throw new TraceletError('format', { what: name, expected: 'JSON', got: (cause as Error).message, cause });
  }
}

const notText = (name: string, got: unknown): TraceletError =>
  new TraceletError('value', { what: name, expected: 'the text of the file', got: describe(got) });

function object(value: unknown, what: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new TraceletError('format', { what, expected: 'a JSON object', got: describe(value) });
}

/** Settings for which null is a value; for any other it means that the setting is absent. */
const NULLABLE: readonly string[] = ['strip_accents', 'pad_token', 'mask_token'];

function pick(source: object, names: readonly string[]): Partial<BertTokenizerOptions> {
  const present = (name: string): boolean => ((source as Json)[name] ?? (NULLABLE.includes(name) ? null : undefined)) !== undefined;
  return Object.fromEntries(names.filter((name) => name in source && present(name)).map((name) => [name, (source as Json)[name]]));
}

function checkClass(name: unknown): void {
  if (name === undefined || name === null || CLASSES.some((family) => name === `${family}Tokenizer` || name === `${family}TokenizerFast`))
    return;
  throw new TraceletError('config', {
    what: 'tokenizer_class of tokenizer_config.json',
    expected: `a BERT WordPiece tokenizer (${CLASSES.join(', ')})`,
    got: describe(name),
  });
}

/** The parts of tokenizer.json that decide how text is split; its truncation and padding are left to the caller. */
function fromTokenizerJson(json: Json): BertTokenizerOptions {
  const model = part(json, 'model', ['WordPiece']);
  const normalizer = part(json, 'normalizer', ['BertNormalizer']);
  part(json, 'pre_tokenizer', ['BertPreTokenizer']);
  if (json.decoder) part(json, 'decoder', ['WordPiece']);
  const [cls_token, sep_token] = templateTokens(part(json, 'post_processor', ['TemplateProcessing', 'BertProcessing']));
  return {
    vocab: object(model.vocab, 'model.vocab of tokenizer.json') as Record<string, number>,
    unk_token: model.unk_token as string | undefined,
    wordpieces_prefix: model.continuing_subword_prefix as string | undefined,
    max_input_chars_per_word: model.max_input_chars_per_word as number | undefined,
    clean_text: normalizer.clean_text as boolean | undefined,
    tokenize_chinese_chars: normalizer.handle_chinese_chars as boolean | undefined,
    strip_accents: normalizer.strip_accents as boolean | null | undefined,
    do_lower_case: normalizer.lowercase as boolean | undefined,
    cls_token,
    sep_token,
    added_tokens: (json.added_tokens ?? []) as AddedToken[],
  };
}

function part(json: Json, name: string, types: readonly string[]): Json {
  const value = json[name];
  const type = value === null || value === undefined ? 'none' : object(value, `${name} of tokenizer.json`).type;
  if (types.includes(type as string)) return value as Json;
  throw new TraceletError('config', {
    what: `${name} of tokenizer.json`,
    expected: types.join(' or '),
    got: typeof type === 'string' ? type : describe(type),
    cure: 'Only BERT tokenizers (WordPiece) are supported',
  });
}

/** The tokens that stand for [CLS] and [SEP] in a post-processor, which must follow BERT's two templates. */
function templateTokens(processor: Json): [cls: string, sep: string] {
  const { cls, sep } = processor;
  if (processor.type === 'BertProcessing' && Array.isArray(cls) && Array.isArray(sep)) return [String(cls[0]), String(sep[0])];
  const single = templateText(processor.single);
  const [first = '', , last = ''] = single.split(' ');
  const pair = templateText(processor.pair);
  if (single === `${first} A:0 ${last}` && pair === `${first} A:0 ${last} B:1 ${last.replace(/:0$/, ':1')}`)
    return [first.replace(/:0$/, ''), last.replace(/:0$/, '')];
  throw new TraceletError('config', {
    what: 'post_processor of tokenizer.json',
    expected: '[CLS]:0 A:0 [SEP]:0, and for pairs B:1 [SEP]:1 behind it',
    got: `${single}, and for pairs ${pair}`,
  });
}

function templateText(template: unknown): string {
  if (!Array.isArray(template)) return describe(template);
  const pieces = template.map((piece) => piece?.SpecialToken ?? piece?.Sequence);
  return pieces.map((piece) => `${piece?.id}:${piece?.type_id}`).join(' ');
}

function checkTemplateRoles(template: BertTokenizerOptions, options: BertTokenizerOptions): void {
  for (const role of ['cls_token', 'sep_token'] as const) {
    const token = options[role] ?? template[role];
    const content = typeof token === 'string' ? token : token?.content;
    if (content !== template[role])
      throw new TraceletError('config', {
        what: role,
        expected: `${template[role]} as in the post_processor of tokenizer.json`,
        got: describe(content),
      });
  }
}

function fromDecoder(decoder: unknown): AddedToken[] {
  if (decoder === undefined || decoder === null) return [];
  const entries = Object.entries(object(decoder, 'added_tokens_decoder of tokenizer_config.json'));
  return entries.map(([id, token]) => ({ ...(object(token, `added_tokens_decoder[${id}]`) as unknown as AddedToken), id: Number(id) }));
}

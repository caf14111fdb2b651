import { TraceletError } from '../base/error.ts';
import { describe, isObject, type JsonObject, parseObject, readJson } from '../base/json.ts';
import { checkOptions, type OptionTable } from '../base/options.ts';
import { isBytes } from '../base/realm.ts';
import { kind } from '../base/schema.ts';
import type { AddedToken } from './added.ts';
import { isBertJson, optionsOfJson } from './bertjson.ts';
import { BERT_OPTIONS, type BertTokenizerOptions } from './bertsettings.ts';
import { checkClass, isOfNoModel, normalizesByFlags } from './classes.ts';
import type { PreTrainedTokenizerOptions } from './fast.ts';
import { cureOfUnknown } from './fields.ts';
import { FILE_NAMES, MODEL_NAMES, type Name, NEEDED, type TokenizerFiles, vocabularyIn } from './files.ts';
import { addedToken, ROLES, TOKEN } from './roles.ts';
import { INPUT_NAMES_OF_NO_MODEL, type Proved, TOKENIZER_OPTIONS } from './settings.ts';
import { parseVocab } from './vocab.ts';

type Given = Proved<BertTokenizerOptions>;

/** Options as far as they have been read. */
export interface Reading extends Partial<Given> {
  /** What reads the tokenizer.json among them. */
  json?: 'bert' | 'any';
  tokenizer_object?: JsonObject;
  /** Whether they list all added tokens. */
  complete?: boolean;
}

type OfJson = (json: JsonObject) => Reading;

/** What each vocabulary says, by the first of its files: those of BERT, and all of them with `tokenizer/all.ts`. */
export const VOCABULARY_READERS: Readonly<Record<string, (files: TokenizerFiles, ofJson: OfJson) => Reading>> = {
  'tokenizer.json': (files, ofJson) => ofJson(parse(files['tokenizer.json'] as string, 'tokenizer.json')),
  'vocab.txt': (files) => ({ vocab: parseVocab(files['vocab.txt'] as string) }),
};

/** How each of the other files adds to what those before it say. */
const READERS = {
  'tokenizer_config.json': (reading: Reading, text: string) => withConfig(reading, parse(text, 'tokenizer_config.json')),
  'special_tokens_map.json': (reading: Reading, text: string) =>
    reading.complete ? reading : withMap(reading, parse(text, 'special_tokens_map.json')),
  'added_tokens.json': (reading: Reading, text: string) =>
    reading.complete ? reading : withAdded(reading, parse(text, 'added_tokens.json')),
};

const asBert: OfJson = (json) => ({ ...optionsOfJson(json), json: 'bert' });
const asAny: OfJson = (tokenizer_object) => ({ tokenizer_object, json: 'any' });

/** What the files of a tokenizer of BERT say. */
export const optionsFromFiles = (files: TokenizerFiles): BertTokenizerOptions => optionsRead(files, asBert) as BertTokenizerOptions;

/** What the files of a tokenizer say, read by what tokenizer.json describes: as those of BERT where that is one, or absent. */
export const anyOptions = (files: TokenizerFiles): BertTokenizerOptions | PreTrainedTokenizerOptions =>
  optionsRead(files, (json) => (isBertJson(json) ? asBert : asAny)(json));

/** What the files of a tokenizer say, tokenizer.json as it is. */
export function fastOptions(files: TokenizerFiles): PreTrainedTokenizerOptions {
  const options = optionsRead(files, asAny);
  if ('tokenizer_object' in options) return options;
  throw new TraceletError('source', {
    what: 'tokenizer files',
    expected: 'tokenizer.json',
    got: describe(Object.keys(files)),
    cure: 'BertTokenizer reads a vocab.txt',
  });
}

/** What the files say, in the order of transformers: each prevails over those before it. */
function optionsRead(files: TokenizerFiles, ofJson: OfJson): BertTokenizerOptions | PreTrainedTokenizerOptions {
  const [first] = vocabularyIn(files) ?? [];
  if (first === undefined)
    throw new TraceletError('source', {
      what: 'tokenizer files',
      expected: NEEDED,
      got: isObject(files) ? describe(Object.keys(files)) : describe(files),
    });
  for (const name of FILE_NAMES) checkFile(files, name);
  if (!Object.hasOwn(VOCABULARY_READERS, first))
    throw new TraceletError('unsupported', {
      what: first,
      expected: Object.keys(VOCABULARY_READERS).join(' or '),
      got: 'another vocabulary',
      ...cureOfUnknown(),
    });
  const start = VOCABULARY_READERS[first](files, ofJson);
  const others = Object.entries(READERS).filter(([name]) => typeof files[name as Name] === 'string');
  const { json, complete, ...options } = others.reduce(
    (reading, [name, read]) => read(reading, files[name as keyof typeof READERS] as string),
    start,
  );
  return options as BertTokenizerOptions | PreTrainedTokenizerOptions;
}

function checkFile(files: TokenizerFiles, name: Name): void {
  const file = files[name] ?? undefined;
  const isModel = (MODEL_NAMES as readonly Name[]).includes(name);
  if (file === undefined || (isModel ? isBytes(file) : typeof file === 'string')) return;
  throw new TraceletError('value', {
    what: name,
    expected: isModel ? 'the bytes of the file' : 'the text of the file',
    got: describe(file),
  });
}

/** The object in a file. Of a key that is given twice the last counts, as in Python. */
export const parse = (text: string, name: Name): JsonObject => parseObject(text, name, readJson);

const NORMALIZER = ['do_lower_case', 'strip_accents', 'tokenize_chinese_chars', 'clean_text'];
const EXTRA = ['additional_special_tokens', 'extra_special_tokens'];
/** Options that tokenizer.json settles for every class. */
const SPLITTING = ['wordpieces_prefix', 'max_input_chars_per_word', 'never_split'];
const SHARED = Object.keys(TOKENIZER_OPTIONS).filter((name) => !EXTRA.includes(name));

/** What a class of BERT takes where its options are absent, whatever tokenizer.json says. */
const BY_FLAGS: Reading = {
  do_lower_case: true,
  strip_accents: null,
  tokenize_chinese_chars: true,
  clean_text: true,
  pad_token: undefined,
  mask_token: undefined,
};

/** Settings of files that would change ids if they were other than these. */
const FIXED = {
  fast_tokenizer_files: kind('only tokenizer.json', (value) => Array.isArray(value) && value.every((name) => name === 'tokenizer.json')),
  init_inputs: kind('an empty array', (value) => Array.isArray(value) && value.length === 0),
};

/** Options for which null is a value; for others it means that they are not given. */
const NULLABLE = ['strip_accents', 'bos_token', 'eos_token', 'pad_token', 'mask_token'];

function select(json: JsonObject, names: readonly string[]): JsonObject {
  const given = names.filter((name) => Object.hasOwn(json, name) && (json[name] !== null || NULLABLE.includes(name)));
  return Object.fromEntries(given.map((name) => [name, json[name]]));
}

/** The options `names` that a file gives, proved. */
function pick(json: JsonObject, file: Name, names: readonly string[]): Partial<Given> {
  return checkOptions(file, select(json, names), BERT_OPTIONS as OptionTable<JsonObject>);
}

function withConfig(reading: Reading, config: JsonObject): Reading {
  const file = 'tokenizer_config.json';
  if (!reading.json) checkClass(config.tokenizer_class);
  checkOptions(file, select(config, Object.keys(FIXED)), FIXED as OptionTable<JsonObject>);
  const byFlags = !reading.json || (reading.json === 'bert' && normalizesByFlags(config.tokenizer_class));
  const names = [
    ...SHARED,
    ...(reading.json === 'any' ? [] : ['do_basic_tokenize']),
    ...(byFlags ? NORMALIZER : []),
    ...(reading.json ? [] : SPLITTING),
  ];
  const { added_tokens = [], ...given } = pick(config, file, names);
  checkRoles(reading, given);
  const listed = decoderTokens(config.added_tokens_decoder);
  return {
    ...reading,
    ...(isOfNoModel(config.tokenizer_class) && { model_input_names: INPUT_NAMES_OF_NO_MODEL }),
    ...(reading.json && byFlags && BY_FLAGS),
    ...given,
    ...extraTokens(reading, config, file),
    added_tokens: [...(reading.added_tokens ?? []), ...added_tokens, ...(listed ?? [])],
    complete: listed !== undefined,
  };
}

function withMap(reading: Reading, map: JsonObject): Reading {
  const given = pick(map, 'special_tokens_map.json', ROLES);
  checkRoles(reading, given);
  return { ...reading, ...given, ...extraTokens(reading, map, 'special_tokens_map.json') };
}

function withAdded(reading: Reading, added: JsonObject): Reading {
  const before = reading.added_tokens ?? [];
  const known = new Set(before.map(({ content }) => content));
  const others = Object.entries(added).filter(([content]) => !known.has(content));
  const tokens = inOrder(
    others.map(([content, id]) => [id, { content }]),
    'added_tokens.json',
  );
  return { ...reading, added_tokens: [...before, ...tokens] };
}

/** Roles that tokenizer.json settles. */
const SETTLED = { unk_token: 'model', cls_token: 'post_processor', sep_token: 'post_processor' } as const;

function checkRoles(reading: Reading, given: Partial<Given>): void {
  for (const [role, name] of reading.json ? (Object.entries(SETTLED) as [keyof typeof SETTLED, string][]) : []) {
    const [token, known] = [given[role], reading[role]];
    const content = typeof token === 'object' ? token?.content : token;
    if (content !== undefined && known !== undefined && content !== known)
      throw new TraceletError('config', {
        what: role,
        expected: `${describe(known).slice(1, -1)} as in the ${name} of tokenizer.json`,
        got: describe(content),
      });
  }
}

/** Keys of tokens by which a server knows a user. */
const SECRET = /(^|_)(access|api|auth|hf|hub)_token$/;

/** Special tokens that have no role, by name or in a list: newer files name them `extra_special_tokens` or in keys of their own. */
function extraTokens(reading: Reading, json: JsonObject, file: Name): Partial<Given> {
  const { additional_special_tokens: additional, extra_special_tokens: extra } = pick(json, file, EXTRA);
  const isOwn = (key: string): boolean => key.endsWith('_token') && !(ROLES as readonly string[]).includes(key) && !SECRET.test(key);
  const own = Object.entries(json).filter(([key, value]) => isOwn(key) && TOKEN.read(value) !== undefined);
  const { additional_special_tokens: before, extra_special_tokens: named } = reading;
  const contentOf = (token: unknown): unknown => (isObject(token) ? token.content : token);
  const known = new Set<unknown>(before?.map(contentOf));
  const isNew = (token: unknown): boolean => !known.has(contentOf(token));
  const listed = Array.isArray(extra) ? extra.filter(isNew) : [];
  return {
    additional_special_tokens: before || listed.length ? [...(before ?? []), ...listed] : additional,
    extra_special_tokens: { ...named, ...Object.fromEntries(own), ...(isObject(extra) && extra) } as Given['extra_special_tokens'],
  };
}

function decoderTokens(decoder: unknown): AddedToken[] | undefined {
  if (decoder === undefined || decoder === null) return undefined;
  const what = 'added_tokens_decoder of tokenizer_config.json';
  if (!isObject(decoder)) throw new TraceletError('format', { what, expected: 'a JSON object', got: describe(decoder) });
  return inOrder(
    Object.entries(decoder).map(([id, token]) => [/^\d+$/.test(id) ? Number(id) : id, token]),
    what,
  );
}

/** Tokens in the order of the ids that a file gives them: they have the next free ones, as in transformers. */
function inOrder(tokens: readonly (readonly [id: unknown, token: unknown])[], file: string): AddedToken[] {
  const wrong = tokens.find(([id]) => !Number.isInteger(id) || (id as number) < 0);
  if (wrong) throw new TraceletError('format', { what: file, expected: 'ids that are whole numbers', got: describe(wrong[0]) });
  const sorted = [...tokens].sort(([a], [b]) => (a as number) - (b as number));
  return sorted.map(([id, token]) => {
    const { id: _, ...added } = addedToken(`${file}[${id}]`, token);
    return added;
  });
}

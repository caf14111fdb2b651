import { TraceletError } from '../base/error.ts';
import { TextDecoder } from '../base/globals.ts';
import { describe, isObject, type JsonObject, parseJson, parseObject } from '../base/json.ts';
import { type Kind, kind, oneOf, orNull, SIZE, TEXT } from '../base/schema.ts';
import { MODULE_KINDS, type ModuleEntry, readEntry, readFields, type SentenceModule } from './modules.ts';

const MODULES = 'modules.json';
const CONFIG = 'config_sentence_transformers.json';

/** What a folder of sentence-transformers says beside weights. */
export interface SentenceConfig {
  /** In the order in which they run; the first is the Transformer. */
  modules: readonly SentenceModule[];
  /** What may be put before texts, by name. */
  prompts: Readonly<Record<string, string>>;
  /** The name of the prompt that is put before texts unless another is asked for. */
  default_prompt_name: string | null;
  /** How many numbers of each vector are kept, all unless given. */
  truncate_dim: number | null;
}

/** Texts of files by name. */
export type Texts = ReadonlyMap<string, string>;

/** Files that may be large, and say nothing of modules. */
const TOKENIZER = /(^|\/)tokenizer\.json$/;

const at = (path: string, file: string): string => (path ? `${path}/${file}` : file);

/** Names of the files that a folder with this modules.json is described by; of each list the first that is there counts. */
function namesOf(entries: readonly ModuleEntry[]): string[][] {
  return [[CONFIG], ...entries.map(({ type, path }) => MODULE_KINDS[type].configs.map((name) => at(path, name)))];
}

function entriesOf(text: string): ModuleEntry[] {
  const entries = parseJson(text, MODULES);
  if (!Array.isArray(entries))
    throw new TraceletError('format', { what: MODULES, expected: 'an array of modules', got: describe(entries) });
  const read = entries.map((entry, i) => readEntry(entry, i, MODULES));
  checkOrder(read);
  return read;
}

/** Whether a folder is one of sentence-transformers that makes one vector a text. */
export async function isSentenceFolder(read: (name: string) => Promise<string | undefined>): Promise<boolean> {
  const text = await read(MODULES);
  const entries = text === undefined ? [] : parseJson(text, MODULES);
  return Array.isArray(entries) && entries.some((entry) => isObject(entry) && String(entry.type).endsWith('.Pooling'));
}

/** The files that describe a folder of sentence-transformers; undefined where `read` has no modules.json. */
export async function readSentenceFiles(read: (name: string) => Promise<string | undefined>): Promise<Texts | undefined> {
  const modules = await read(MODULES);
  if (modules === undefined) return undefined;
  const texts = new Map([[MODULES, modules]]);
  for (const names of namesOf(entriesOf(modules)))
    for (const name of names) {
      const text = await read(name);
      if (text === undefined) continue;
      texts.set(name, text);
      break;
    }
  return texts;
}

/** Those of the files of a trace that {@link parseSentence} may ask for. */
export function sentenceTexts(files: ReadonlyMap<string, Uint8Array>): Texts {
  const texts = [...files].filter(([name]) => name.endsWith('.json') && !TOKENIZER.test(name));
  return new Map(texts.map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]));
}

/** What files say that {@link readSentenceFiles} found, or that travel in a trace; undefined without a modules.json. Throws `config` and `format` errors. */
export function parseSentence(texts: Texts): SentenceConfig | undefined {
  const text = texts.get(MODULES);
  if (text === undefined) return undefined;
  const modules = entriesOf(text).map((entry) => readModule(entry, texts));
  return { modules, ...readGeneral(texts.get(CONFIG)) };
}

function readModule({ type, path }: ModuleEntry, texts: Texts): SentenceModule {
  const { configs, fields, read } = MODULE_KINDS[type];
  const names = configs.map((name) => at(path, name));
  const file = names.find((name) => texts.has(name));
  const what = file ?? names[0];
  const given = file === undefined ? {} : readFields(parseObject(texts.get(file) as string, what), fields, what);
  return { type, path, ...read(given, what) } as SentenceModule;
}

function checkOrder(modules: readonly ModuleEntry[]): void {
  const types = modules.map(({ type }) => type);
  if (types.lastIndexOf('Transformer') !== 0 || types.filter((type) => type === 'Pooling').length !== 1)
    throw new TraceletError('config', {
      what: MODULES,
      expected: 'a Transformer first, and one Pooling behind it',
      got: types.join(', ') || 'no modules',
      cure: 'Choose another architecture, such as BertModel for the encoder alone',
    });
}

const PROMPTS = kind<Record<string, string | null>>(
  'an object of texts by name',
  (value) => isObject(value) && Object.values(value).every((prompt) => prompt === null || typeof prompt === 'string'),
);
const GENERAL: Readonly<Record<string, Kind<unknown>>> = {
  model_type: orNull(oneOf(['SentenceTransformer'], 'Only folders of one vector a text run here')),
  prompts: orNull(PROMPTS),
  default_prompt_name: orNull(TEXT),
  truncate_dim: orNull(SIZE),
};

function readGeneral(text: string | undefined): Omit<SentenceConfig, 'modules'> {
  const whole = text === undefined ? {} : parseObject(text, CONFIG);
  const given = readFields(Object.fromEntries(Object.entries(whole).filter(([name]) => Object.hasOwn(GENERAL, name))), GENERAL, CONFIG);
  const prompts = Object.fromEntries(
    Object.entries((given.prompts ?? {}) as JsonObject).map(([name, prompt]) => [name, (prompt ?? '') as string]),
  );
  const default_prompt_name = (given.default_prompt_name ?? null) as string | null;
  if (default_prompt_name !== null && !Object.hasOwn(prompts, default_prompt_name))
    throw new TraceletError('config', {
      what: `default_prompt_name of ${CONFIG}`,
      expected: `one of ${Object.keys(prompts).join(', ') || 'no prompts'}`,
      got: describe(default_prompt_name),
    });
  return { prompts, default_prompt_name, truncate_dim: (given.truncate_dim ?? null) as number | null };
}

/** The files from which {@link parseSentence} reads the same, the Transformer's beside them. */
export function sentenceFiles({ modules, ...general }: SentenceConfig): Record<string, string> {
  const entries = modules.map(({ type, path }, idx) => ({
    idx,
    name: String(idx),
    path: type === 'Transformer' ? '' : path,
    type: `sentence_transformers.models.${type}`,
  }));
  const configs = modules.map(({ type, path, ...fields }) => {
    const place = type === 'Transformer' ? '' : path;
    return [at(place, MODULE_KINDS[type].configs[0]), JSON.stringify(written(fields))];
  });
  return { [MODULES]: JSON.stringify(entries), [CONFIG]: JSON.stringify(general), ...Object.fromEntries(configs) };
}

/** Activations are kept by their last name. */
const written = (fields: JsonObject): JsonObject =>
  'activation_function' in fields ? { ...fields, activation_function: `torch.nn.${fields.activation_function}` } : fields;

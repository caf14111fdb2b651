import { TraceletError } from '../base/error.ts';
import { TextDecoder } from '../base/globals.ts';
import { describe, isObject, type JsonObject, parseJson, parseObject } from '../base/json.ts';
import { type Kind, kind, orNull, SIZE, TEXT } from '../base/schema.ts';
import { FOLDER_KINDS, type FolderKind, orderedFor } from './kinds.ts';
import { LENGTHS } from './lengths.ts';
import { type Feature, MODULE_KINDS, type ModuleEntry, readEntry, readFields, type SentenceModule } from './modules.ts';

export const MODULES = 'modules.json';
export const CONFIG = 'config_sentence_transformers.json';

/** What a folder of sentence-transformers says beside weights. */
export interface SentenceConfig {
  /** What the modules make. */
  model_type: FolderKind;
  /** In the order in which they run; the first reads the texts. */
  modules: readonly SentenceModule[];
  /** What may be put before texts, by name. */
  prompts: Readonly<Record<string, string>>;
  /** The name of the prompt that is put before texts unless another is asked for. */
  default_prompt_name: string | null;
  /** How many numbers of each vector are kept, all unless given. */
  truncate_dim: number | null;
  /** How vectors are compared, where the folder says so. */
  similarity_fn_name: string | null;
  /** What is applied to scores: the dotted name of a module of PyTorch, where the folder says so. */
  activation_fn: string | null;
  /** What stands behind the first token of texts of a role, as a token of its own where the vocabulary has it. */
  markers?: Readonly<Record<string, string>>;
}

/** What a folder says that says nothing. */
export const UNSAID = {
  prompts: {},
  default_prompt_name: null,
  truncate_dim: null,
  similarity_fn_name: null,
  activation_fn: null,
} as const;

/** Texts of files by name. */
export type Texts = ReadonlyMap<string, string>;

/** Files that may be large, and say nothing of modules. */
const TOKENIZER = /(^|\/)tokenizer\.json$/;

const at = (path: string, file: string): string => (path ? `${path}/${file}` : file);

/** Names of the files that a folder with this modules.json is described by; of each list the first that is there counts. */
function namesOf(entries: readonly ModuleEntry[]): string[][] {
  return [[CONFIG], ...entries.map(({ type, path }) => MODULE_KINDS[type].configs.map((name) => at(path, name)))];
}

function entriesOf(text: string, kind: FolderKind): ModuleEntry[] {
  const entries = parseJson(text, MODULES);
  if (!Array.isArray(entries))
    throw new TraceletError('format', { what: MODULES, expected: 'an array of modules', got: describe(entries) });
  const read = entries.map((entry, i) => readEntry(entry, i, MODULES));
  orderedFor(kind, read, MODULES);
  return read;
}

/** Whether a folder is one of sentence-transformers that makes one vector a text. */
export async function isSentenceFolder(read: (name: string) => Promise<string | undefined>): Promise<boolean> {
  const text = await read(MODULES);
  const entries = text === undefined ? [] : parseJson(text, MODULES);
  return Array.isArray(entries) && entries.some((entry) => isObject(entry) && String(entry.type).endsWith('.Pooling'));
}

/** The files that describe a folder of sentence-transformers that is of the kind `wanted`; undefined where `read` has no modules.json. */
export async function readSentenceFiles(
  read: (name: string) => Promise<string | undefined>,
  wanted: FolderKind = 'SentenceTransformer',
): Promise<Texts | undefined> {
  const modules = await read(MODULES);
  if (modules === undefined) return undefined;
  const texts = new Map([[MODULES, modules]]);
  for (const names of namesOf(entriesOf(modules, wanted)))
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

/**
 * What files say that {@link readSentenceFiles} found, or that travel in a trace; undefined without a modules.json. Throws `config` and `format`
 * errors, and a `config` error for folders of another kind than `wanted`, where that is given.
 */
export function parseSentence(texts: Texts, wanted?: FolderKind): SentenceConfig | undefined {
  const text = texts.get(MODULES);
  if (text === undefined) return undefined;
  const general = readGeneral(texts.get(CONFIG), wanted);
  const kind = FOLDER_KINDS[general.model_type];
  const modules = entriesOf(text, general.model_type).map((entry) => readModule(entry, texts, kind.makes));
  const [first] = modules;
  if (first.type === 'Transformer') checkTransformer(first, general.model_type, texts);
  return { modules, ...general };
}

/** That the Transformer of a folder is asked for what such a folder is made of. Throws `config` errors. */
function checkTransformer(module: SentenceModule<'Transformer'>, model_type: FolderKind, texts: Texts): void {
  const { task } = FOLDER_KINDS[model_type];
  const file = fileOf(module, texts);
  const refused = (name: string, expected: string, got: string) =>
    new TraceletError('config', { what: `${name} of ${file}`, expected: `${expected}, for a ${model_type}`, got });
  const asked = module.transformer_task ?? (hasTask(texts.get(file)) ? 'feature-extraction' : task);
  if (asked !== task) throw refused('transformer_task', task, asked);
  const length = LENGTHS.find((name) => module[name] !== undefined);
  if (length && model_type !== 'MultiVectorEncoder') throw refused(length, 'nothing', describe(module[length]));
}

/** Whether the config of a Transformer says what it is asked for. */
const hasTask = (text: string | undefined): boolean =>
  text !== undefined && ['transformer_task', 'modality_config'].some((name) => Object.hasOwn(parseObject(text, CONFIG), name));

/** The name of the config that a module has, or might have. */
function fileOf({ type, path }: ModuleEntry, texts: Texts): string {
  const names = MODULE_KINDS[type].configs.map((name) => at(path, name));
  return names.find((name) => texts.has(name)) ?? names[0] ?? path;
}

function readModule(entry: ModuleEntry, texts: Texts, makes: Feature): SentenceModule {
  const { type, path } = entry;
  const { fields, read } = MODULE_KINDS[type];
  const what = fileOf(entry, texts);
  const text = texts.get(what);
  const given = text === undefined ? {} : readFields(parseObject(text, what), fields, what);
  if (type === 'Dense' && makes === 'token_embeddings') given.module_input_name ??= makes;
  return { type, path, ...read(given, what) } as SentenceModule;
}

const PROMPTS = kind<Record<string, string | null>>(
  'an object of texts by name',
  (value) => isObject(value) && Object.values(value).every((prompt) => prompt === null || typeof prompt === 'string'),
);
/** Fields that count in {@link CONFIG}; `more.ts` adds those of late interaction. */
export const GENERAL: Record<string, Kind<unknown>> = {
  model_type: orNull(TEXT),
  prompts: orNull(PROMPTS),
  default_prompt_name: orNull(TEXT),
  truncate_dim: orNull(SIZE),
  similarity_fn_name: orNull(TEXT),
  activation_fn: orNull(TEXT),
};

function readGeneral(text: string | undefined, wanted: FolderKind | undefined): Omit<SentenceConfig, 'modules'> {
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
  return {
    model_type: kindIn(given.model_type, wanted),
    prompts,
    default_prompt_name,
    truncate_dim: (given.truncate_dim ?? null) as number | null,
    similarity_fn_name: (given.similarity_fn_name ?? null) as string | null,
    activation_fn: (given.activation_fn ?? null) as string | null,
    ...(given.markers ? { markers: given.markers as Record<string, string> } : {}),
  };
}

/** The kind that a folder says it is of, which is the one that is wanted where it says nothing. */
function kindIn(stated: unknown, wanted: FolderKind | undefined): FolderKind {
  const found = (stated ?? wanted ?? 'SentenceTransformer') as FolderKind;
  if (Object.hasOwn(FOLDER_KINDS, found) && found === (wanted ?? found)) return found;
  throw new TraceletError('config', {
    what: `model_type of ${CONFIG}`,
    expected: wanted ?? `one of ${Object.keys(FOLDER_KINDS).join(', ')}`,
    got: describe(stated),
    cure: Object.hasOwn(FOLDER_KINDS, found) ? `${found}.from_pretrained opens it` : undefined,
  });
}

/** The files from which {@link parseSentence} reads the same, the Transformer's beside them. */
export function sentenceFiles({ modules, ...general }: SentenceConfig): Record<string, string> {
  const entries = modules.map(({ type, path }, idx) => ({
    idx,
    name: String(idx),
    path: idx === 0 ? '' : path,
    type: `sentence_transformers.models.${type}`,
  }));
  const configs = modules.flatMap(({ type, path, ...fields }, idx) => {
    const [name] = MODULE_KINDS[type].configs;
    return name === undefined ? [] : [[at(idx === 0 ? '' : path, name), JSON.stringify(type === 'Dense' ? written(fields) : fields)]];
  });
  return { [MODULES]: JSON.stringify(entries), [CONFIG]: JSON.stringify(general), ...Object.fromEntries(configs) };
}

/** Activations of a Dense are kept by their last name. */
const written = (fields: JsonObject): JsonObject => ({ ...fields, activation_function: `torch.nn.${fields.activation_function}` });

import { TraceletError } from '../base/error.ts';
import { describe, isObject, type JsonObject, parseJson, parseObject } from '../base/json.ts';
import { FLAG, NAMES, orNull, SIZE, TEXT } from '../base/schema.ts';
import { CONFIG, MODULES } from './config.ts';
import { lastName, MODULE_KINDS, readFields } from './modules.ts';
import { chainOf, overlaid, PUNCTUATION, promptsFor, QUERY_LENGTH, type ReadText, scoring } from './view.ts';

/** What PyLate says of texts beside what sentence-transformers does. */
const FIELDS = {
  query_prefix: orNull(TEXT),
  document_prefix: orNull(TEXT),
  query_length: orNull(SIZE),
  document_length: orNull(SIZE),
  do_query_expansion: orNull(FLAG),
  attend_to_expansion_tokens: orNull(FLAG),
  skiplist_words: orNull(NAMES),
};
interface Says {
  query_prefix: string | null;
  document_prefix: string | null;
  query_length: number | null;
  document_length: number | null;
  do_query_expansion: boolean | null;
  attend_to_expansion_tokens: boolean | null;
  skiplist_words: readonly string[] | null;
}

/** What one vector a text is made by: PyLate passes it over. */
const PASSED_OVER = ['Pooling', 'Normalize', 'MultiVectorMask'];
const WAYS = ['maxsim', 'meanmaxsim'];

/** A folder of PyLate as sentence-transformers would write it; others are read as they are. Throws `config` and `format` errors. */
export async function asPylate(read: ReadText): Promise<ReadText> {
  const [modules, config] = await Promise.all([read(MODULES), read(CONFIG)]);
  if (modules === undefined) return read;
  const entries = parseJson(modules, MODULES);
  const general = config === undefined ? {} : parseObject(config, CONFIG);
  if (!Array.isArray(entries) || !isPylate(entries, general)) return read;
  const own = Object.fromEntries(Object.entries(general).filter(([name]) => Object.hasOwn(FIELDS, name)));
  const says = { ...NOTHING, ...(readFields(own, FIELDS, CONFIG) as Partial<Says>) };
  const kept = entries.map((entry, i) => named(entry, i)).filter(({ type }) => !PASSED_OVER.includes(type));
  return overlaid(read, {
    ...chainOf([...kept, ...scoring(kept.length, says.skiplist_words ?? PUNCTUATION)]),
    ...(await transformerOf(kept[0]?.path ?? '', says, read)),
    [CONFIG]: generalOf(general, says),
  });
}

const NOTHING = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, null])) as unknown as Says;

const isPylate = (entries: readonly unknown[], general: JsonObject): boolean =>
  general.model_type === 'ColBERT' ||
  entries.some((entry) => isObject(entry) && String(entry.type).startsWith('pylate.')) ||
  Object.keys(FIELDS).some((name) => Object.hasOwn(general, name));

/** The type and path of an entry of modules.json; of PyLate's own modules Dense alone is known. */
function named(entry: unknown, index: number): { type: string; path: string } {
  const { type, path } = isObject(entry) ? entry : {};
  const name = typeof type === 'string' ? lastName(type) : '';
  if (name && /^(sentence_transformers\.|pylate\.models\.Dense\.)/.test(String(type)))
    return { type: name, path: typeof path === 'string' ? path : index === 0 ? '' : `${index}_${name}` };
  throw new TraceletError('config', {
    what: `module ${index} of ${MODULES}`,
    expected: "a Transformer, or Dense of sentence_transformers' or PyLate's",
    got: describe(type),
  });
}

/** The config of the Transformer, with the lengths that count by role. */
async function transformerOf(path: string, says: Says, read: ReadText): Promise<Record<string, JsonObject>> {
  const names = MODULE_KINDS.Transformer.configs.map((name) => (path ? `${path}/${name}` : name));
  const texts = await Promise.all(names.map(read));
  const at = Math.max(
    0,
    texts.findIndex((text) => text !== undefined),
  );
  const text = texts[at];
  const { query_length, document_length, do_query_expansion, attend_to_expansion_tokens } = says;
  const expansion = { strategy: 'fixed', attend: attend_to_expansion_tokens ?? false, length: query_length ?? QUERY_LENGTH };
  const lengths = do_query_expansion === false ? { query_length, document_length } : { document_length, query_expansion: expansion };
  const said = Object.entries(lengths).filter(([, length]) => length !== null);
  return { [names[at]]: { ...(text === undefined ? {} : parseObject(text, names[at])), ...Object.fromEntries(said) } };
}

/** What is said of the whole: markers stand apart from prompts, which some folders hold them in as well. */
function generalOf(general: JsonObject, { query_prefix, document_prefix }: Says): JsonObject {
  const markers = Object.fromEntries(
    Object.entries({ query: query_prefix, document: document_prefix }).filter(([, marker]) => marker !== null && marker !== ''),
  ) as Record<string, string>;
  const prompts = isObject(general.prompts) ? general.prompts : {};
  const bare = Object.entries(prompts).map(([role, prompt]) => {
    const marker = Object.hasOwn(markers, role) ? markers[role] : '';
    return [role, typeof prompt === 'string' && prompt.startsWith(marker) ? prompt.slice(marker.length) : prompt];
  });
  const similarity_fn_name = WAYS.find((way) => way === general.similarity_fn_name) ?? null;
  return {
    ...general,
    model_type: 'MultiVectorEncoder',
    similarity_fn_name,
    prompts: { ...promptsFor(markers), ...Object.fromEntries(bare) },
    markers,
  };
}

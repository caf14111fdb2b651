import type { JsonObject } from '../base/json.ts';
import { MODULES } from './config.ts';

/** Reads a file of a folder by its name; undefined where there is none. */
export type ReadText = (name: string) => Promise<string | undefined>;

/** What is left out of documents where a folder of late interaction says nothing: `string.punctuation` of Python. */
export const PUNCTUATION = [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'];
/** How many tokens queries are made of there. */
export const QUERY_LENGTH = 32;

/** `read` of a folder in which these files say something else. */
export function overlaid(read: ReadText, files: Readonly<Record<string, unknown>>): ReadText {
  const texts = new Map(Object.entries(files).map(([name, content]) => [name, JSON.stringify(content)]));
  return async (name) => texts.get(name) ?? read(name);
}

/** A chain of modules of sentence-transformers with what each says: modules.json, and a config for each that says something. */
export function chainOf(modules: readonly { type: string; path: string; says?: JsonObject }[]): Record<string, unknown> {
  const entries = modules.map(({ type, path }, idx) => ({ idx, name: String(idx), path, type: `sentence_transformers.models.${type}` }));
  const configs = modules.flatMap(({ path, says }) => (says ? [[`${path}/config.json`, says]] : []));
  return { [MODULES]: entries, ...Object.fromEntries(configs) };
}

/** What stands at the end of a chain of late interaction, behind `before` modules. */
export const scoring = (before: number, skiplist_words: readonly string[]) => [
  { type: 'MultiVectorMask', path: `${before}_MultiVectorMask`, says: { skiplist_words } },
  { type: 'Normalize', path: `${before + 1}_Normalize`, says: { module_input_name: 'token_embeddings' } },
];

/** Prompts of the roles that have markers, where a folder gives none: sentence-transformers has one for each. */
export const promptsFor = (markers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.keys(markers).map((role) => [role, '']));

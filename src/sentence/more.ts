import { isObject } from '../base/json.ts';
import { COUNT, FLAG, type Kind, kind, NAMES, oneOf, orNull, SIZE } from '../base/schema.ts';
import { GENERAL } from './config.ts';
import type { QueryExpansion } from './lengths.ts';
import { type LaterType, MODULE_KINDS, type ModuleFields, type ModuleKind, type SpladeActivation, type SpladeStrategy } from './modules.ts';

const EXPANSION: Kind<QueryExpansion> = {
  expected: '{ strategy: "fixed" or "min", length, attend, token }',
  read(value) {
    const { strategy, length, attend = false, token = null, ...others } = isObject(value) ? value : {};
    const fits = (strategy === 'fixed' || strategy === 'min') && SIZE.read(length) !== undefined && typeof attend === 'boolean';
    const isWhole = fits && (token === null || typeof token === 'string') && Object.keys(others).length === 0;
    return isWhole ? ({ strategy, length, attend, token } as QueryExpansion) : undefined;
  },
};
const ROLES = kind<string | readonly string[]>('a string or an array of strings', (value) => NAMES.read([value].flat()) !== undefined);
const IDS = kind<readonly number[]>(
  'an array of token ids',
  (value) => Array.isArray(value) && value.every((id) => COUNT.read(id) !== undefined),
);

const MORE: { readonly [Type in LaterType]: ModuleKind<Type> } = {
  SparseStaticEmbedding: { configs: ['config.json'], fields: { frozen: FLAG }, read: () => ({}) },
  SpladePooling: {
    configs: ['config.json'],
    fields: {
      pooling_strategy: oneOf<SpladeStrategy>(['max', 'sum']),
      activation_function: oneOf<SpladeActivation>(['relu', 'log1p_relu']),
      embedding_dimension: orNull(SIZE),
      word_embedding_dimension: orNull(SIZE),
      chunk_size: orNull(COUNT),
    },
    read: ({ pooling_strategy = 'max', activation_function = 'relu' }) =>
      ({ pooling_strategy, activation_function }) as ModuleFields['SpladePooling'],
  },
  MultiVectorMask: {
    configs: ['config.json'],
    fields: { skiplist_words: orNull(NAMES), skiplist_tasks: orNull(ROLES), keep_only_token_ids: orNull(IDS) },
    read: ({ skiplist_words, skiplist_tasks, keep_only_token_ids }) => ({
      skiplist_words: (skiplist_words ?? []) as readonly string[],
      skiplist_tasks: [(skiplist_tasks ?? 'document') as string | string[]].flat(),
      keep_only_token_ids: (keep_only_token_ids ?? null) as readonly number[] | null,
    }),
  },
};

const MARKERS = kind<Readonly<Record<string, string>>>(
  'an object of texts by role',
  (value) => isObject(value) && Object.values(value).every((marker) => typeof marker === 'string' && marker !== ''),
);

/** Adds the modules of which only some folders are made, and lengths that depend on what texts are to each other. */
export function knowMore(): void {
  Object.assign(MODULE_KINDS, MORE);
  const lengths = { query_length: orNull(SIZE), document_length: orNull(SIZE), query_expansion: orNull(EXPANSION) };
  Object.assign(MODULE_KINDS.Transformer.fields, lengths);
  Object.assign(GENERAL, { markers: orNull(MARKERS) });
}

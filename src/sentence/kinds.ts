import { TraceletError } from '../base/error.ts';
import type { Feature, ModuleEntry, ModuleType, Task } from './modules.ts';

/** What a folder of sentence-transformers may be, by its `model_type`. */
interface Kind {
  /** What its Transformer is asked for. */
  task: Task;
  /** What its last module has made. */
  makes: Feature;
  /** The table that may stand in place of the Transformer and of what makes one of its tokens. */
  table?: ModuleType;
  /** The module behind the Transformer that makes this, if it takes one, and exactly one. */
  pools?: ModuleType;
  /** What may stand behind the Transformer. */
  behind: readonly ModuleType[];
}

const VECTORS = ['Dense', 'LayerNorm', 'Normalize', 'Dropout'] as const;

export const FOLDER_KINDS = {
  SentenceTransformer: {
    task: 'feature-extraction',
    makes: 'sentence_embedding',
    table: 'StaticEmbedding',
    pools: 'Pooling',
    behind: ['WeightedLayerPooling', 'Pooling', ...VECTORS],
  },
  SparseEncoder: {
    task: 'fill-mask',
    makes: 'sentence_embedding',
    table: 'SparseStaticEmbedding',
    pools: 'SpladePooling',
    behind: ['SpladePooling'],
  },
  MultiVectorEncoder: {
    task: 'feature-extraction',
    makes: 'token_embeddings',
    behind: ['Dense', 'MultiVectorMask', 'Normalize', 'Dropout'],
  },
  CrossEncoder: { task: 'sequence-classification', makes: 'scores', behind: [] },
} as const satisfies Record<string, Kind>;
export type FolderKind = keyof typeof FOLDER_KINDS;

/** That a folder of this kind has such modules in such an order. Throws a `config` error that says which it has. */
export function orderedFor(kind: FolderKind, modules: readonly ModuleEntry[], what: string): void {
  const { table, pools, behind }: Kind = FOLDER_KINDS[kind];
  const [first, ...rest] = modules.map(({ type }) => type);
  const pooled = rest.filter((type) => type === pools).length;
  if (first !== undefined && first === table && pooled === 0 && rest.every((type) => behind.includes(type))) return;
  if (first === 'Transformer' && rest.every((type) => behind.includes(type)) && (pools === undefined || pooled === 1)) return;
  throw new TraceletError('config', {
    what,
    expected: `a Transformer first, and ${pools ? `one ${pools} behind it` : `none but ${behind.join(', ') || 'it'}`}`,
    got: modules.map(({ type }) => type).join(', ') || 'no modules',
    cure: 'Choose another architecture, such as BertModel for the encoder alone',
  });
}

/** The families that are known, a line each: its configuration and its classes, which say the rest. */
export * from './albert/index.ts';
export * from './bart/index.ts';
export * from './bert/index.ts';
export * from './camembert/index.ts';
export * from './distilbert/index.ts';
export * from './electra/index.ts';
export * from './eurobert/index.ts';
export * from './gte/index.ts';
export * from './jina_embeddings_v3/index.ts';
export * from './modernbert/index.ts';
export * from './mpnet/index.ts';
export * from './nomic_bert/index.ts';
export * from './roberta/index.ts';
export * from './t5/index.ts';
export * from './xlm-roberta/index.ts';

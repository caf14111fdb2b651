/** The families that are known, a line each: its configuration and its classes, which say the rest. */
export * from './albert/index.ts';
export * from './bert/index.ts';
export * from './camembert/index.ts';
export * from './distilbert/index.ts';
export * from './electra/index.ts';
export * from './roberta/index.ts';
export * from './xlm-roberta/index.ts';

export { LlamaConfig, type LlamaConfigOptions } from './config.ts';
export * from './heads.ts';
export { LlamaModel } from './model.ts';

export { Gemma3TextConfig, type Gemma3TextConfigOptions } from './config.ts';
export * from './heads.ts';
export { Gemma3TextModel } from './model.ts';

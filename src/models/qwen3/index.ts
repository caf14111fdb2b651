export { Qwen3Config, type Qwen3ConfigOptions } from './config.ts';
export * from './heads.ts';
export { Qwen3Model } from './model.ts';

export { Qwen2Config, type Qwen2ConfigOptions } from './config.ts';
export * from './heads.ts';
export { Qwen2Model } from './model.ts';

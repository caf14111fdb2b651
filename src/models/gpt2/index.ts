export { GPT2Config, type GPT2ConfigOptions } from './config.ts';
export * from './heads.ts';
export { GPT2Model } from './model.ts';

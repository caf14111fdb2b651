export { DebertaV2Config, type DebertaV2ConfigOptions } from './config.ts';
export * from './heads.ts';
export { DebertaV2Model } from './model.ts';

export { T5Config, type T5ConfigOptions } from './config.ts';
export * from './heads.ts';
export { T5EncoderModel, T5Model } from './model.ts';

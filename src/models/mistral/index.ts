export { MistralConfig, type MistralConfigOptions } from './config.ts';
export * from './heads.ts';
export { MistralModel } from './model.ts';

export { XLMConfig, type XLMConfigOptions } from './config.ts';
export * from './heads.ts';
export { XLMModel } from './model.ts';

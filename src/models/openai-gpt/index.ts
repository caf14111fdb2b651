export { OpenAIGPTConfig, type OpenAIGPTConfigOptions } from './config.ts';
export * from './heads.ts';
export { OpenAIGPTModel } from './model.ts';

export { XLMRobertaConfig } from './config.ts';
export * from './heads.ts';
export { XLMRobertaModel } from './model.ts';

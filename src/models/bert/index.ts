export { BertConfig, type BertConfigOptions } from './config.ts';
export * from './heads.ts';
export { BertModel } from './model.ts';

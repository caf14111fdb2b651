export { DistilBertConfig, type DistilBertConfigOptions } from './config.ts';
export * from './heads.ts';
export { DistilBertModel } from './model.ts';

export { NomicBertConfig, type NomicBertConfigOptions } from './config.ts';
export * from './heads.ts';
export { NomicBertModel } from './model.ts';

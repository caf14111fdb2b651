export { ModernBertConfig, type ModernBertConfigOptions } from './config.ts';
export * from './heads.ts';
export { ModernBertModel } from './model.ts';

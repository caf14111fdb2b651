export { EuroBertConfig, type EuroBertConfigOptions } from './config.ts';
export * from './heads.ts';
export { EuroBertModel } from './model.ts';

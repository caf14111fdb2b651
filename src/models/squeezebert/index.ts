export { SqueezeBertConfig, type SqueezeBertConfigOptions } from './config.ts';
export * from './heads.ts';
export { SqueezeBertModel } from './model.ts';

export { MobileBertConfig, type MobileBertConfigOptions } from './config.ts';
export * from './heads.ts';
export { MobileBertModel } from './model.ts';

export { FlaubertConfig, type FlaubertConfigOptions } from './config.ts';
export * from './heads.ts';
export { FlaubertModel } from './model.ts';

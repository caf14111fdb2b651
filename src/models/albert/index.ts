export { AlbertConfig, type AlbertConfigOptions } from './config.ts';
export * from './heads.ts';
export { AlbertModel } from './model.ts';

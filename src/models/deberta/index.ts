export { DebertaConfig, type DebertaConfigOptions } from './config.ts';
export * from './heads.ts';
export { DebertaModel } from './model.ts';

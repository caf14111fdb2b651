export { ElectraConfig, type ElectraConfigOptions } from './config.ts';
export * from './heads.ts';
export { ElectraModel } from './model.ts';

export { RobertaConfig, type RobertaConfigOptions } from './config.ts';
export * from './heads.ts';
export { RobertaModel } from './model.ts';

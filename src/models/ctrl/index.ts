export { CTRLConfig, type CTRLConfigOptions } from './config.ts';
export * from './heads.ts';
export { CTRLModel } from './model.ts';

export { GteConfig, type GteConfigOptions } from './config.ts';
export * from './heads.ts';
export { GteModel } from './model.ts';

export { MPNetConfig, type MPNetConfigOptions } from './config.ts';
export * from './heads.ts';
export { MPNetModel } from './model.ts';

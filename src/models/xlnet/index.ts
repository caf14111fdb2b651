export { XLNetConfig, type XLNetConfigOptions } from './config.ts';
export * from './heads.ts';
export { XLNetModel } from './model.ts';

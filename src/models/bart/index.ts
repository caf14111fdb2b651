export { BartConfig, type BartConfigOptions } from './config.ts';
export * from './heads.ts';
export { BartModel } from './model.ts';

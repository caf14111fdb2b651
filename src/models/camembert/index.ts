export { CamembertConfig } from './config.ts';
export * from './heads.ts';
export { CamembertModel } from './model.ts';

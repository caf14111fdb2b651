export { JinaEmbeddingsV3Config, type JinaEmbeddingsV3ConfigOptions } from './config.ts';
export * from './heads.ts';
export { JinaEmbeddingsV3Model } from './model.ts';

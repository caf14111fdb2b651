export { Parameter } from '../parameter.ts';
export { Dropout, Embedding, LayerNorm, Linear, ModuleList } from './layers.ts';
export { Module } from './module.ts';

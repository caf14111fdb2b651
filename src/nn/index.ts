export { Parameter } from '../tensor/parameter.ts';
export { Dropout, GELU, ReLU, Sigmoid, SiLU, Softmax, Tanh } from './activations.ts';
export { ModuleList, Sequential } from './containers.ts';
export { Embedding, LayerNorm, Linear, RMSNorm } from './layers.ts';
export { Module } from './module.ts';

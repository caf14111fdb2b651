/** onnxruntime-node: native code, one thread. */
import ort from 'onnxruntime-node';
import { modelOf, productOf } from './onnx.mjs';

export const version = ort.env.versions.node;

const EXECUTION = { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 };

/** A graph, with its weights beside it or within. @param {{ graph: string }} options */
export const model = async ({ graph }) => modelOf(ort, await ort.InferenceSession.create(graph, EXECUTION));

/** @param {import('../products/inputs.mjs').Sizes} sizes */
export const product = async (sizes) => productOf(ort, EXECUTION, sizes);

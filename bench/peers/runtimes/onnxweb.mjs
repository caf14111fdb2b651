/** onnxruntime-web on its wasm backend, one thread unless told. */
import { readFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-web';
import { modelOf, productOf } from './onnx.mjs';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

export const version = ort.env.versions.web;

const EXECUTION = { executionProviders: ['wasm'] };
const bytesOf = async (/** @type {string} */ file) => new Uint8Array(await readFile(file));

/** A graph, with its weights in another file or within. @param {import('./inputs.mjs').Layout & { graph: string, weights?: string, threads?: number }} options */
export async function model({ graph, weights, threads = 1, ...layout }) {
  ort.env.wasm.numThreads = threads;
  const externalData = weights ? [{ path: 'model.safetensors', data: await bytesOf(weights) }] : [];
  return modelOf(ort, await ort.InferenceSession.create(await bytesOf(graph), { ...EXECUTION, externalData }), layout);
}

/** @param {import('../products/inputs.mjs').Sizes} sizes */
export const product = async (sizes) => productOf(ort, EXECUTION, sizes);

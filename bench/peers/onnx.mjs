/** onnxruntime-web on a graph whose weights lie in the checkpoint beside it. */
import { readFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-web';

/** @typedef {import('./inputs.mjs').Inputs} Inputs */

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const WEIGHTS = 'model.safetensors';

/** @param {string} directory @param {string} graph */
export async function openOnnx(directory, graph) {
  const data = new Uint8Array(await readFile(`${directory}/${WEIGHTS}`));
  return ort.InferenceSession.create(new Uint8Array(await readFile(graph)), {
    executionProviders: ['wasm'],
    externalData: [{ path: WEIGHTS, data }],
  });
}

/** @param {ort.InferenceSession} session @param {Inputs} inputs */
export function onnxRun(session, inputs) {
  const feeds = Object.fromEntries(
    session.inputNames.map((name) => {
      const { shape, data } = inputs[name];
      return [name, new ort.Tensor('int64', BigInt64Array.from(/** @type {Int32Array} */ (data), BigInt), [...shape])];
    }),
  );
  return async () => {
    const output = await session.run(feeds);
    return session.outputNames.map((name) => output[name]);
  };
}

/** TensorFlow.js on its wasm backend, one thread: a matrix product, for it has no BERT. */
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { productInputs, transposed } from '../products/inputs.mjs';

export const version = tf.version_core;

/** The values of a tensor, which is disposed. In tf.tidy() the same product is six times slower. @param {tf.Tensor} tensor */
function taken(tensor) {
  const values = tensor.dataSync();
  tensor.dispose();
  return values;
}

/** @param {import('../products/inputs.mjs').Sizes} sizes @returns {Promise<import('../worker.mjs').Opened>} */
export async function product(sizes) {
  wasm.setThreadsCount(1);
  await tf.setBackend('wasm');
  return {
    async prepare() {
      const { rows, inner, cols } = sizes;
      const inputs = productInputs(sizes);
      const x = tf.tensor2d(inputs.x, [rows, inner]);
      // its fast kernel takes neither operand transposed
      const w = tf.tensor2d(transposed(inputs.w, cols, inner), [inner, cols]);
      return { run: () => taken(tf.matMul(x, w)), answer: (values) => [values] };
    },
  };
}

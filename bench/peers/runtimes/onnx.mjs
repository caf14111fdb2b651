/** What onnxruntime's two JavaScript packages have in common: their API. */
import { productGraph } from '../products/graph.mjs';
import { productInputs, transposed } from '../products/inputs.mjs';
import { inputsOf } from './inputs.mjs';

/** @typedef {import('../worker.mjs').Opened} Opened */
/** @typedef {import('onnxruntime-common').InferenceSession} InferenceSession */

/** @param {Record<string, { data: Float32Array }>} result */
const answer = ({ last_hidden_state, pooler_output }) => [last_hidden_state.data, pooler_output.data];

/** Texts of any length through a session. @param {any} ort @param {InferenceSession} session @returns {Opened} */
export function modelOf({ Tensor }, session) {
  return {
    async prepare({ tokens }) {
      const feeds = Object.fromEntries(
        Object.entries(inputsOf(tokens)).map(([name, { shape, data }]) => [
          name,
          new Tensor('int64', BigInt64Array.from(/** @type {Int32Array} */ (data), BigInt), [...shape]),
        ]),
      );
      return { run: () => session.run(feeds), answer };
    },
  };
}

/** One product. @param {any} ort @param {object} options of the session @param {import('../products/inputs.mjs').Sizes} sizes @returns {Opened} */
export function productOf({ InferenceSession, Tensor }, options, sizes) {
  return {
    async prepare() {
      const { x, w } = productInputs(sizes);
      const graph = productGraph(sizes, transposed(w, sizes.cols, sizes.inner));
      const session = await InferenceSession.create(graph, options);
      const feeds = { x: new Tensor('float32', x, [sizes.rows, sizes.inner]) };
      return { run: () => session.run(feeds), answer: ({ y }) => [y.data] };
    },
  };
}

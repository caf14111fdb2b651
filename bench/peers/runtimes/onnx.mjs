/** What onnxruntime's two JavaScript packages have in common: their API. */
import { productGraph } from '../products/graph.mjs';
import { productInputs, transposed } from '../products/inputs.mjs';
import { callsOf, realAnswer } from './inputs.mjs';

/** @typedef {import('../worker.mjs').Opened} Opened */
/** @typedef {import('onnxruntime-common').InferenceSession} InferenceSession */

/** Texts of any length through a session. @param {any} ort @param {InferenceSession} session @param {import('./inputs.mjs').Layout} [layout] @returns {Opened} */
export function modelOf({ Tensor }, session, layout) {
  return {
    async prepare({ tokens, lengths = [tokens] }) {
      const calls = callsOf(lengths, { names: session.inputNames, ...layout });
      const feeds = calls.map(({ inputs }) =>
        Object.fromEntries(
          Object.entries(inputs).map(([name, { shape, data }]) => [
            name,
            new Tensor('int64', BigInt64Array.from(/** @type {Int32Array} */ (data), BigInt), [...shape]),
          ]),
        ),
      );
      const run = async () => {
        const results = [];
        for (const one of feeds) results.push(await session.run(one));
        return results;
      };
      return { run, answer: (results) => realAnswer(results, calls) };
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

/** transformers.js on what it chooses in Node, onnxruntime-node, with one thread. */
import { AutoModel, env, Tensor } from '@huggingface/transformers';
import { inputsOf } from './inputs.mjs';

env.allowRemoteModels = false;

export const version = env.version;

/** @param {{ folder: string, name: string, dtype: 'fp32' | 'q8' }} options @returns {Promise<import('../worker.mjs').Opened>} */
export async function model({ folder, name, dtype }) {
  env.localModelPath = folder;
  const bert = await AutoModel.from_pretrained(name, {
    dtype,
    local_files_only: true,
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 },
  });
  return {
    async prepare({ tokens }) {
      const feeds = Object.fromEntries(
        Object.entries(inputsOf(tokens)).map(([key, { shape, data }]) => [
          key,
          new Tensor('int64', BigInt64Array.from(/** @type {Int32Array} */ (data), BigInt), [...shape]),
        ]),
      );
      return {
        run: () => bert(feeds),
        answer: ({ last_hidden_state, pooler_output }) => [last_hidden_state.data, pooler_output.data],
      };
    },
  };
}

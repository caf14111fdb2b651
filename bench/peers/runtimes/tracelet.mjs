/** tracelet: saved traces, a checkpoint traced on the spot, the default model, and one linear layer. */
import { readFileSync } from 'node:fs';
import { minilm } from '@tracelet/all-minilm-l6-v2';
import { BertModel, jit, nn, Tensor } from '../../../dist/index.js';
import { productInputs } from '../products/inputs.mjs';
import { inputsOf } from './inputs.mjs';
import { factsOf, savedModel } from './saved.mjs';

/** @typedef {import('../worker.mjs').Opened} Opened */

export const version = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version;

/** @param {any} result */
const answer = ({ last_hidden_state, pooler_output }) => [last_hidden_state.data, pooler_output.data];

/** Traces in a folder. @param {{ traces: string } & Parameters<typeof savedModel>[1]} options @returns {Promise<Opened>} */
export const model = async ({ traces, ...options }) => savedModel((name) => `${traces}/${name}`, options);

/**
 * Several texts at once, on one instance or on a pool of workers.
 * @param {{ traces: string, precision: string, workers: number, texts: number }} options @returns {Promise<Opened>}
 */
export async function pool({ traces, precision, workers, texts }) {
  /** @type {any} */
  let loaded;
  return {
    async prepare({ tokens }) {
      await loaded?.dispose();
      const options = /** @type {object} */ (workers > 1 ? { workers } : {});
      const here = /** @type {any} */ (await jit.load(`${traces}/${precision}-${tokens}.tracelet`, options));
      loaded = here;
      if (workers > 1 && here.workers !== workers)
        throw new Error(here.workers === undefined ? 'jit.load takes no workers in this build' : here.explain().split('\n').at(-1));
      const inputs = inputsOf(tokens);
      return {
        run: () => Promise.all(Array.from({ length: texts }, () => here.run(inputs))),
        answer: (results) => answer(results[texts - 1]),
      };
    },
  };
}

/** A model that is read from its checkpoint, traced and checked. @param {{ checkpoint: string }} options @returns {Promise<Opened>} */
export async function checkpoint({ checkpoint }) {
  return {
    async prepare({ tokens }) {
      const inputs = inputsOf(tokens);
      const bert = (await BertModel.from_pretrained(checkpoint, { torchscript: true })).eval();
      const traced = await jit.trace(bert, inputs);
      return { run: () => traced(inputs), answer, facts: factsOf(traced) };
    },
  };
}

/** The default model on a text: tokenizer, pooling and normalisation belong to the run. @returns {Promise<Opened>} */
export async function embedder() {
  return {
    async prepare() {
      const traced = await jit.load(minilm);
      return { run: () => traced('How do I trace a model?'), facts: factsOf(traced) };
    },
  };
}

/** x times the transpose of w. @param {import('../products/inputs.mjs').Sizes & { load?: object }} sizes @returns {Promise<Opened>} */
export async function product({ load, ...sizes }) {
  return {
    async prepare() {
      const { rows, inner, cols } = sizes;
      const { x, w } = productInputs(sizes);
      const layer = new nn.Linear(inner, cols, { bias: false });
      layer.weight.set(w);
      const input = new Tensor('float32', [rows, inner], x);
      const traced = await jit.trace(layer, [input], load);
      return { run: () => traced(input), answer: ({ data }) => [data] };
    },
  };
}

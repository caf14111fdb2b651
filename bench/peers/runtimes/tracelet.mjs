/** tracelet: saved traces, a checkpoint traced on the spot, the default model, and one linear layer. */
import { readFileSync } from 'node:fs';
import { minilm } from '@tracelet/all-minilm-l6-v2';
import { BertModel, jit, nn, Tensor, TracedModule } from '../../../dist/index.js';
import { productInputs } from '../products/inputs.mjs';
import { callsOf, inputsOf, realAnswer } from './inputs.mjs';

/** @typedef {import('../worker.mjs').Opened} Opened */

export const version = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version;

/** @param {any} result */
const answer = ({ last_hidden_state, pooler_output }) => [last_hidden_state.data, pooler_output.data];

/** @param {TracedModule} traced */
function factsOf(traced) {
  const { weights, arena, memory } = traced.plan();
  return { flops: traced.flops(), weights, arena, memory };
}

/**
 * Traces that were saved before: one a length, or one for all if `form` names it. `load` goes to jit.load as it is.
 * @param {import('./inputs.mjs').Layout & { traces: string, precision: string, form?: string, load?: object }} options @returns {Promise<Opened>}
 */
export async function model({ traces, precision, form, load, ...layout }) {
  /** @type {{ name: string, traced: TracedModule } | undefined} */
  let loaded;
  return {
    async prepare({ tokens, lengths = [tokens] }) {
      const name = `${precision}-${form ?? tokens}`;
      if (loaded?.name !== name) {
        loaded?.traced.dispose();
        loaded = { name, traced: await jit.load(`${traces}/${name}.tracelet`, load) };
      }
      const { traced } = loaded;
      const calls = callsOf(lengths, layout);
      return {
        run: () => calls.map(({ inputs }) => traced(inputs)),
        answer: (results) => realAnswer(results, calls),
        facts: factsOf(traced),
      };
    },
  };
}

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
      const here = await jit.load(`${traces}/${precision}-${tokens}.tracelet`, /** @type {object} */ (workers > 1 ? { workers } : {}));
      loaded = here;
      if (workers > 1 && here instanceof TracedModule) throw new Error('jit.load takes no workers in this build');
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

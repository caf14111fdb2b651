/** tracelet on traces that were saved before, wherever it runs. */
import { jit } from '../../../dist/index.js';
import { callsOf, realAnswer } from './inputs.mjs';

/** @typedef {import('../../../dist/index.js').TracedModule} TracedModule */

/** @param {TracedModule} traced */
export function factsOf(traced) {
  const { weights, arena, memory } = traced.plan();
  return { flops: traced.flops(), weights, arena, memory };
}

/**
 * Traces one a length, or one for all if `form` names it. `load` goes to jit.load as it is.
 * @param {(name: string) => string} sourceOf @param {import('./inputs.mjs').Layout & { precision: string, form?: string, load?: object }} options
 * @returns {import('../worker.mjs').Opened}
 */
export function savedModel(sourceOf, { precision, form, load, ...layout }) {
  /** @type {{ name: string, traced: TracedModule } | undefined} */
  let loaded;
  return {
    async prepare({ tokens, lengths = [tokens] }) {
      const name = `${precision}-${form ?? tokens}.tracelet`;
      if (loaded?.name !== name) {
        loaded?.traced.dispose();
        loaded = { name, traced: await jit.load(sourceOf(name), load) };
      }
      const { traced } = loaded;
      const calls = callsOf(lengths, { names: traced.inputs.map(({ name }) => name), ...layout });
      return {
        run: () => calls.map(({ inputs }) => traced(inputs)),
        answer: (results) => realAnswer(results, calls),
        facts: factsOf(traced),
      };
    },
  };
}

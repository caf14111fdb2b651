import { tensor } from '../../../dist/index.js';
import { tokenIds } from '../../measure/answers.mjs';

/**
 * @typedef {Record<string, import('../../../dist/index.js').Tensor>} Inputs
 * @typedef {object} Layout how texts become calls
 * @property {number} [width] tokens that each is filled up to; as many as the longest has unless given
 * @property {boolean} [each] a call for each text, instead of one for all
 * @property {readonly string[]} [names] inputs that the model takes; those of BERT unless given
 * @typedef {{ lengths: readonly number[], width: number, inputs: Inputs }} Call
 * @typedef {{ data: Float32Array }} Output
 */

const NAMES = ['input_ids', 'token_type_ids', 'attention_mask'];

/** One text of `count` tokens, nothing masked. @param {number} count @param {number} [seed] @param {readonly string[]} [names] @returns {Inputs} */
export const inputsOf = (count, seed, names) => batchOf([tokenIds(count, seed)], count, names);

/** @param {readonly number[][]} texts @param {number} width @param {readonly string[]} [names] @returns {Inputs} */
function batchOf(texts, width, names = NAMES) {
  const filled = (/** @type {readonly number[]} */ row) => [...row, ...new Array(width - row.length).fill(0)];
  const rows = {
    input_ids: texts.map(filled),
    token_type_ids: texts.map(() => filled([])),
    attention_mask: texts.map(({ length }) => filled(new Array(length).fill(1))),
    decoder_input_ids: texts.map((text) => filled([...text].reverse())),
  };
  return Object.fromEntries(names.map((name) => [name, tensor(rows[name])]));
}

/** The calls for texts of these lengths, each of another seed. @param {readonly number[]} lengths @param {Layout} [layout] @returns {Call[]} */
export function callsOf(lengths, { width, each, names } = {}) {
  const texts = lengths.map((length, i) => tokenIds(length, i + 1));
  return (each ? texts.map((text) => [text]) : [texts]).map((group) => {
    const here = group.map(({ length }) => length);
    const wide = width ?? Math.max(...here);
    return { lengths: here, width: wide, inputs: batchOf(group, wide, names) };
  });
}

/**
 * Last hidden states of real tokens and pooled outputs, if there are any, text by text whatever calls they were in.
 * @param {readonly { last_hidden_state: Output, pooler_output?: Output }[]} results @param {readonly Call[]} calls
 */
export function realAnswer(results, calls) {
  const states = results.flatMap(({ last_hidden_state: { data } }, i) => {
    const { lengths, width } = calls[i];
    const row = data.length / lengths.length;
    return lengths.map((length, text) => data.subarray(text * row, text * row + (length * row) / width));
  });
  const pooled = results.flatMap(({ pooler_output }) => (pooler_output ? [pooler_output.data] : []));
  return [joined(states), ...(pooled.length > 0 ? [joined(pooled)] : [])];
}

/** @param {readonly Float32Array[]} parts */
function joined(parts) {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

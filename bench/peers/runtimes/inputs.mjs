import { tensor } from '../../../dist/index.js';
import { tokenIds } from '../../measure/answers.mjs';

/**
 * @typedef {Record<string, import('../../../dist/index.js').Tensor>} Inputs
 * @typedef {object} Layout how texts become calls
 * @property {number} [width] tokens that each is filled up to; as many as the longest has unless given
 * @property {boolean} [each] a call for each text, instead of one for all
 * @typedef {{ lengths: readonly number[], width: number, inputs: Inputs }} Call
 * @typedef {{ data: Float32Array }} Output
 */

/** One text of `count` tokens, nothing masked. @param {number} count @param {number} [seed] @returns {Inputs} */
export const inputsOf = (count, seed) => batchOf([tokenIds(count, seed)], count);

/** @param {readonly number[][]} texts @param {number} width @returns {Inputs} */
function batchOf(texts, width) {
  const filled = (/** @type {readonly number[]} */ row) => [...row, ...new Array(width - row.length).fill(0)];
  return {
    input_ids: tensor(texts.map(filled)),
    token_type_ids: tensor(texts.map(() => filled([]))),
    attention_mask: tensor(texts.map(({ length }) => filled(new Array(length).fill(1)))),
  };
}

/** The calls for texts of these lengths, each of another seed. @param {readonly number[]} lengths @param {Layout} [layout] @returns {Call[]} */
export function callsOf(lengths, { width, each } = {}) {
  const texts = lengths.map((length, i) => tokenIds(length, i + 1));
  return (each ? texts.map((text) => [text]) : [texts]).map((group) => {
    const here = group.map(({ length }) => length);
    const wide = width ?? Math.max(...here);
    return { lengths: here, width: wide, inputs: batchOf(group, wide) };
  });
}

/**
 * Last hidden states of real tokens and pooled outputs, text by text whatever calls they were in.
 * @param {readonly { last_hidden_state: Output, pooler_output: Output }[]} results @param {readonly Call[]} calls
 */
export function realAnswer(results, calls) {
  const states = results.flatMap(({ last_hidden_state: { data } }, i) => {
    const { lengths, width } = calls[i];
    const row = data.length / lengths.length;
    return lengths.map((length, text) => data.subarray(text * row, text * row + (length * row) / width));
  });
  return [joined(states), joined(results.map(({ pooler_output }) => pooler_output.data))];
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

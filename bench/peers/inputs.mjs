import { tensor } from '../../dist/index.js';
import { tokenIds } from '../answers.mjs';

/** @typedef {Record<string, import('../../dist/index.js').Tensor>} Inputs */

/** One text of `count` tokens, nothing masked. @param {number} count @returns {Inputs} */
export const inputsOf = (count) => ({
  input_ids: tensor([tokenIds(count)]),
  token_type_ids: tensor([new Array(count).fill(0)]),
  attention_mask: tensor([new Array(count).fill(1)]),
});

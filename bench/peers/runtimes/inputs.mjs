import { tensor } from '../../../dist/index.js';
import { tokenIds } from '../../answers.mjs';

/** @typedef {Record<string, import('../../../dist/index.js').Tensor>} Inputs */

/** One text of `count` tokens, nothing masked. @param {number} count @param {number} [seed] @returns {Inputs} */
export const inputsOf = (count, seed) => ({
  input_ids: tensor([tokenIds(count, seed)]),
  token_type_ids: tensor([new Array(count).fill(0)]),
  attention_mask: tensor([new Array(count).fill(1)]),
});

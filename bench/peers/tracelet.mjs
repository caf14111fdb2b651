/** tracelet on the same checkpoint. */
import { BertModel, jit } from '../../dist/index.js';

/** @typedef {import('./inputs.mjs').Inputs} Inputs */

/** A trace of the checkpoint for inputs of these dimensions. @param {string} directory @param {Inputs} inputs */
export async function traceCheckpoint(directory, inputs) {
  const model = (await BertModel.from_pretrained(directory, { torchscript: true })).eval();
  return jit.trace(model, inputs);
}

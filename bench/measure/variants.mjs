import { bestVariant, jit } from '../../dist/index.js';

/** @typedef {import('../../dist/index.js').Variant} Variant */

/** The kernels that this engine runs. @type {readonly Variant[]} */
export const variants = bestVariant() === 'relaxed' ? ['baseline', 'relaxed'] : ['baseline'];

/**
 * The same trace on other kernels.
 * @param {import('../../dist/index.js').TracedModule} traced
 * @param {Variant} kernels
 */
export async function on(traced, kernels) {
  const file = new Blob(/** @type {BlobPart[]} */ ([...(await jit.serialize(traced))]));
  return jit.load(await file.arrayBuffer(), { kernels });
}

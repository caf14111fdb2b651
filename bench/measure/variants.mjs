import { bestVariant, jit } from 'tracelet';

/** @typedef {import('tracelet').Variant} Variant */

/** The kernels that this engine runs. @type {readonly Variant[]} */
export const variants = bestVariant() === 'relaxed' ? ['baseline', 'relaxed'] : ['baseline'];

/**
 * The same trace on other kernels.
 * @param {import('tracelet').TracedModule} traced
 * @param {Variant} kernels
 */
export async function on(traced, kernels) {
  const file = new Blob(/** @type {BlobPart[]} */ ([...(await jit.serialize(traced))]));
  return jit.load(await file.arrayBuffer(), { kernels });
}

import { bestVariant, TracedModule } from 'tracelet';

/** @typedef {import('tracelet').Variant} Variant */

/** The kernels that this engine runs. @type {readonly Variant[]} */
export const variants = bestVariant() === 'relaxed' ? ['baseline', 'relaxed'] : ['baseline'];

/** The same program in the same memory on other kernels. @param {TracedModule} traced @param {Variant} kernels */
export function on(traced, kernels) {
  const { instance, files, golden } = traced;
  return new TracedModule(instance, { files: new Map(files), golden, kernels });
}

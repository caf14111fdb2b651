/** Where the time of one trace goes, by kind of instruction: op and module, with layers taken together. */
import { digits, table } from './report.mjs';

/**
 * @typedef {import('../../dist/index.js').TracedModule} TracedModule
 * @typedef {import('../../dist/index.js').Tensor} Tensor
 * @typedef {import('../../dist/index.js').Variant} Variant
 * @typedef {{ kind: string, calls: number, flops: number, moved: number, ms: number }} Share of one run
 */

const SECONDS = 3;

/** @param {TracedModule} traced @param {Record<string, Tensor>} inputs @param {Variant} kernels @returns {Share[]} */
export function profile(traced, inputs, kernels) {
  const { instructions } = traced.profile(inputs, { kernels, seconds: SECONDS });
  /** @type {Map<string, Share>} */
  const shares = new Map();
  for (const { op, path, flops, moved, ms } of instructions) {
    const kind = `${op} ${path.replaceAll(/\.\d+(?=\.|$)/g, '.*')}`.trim();
    const share = shares.get(kind) ?? { kind, calls: 0, flops: 0, moved: 0, ms: 0 };
    shares.set(kind, { kind, calls: share.calls + 1, flops: share.flops + flops, moved: share.moved + moved, ms: share.ms + ms });
  }
  return [...shares.values()];
}

/** @param {readonly Share[]} shares */
export function printProfile(shares) {
  const total = shares.reduce((sum, { ms }) => sum + ms, 0);
  const rows = [...shares]
    .sort((a, b) => b.ms - a.ms)
    .map(({ kind, calls, flops, moved, ms }) => [
      kind,
      `${calls}`,
      ms.toFixed(3),
      `${((100 * ms) / total).toFixed(1)} %`,
      digits(flops / ms / 1e6),
      digits(moved / ms / 1e6),
    ]);
  table(['instruction', 'calls', 'ms', 'share', 'GFLOP/s', 'GB/s'], rows);
}

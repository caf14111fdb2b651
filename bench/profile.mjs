/** Where the time of one trace goes, by kind of instruction: op and module, with layers taken together. */
import { digits, table } from './report.mjs';
import { median } from './stats.mjs';

/**
 * @typedef {import('tracelet').TracedModule} TracedModule
 * @typedef {import('tracelet').Tensor} Tensor
 * @typedef {import('tracelet').Variant} Variant
 * @typedef {{ kind: string, calls: number, flops: number, moved: number, ms: number }} Share of one run
 */

const WARM_MS = 1500;
const ROUNDS = 40;

/** @param {TracedModule} traced @param {Record<string, Tensor>} inputs @param {Variant} kernels @returns {Share[]} */
export function profile(traced, inputs, kernels) {
  const { instructions } = traced.plan();
  const kinds = instructions.map(({ op, path }) => `${op} ${path.replaceAll(/\.\d+(?=\.|$)/g, '.*')}`.trim());
  for (const start = performance.now(); performance.now() - start < WARM_MS; ) onceByKind(traced, inputs, kernels, kinds);
  /** @type {Map<string, number[]>} */
  const times = new Map(kinds.map((kind) => [kind, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const [kind, ms] of onceByKind(traced, inputs, kernels, kinds)) times.get(kind)?.push(ms);
  return [...times].map(([kind, ms]) => {
    const own = instructions.filter((_, i) => kinds[i] === kind);
    const sum = (/** @type {'flops' | 'moved'} */ column) => own.reduce((total, instruction) => total + instruction[column], 0);
    return { kind, calls: own.length, flops: sum('flops'), moved: sum('moved'), ms: median(ms) };
  });
}

/** @param {TracedModule} traced @param {Record<string, Tensor>} inputs @param {Variant} kernels @param {readonly string[]} kinds */
function onceByKind(traced, inputs, kernels, kinds) {
  traced.instance.write(inputs);
  /** @type {Map<string, number>} */
  const spent = new Map();
  let since = performance.now();
  for (const i of traced.instance.steps(kernels)) {
    const now = performance.now();
    spent.set(kinds[i], (spent.get(kinds[i]) ?? 0) + now - since);
    since = now;
  }
  return spent;
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

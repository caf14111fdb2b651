/** One matrix product, which every runtime has: x [rows, inner] times the transpose of w [cols, inner]. */

import { largestDifference } from '../../measure/answers.mjs';
import { digits, progress, ratioCell, SUMMARY, summaryCells, table } from '../../measure/report.mjs';
import { alternate, ratio, summarise } from '../../measure/stats.mjs';
import { variants } from '../../measure/variants.mjs';
import { TOLERANCE } from '../accuracy.mjs';
import { nodeWorker, pythonWorker } from '../cases.mjs';
import { answerOf, Fleet } from '../fleet.mjs';

/** @typedef {import('./inputs.mjs').Sizes} Sizes */

/** Up-projections of BERT-base and of MiniLM at 128 tokens. @type {readonly Sizes[]} */
const SIZES = [
  { rows: 128, inner: 768, cols: 3072 },
  { rows: 128, inner: 384, cols: 1536 },
];
const YARDSTICK = 'onnxruntime-web';

/** @param {Sizes} sizes @returns {import('../cases.mjs').Case[]} */
function casesOf(sizes) {
  /** @type {(runtime: string, command: [string, ...string[]], form?: string) => import('../cases.mjs').Case} */
  const one = (runtime, command, form = '') => ({ name: runtime + form, runtime, precision: 'float32', command });
  const inNode = (/** @type {string} */ module, load = {}) => nodeWorker({ module, make: 'product', ...sizes, ...load });
  return [
    ...[...variants].reverse().map((kernels) => one('tracelet', inNode('tracelet', { load: { kernels } }), `, ${kernels}`)),
    one(YARDSTICK, inNode('onnxweb')),
    one('TensorFlow.js wasm', inNode('tfjs')),
    one('onnxruntime-node', inNode('onnxnode')),
    one('PyTorch', pythonWorker({ make: 'product', ...sizes })),
  ];
}

/** @param {(name: string) => boolean} wanted @param {import('../../measure/stats.mjs').TimingOptions} timing */
export async function measureProducts(wanted, timing) {
  const results = [];
  for (const sizes of SIZES) {
    const [reference, ...others] = casesOf(sizes);
    const fleet = await new Fleet().open([reference, ...others.filter(({ name }) => wanted(name))]);
    try {
      await fleet.prepare({});
      results.push(await measureProduct(sizes, fleet, timing));
    } finally {
      await fleet.close();
    }
  }
  return results;
}

/** @param {Sizes} sizes @param {Fleet} fleet @param {import('../../measure/stats.mjs').TimingOptions} timing */
async function measureProduct(sizes, fleet, timing) {
  const { rows, inner, cols } = sizes;
  const title = `product ${rows} x ${inner} x ${cols}`;
  await compareProducts(fleet);
  const { samples, repeated } = await alternate(fleet.samplers(), { ...timing, progress: (text) => progress(`${title}: ${text}`) });
  const yardstick = samples.get(YARDSTICK) ?? /** @type {number[]} */ ([...samples.values()][0]);
  const measured = fleet.members.map(({ name, runtime, version }) => {
    const times = /** @type {number[]} */ (samples.get(name));
    const summary = summarise(times);
    return {
      name,
      runtime,
      version,
      ...summary,
      gflops: (2 * rows * inner * cols) / summary.median / 1e6,
      faster: ratio(yardstick, times),
    };
  });
  table(
    [title, ...SUMMARY, 'GFLOP/s', 'times as fast'],
    measured.map(({ name, gflops, faster, ...summary }) => [name, ...summaryCells(summary), digits(gflops), ratioCell(faster)]),
  );
  return { title, sizes, repeated, rows: measured, missing: fleet.missing };
}

/** Products beside that of the first member. @param {Fleet} fleet */
async function compareProducts(fleet) {
  const want = await answerOf(fleet.members[0]);
  for (const member of [...fleet.members]) {
    if (member.runtime === 'PyTorch') continue;
    const difference = largestDifference(await answerOf(member), want);
    if (difference <= TOLERANCE) continue;
    await fleet.dismiss(member, `differs by ${difference}, more than ${TOLERANCE}`);
    process.exitCode = 1;
  }
}

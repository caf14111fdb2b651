/** What must not grow, and workers that must end. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { median } from '../stats.mjs';

/** @typedef {{ calls: number, wasm: number | null, heap: number, resident: number }} Reading bytes after so many calls */

setFlagsFromString('--expose-gc');
const collectGarbage = /** @type {() => void} */ (globalThis.gc ?? runInNewContext('gc'));

/** Share of the readings that belongs to warming up. */
const WARM = 0.3;
/** Bytes by which the median of the second half may be above that of the first. */
export const ALLOWED = { heap: 1e6, resident: 24e6 };
const ENDS_WITHIN_MS = 5000;

/** @param {import('../../../dist/index.js').TracedModule} trace @param {number} calls @returns {Reading} */
export function read(trace, calls) {
  collectGarbage();
  const { heapUsed, rss } = process.memoryUsage();
  return { calls, wasm: trace.instance?.memory.buffer.byteLength ?? null, heap: heapUsed, resident: rss };
}

/** @param {readonly number[]} values */
function halves(values) {
  const half = Math.floor(values.length / 2);
  return { before: median(values.slice(0, half)), after: median(values.slice(half)) };
}

/** How much grew after warming up. @param {readonly Reading[]} readings */
export function growthOf(readings) {
  const warm = readings.slice(Math.floor(readings.length * WARM));
  const grown = (/** @type {'heap' | 'resident'} */ what) => {
    const { before, after } = halves(warm.map((reading) => reading[what]));
    return after - before;
  };
  const [first, last] = [warm[0].wasm, warm[warm.length - 1].wasm];
  return { wasm: first === null || last === null ? null : last - first, heap: grown('heap'), resident: grown('resident') };
}

/** Counts the workers that start from now on. */
export function countWorkers() {
  const count = { started: 0, ended: 0 };
  const begun = (/** @type {import('node:worker_threads').Worker} */ worker) => {
    count.started++;
    worker.once('exit', () => count.ended++);
  };
  process.on('worker', begun);
  /** Waits for the last to end, for some seconds at most, and answers how many began and ended. */
  return async () => {
    const until = performance.now() + ENDS_WITHIN_MS;
    while (count.ended < count.started && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
    process.off('worker', begun);
    return count;
  };
}

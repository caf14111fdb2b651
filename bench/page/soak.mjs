/** What the page says of the soak. */
import { escaped, megabytes, tableOf } from './markup.mjs';

const kilobytes = (/** @type {number | null} */ bytes) => (bytes === null ? '' : `${Math.round(bytes / 1000)} kB`);
const HEAD = ['', 'calls', 'answered', 'cancelled', 'wrong', 'lost', 'wasm grew', 'heap grew', 'process grew', 'workers ended'];

/** @param {any} result */
export function soakSection({ runs, allowed }) {
  const faults = runs.flatMap((/** @type {any} */ run) =>
    run.faults.map((/** @type {string} */ fault) => `${run.subject}, ${run.form}: ${fault}`),
  );
  const verdict =
    faults.length === 0 ? '<b class="ok">nothing lost, nothing grows</b>' : `<b class="failed">${faults.map(escaped).join('; ')}</b>`;
  const rows = runs.map((/** @type {any} */ run) => [
    `${run.subject}, ${run.form}`,
    ...[run.asked, run.answered, run.cancelled, run.wrong, run.lost + run.failed].map((count) => count.toLocaleString('en')),
    kilobytes(run.grown.wasm),
    kilobytes(run.grown.heap),
    kilobytes(run.grown.resident),
    `${run.workers.ended} of ${run.workers.started}`,
  ]);
  return `<p>${verdict}. After warming up the JS heap may waver by ${megabytes(allowed.heap)} and the process by ${megabytes(allowed.resident)}; the wasm memory may not grow at all.</p>${tableOf(HEAD, rows)}`;
}

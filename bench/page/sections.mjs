/** What the page says of one run of the bench. */
import { digits, ratioCell } from '../measure/report.mjs';
import { bars } from './charts.mjs';
import { escaped, figure, folded, megabytes, milliseconds } from './markup.mjs';

/** Runtimes that are native code; all others are WebAssembly. */
const NATIVE = new Set(['onnxruntime-node', 'transformers.js', 'PyTorch']);

/** @param {{ name: string, runtime: string }} row @returns {import('./charts.mjs').Row} */
const rowOf = ({ name, runtime }) => ({ name, kind: runtime === 'tracelet' ? 'tracelet' : NATIVE.has(runtime) ? 'native' : 'wasm' });

/** @param {readonly any[]} rows @param {(row: any) => number} of */
const sorted = (rows, of) => [...rows].sort((a, b) => of(a) - of(b));

/** Time of one text. @param {any} result */
function timing({ title, tokens, rows, rounds }) {
  const order = sorted(rows, ({ median }) => median);
  const spread = order.map(({ low, high }) => /** @type {[number, number]} */ ([low, high]));
  const column = { title: 'milliseconds a text', series: [{ values: order.map(({ median }) => median), spread }], format: milliseconds };
  return figure(
    `${title}, ${tokens} tokens`,
    `median of ${rounds} rounds, whiskers at the quartiles; shorter is better`,
    bars(order.map(rowOf), [column]),
  );
}

/** Speed and distance from float32, row by row. @param {any} result @param {string} yardstick */
function accuracy({ title, tokens, rows }, yardstick) {
  const order = sorted(rows, ({ median }) => median);
  const speed = {
    title: 'times as fast',
    series: [{ values: order.map(({ faster }) => faster.median) }],
    format: (/** @type {number} */ value) => value.toFixed(2),
  };
  const distance = {
    title: '1 − cosine, logarithmic',
    series: [{ values: order.map(({ cosineError }) => cosineError) }],
    format: (/** @type {number} */ value) => (value === 0 ? '0' : value.toExponential(0)),
    log: true,
  };
  const note = `speed beside that of ${yardstick} (longer is better), and distance from tracelet’s float32 answer (shorter is closer)`;
  return figure(`${title}, ${tokens} tokens: what speed costs`, note, bars(order.map(rowOf), [speed, distance]));
}

/** @param {any} result */
const timingTable = ({ title, tokens, rows }) =>
  folded(
    `${title}, ${tokens} tokens in figures`,
    ['', 'ms', 'least', 'quartiles', 'GFLOP/s', 'times as fast', 'largest difference', '1 − cosine'],
    rows.map((/** @type {any} */ row) => [
      row.name,
      digits(row.median),
      digits(row.min),
      `${digits(row.low)}–${digits(row.high)}`,
      digits(row.gflops),
      ratioCell(row.faster),
      row.difference.toExponential(1),
      row.cosineError.toExponential(1),
    ]),
  );

/** @param {any} run */
export function modelSections({ models, yardstick }) {
  const titles = [...new Set(models.map((/** @type {any} */ { title }) => title))];
  return titles
    .map((title) => {
      const results = models.filter((/** @type {any} */ one) => one.title === title);
      const compared = results.find((/** @type {any} */ { tokens }) => tokens === 128) ?? results.at(-1);
      return `<h3>${escaped(title)}</h3><div class="charts">${results.map(timing).join('')}${accuracy(compared, yardstick)}</div>${results.map(timingTable).join('')}`;
    })
    .join('');
}

/** @param {any} start */
function startCharts({ title, tokens, rows }) {
  const order = sorted(rows, ({ median }) => median);
  const steps = ['imported', 'load', 'first'].map((step) => ({ values: order.map((row) => row[step]) }));
  const time = figure(
    `${title}: from nothing to the first answer`,
    `milliseconds from the start of the process; from strong to faint: runtime imported, model loaded, first ${tokens} tokens`,
    bars(order.map(rowOf), [{ title: 'process start to first answer', series: steps, format: milliseconds }]),
  );
  const measured = sorted(
    rows.filter(({ peak }) => peak !== null),
    ({ peak }) => peak,
  );
  if (measured.length === 0) return time;
  const column = {
    title: 'peak memory above the bare runtime',
    series: [{ values: measured.map(({ peak }) => peak) }],
    marks: measured.map(({ allowed }) => allowed),
    format: megabytes,
  };
  const note = 'of a process that loads the model and runs ten texts; the line across tracelet’s bars is weights + activations + 15 MB';
  return time + figure(`${title}: memory`, note, bars(measured.map(rowOf), [column]));
}

/** @param {any} start */
const startTable = ({ title, rows }) =>
  folded(
    `${title}: starts and memory in figures`,
    ['', 'first answer ms', 'quartiles', 'imported', 'load', 'run 1', 'run 2', 'run 10', 'peak', 'allowed'],
    rows.map((/** @type {any} */ row) => [
      row.name,
      digits(row.median),
      `${digits(row.low)}–${digits(row.high)}`,
      ...[row.imported, row.load, row.first, row.second, row.tenth].map(digits),
      row.peak === null ? '' : megabytes(row.peak),
      row.allowed === null ? '' : megabytes(row.allowed),
    ]),
  );

/** @param {any} run */
export function startSections({ starts, growth }) {
  const charts = starts.map((/** @type {any} */ start) => `<div class="charts">${startCharts(start)}</div>${startTable(start)}`).join('');
  if (!growth) return charts;
  const verdict = growth.ok ? '<b class="ok">nothing grows</b>' : '<b class="failed">it grows</b>';
  const wasm = growth.wasm.before === growth.wasm.after ? 'the wasm memory is what it was' : 'the wasm memory changed';
  const resident = `the process holds ${(growth.grown / 1e6).toFixed(1)} MB more in the second half than in the first`;
  return `${charts}<p>After loading, ${growth.calls.toLocaleString('en')} calls of mixed texts: ${verdict}. Afterwards ${wasm}; ${resident}.</p>`;
}

/** @param {any} run */
export const productSection = ({ products }) =>
  `<div class="charts">${products
    .map((/** @type {any} */ { sizes, rows }) => {
      const order = sorted(rows, ({ gflops }) => -gflops);
      const column = { title: 'GFLOP/s', series: [{ values: order.map(({ gflops }) => gflops) }], format: digits };
      const { rows: m, inner, cols } = sizes;
      return figure(`${m} × ${inner} × ${cols}`, 'one float32 matrix product; longer is better', bars(order.map(rowOf), [column]));
    })
    .join('')}</div>`;

/** @param {any} run */
export function missingSection({ missing, starts, products }) {
  const all = [...missing, ...[...starts, ...products].flatMap((/** @type {any} */ part) => part.missing ?? [])];
  const lines = [...new Set(all.map(({ name, reason }) => `${name}: ${reason}`))];
  if (lines.length === 0) return '';
  return `<h3>Left out of this run</h3><ul class="soft">${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;
}

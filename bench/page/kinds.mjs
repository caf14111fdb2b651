/** What the page says of kinds of attention. */
import { digits, ratioCell } from '../measure/report.mjs';
import { bars, LONG_NAMES } from './charts.mjs';
import { figure, folded, milliseconds } from './markup.mjs';

/** All kinds at one length: a bar for each form of each. @param {any} run @param {number} tokens */
function chart({ results, yardstick }, tokens) {
  const rows = results.flatMap((/** @type {any} */ result) =>
    result.tokens === tokens ? result.rows.map((/** @type {any} */ row) => ({ ...row, title: result.title })) : [],
  );
  const named = rows.map((/** @type {any} */ { title, runtime, precision }) => ({
    name: `${title}, ${runtime === 'tracelet' ? precision : runtime}`,
    kind: runtime === 'tracelet' ? 'tracelet' : 'wasm',
  }));
  const time = {
    title: 'milliseconds a text',
    series: [
      {
        values: rows.map((/** @type {any} */ { median }) => median),
        spread: rows.map((/** @type {any} */ { low, high }) => [low, high]),
      },
    ],
    format: milliseconds,
  };
  const speed = {
    title: 'times as fast',
    series: [{ values: rows.map((/** @type {any} */ { faster }) => faster.median) }],
    format: (/** @type {number} */ value) => value.toFixed(2),
  };
  const note = `medians, whiskers at the quartiles (shorter is better); speed beside ${yardstick} (longer is better)`;
  return figure(`${tokens} tokens`, note, bars(named, [time, speed], LONG_NAMES));
}

/** @param {any} result */
const figures = ({ title, attention, tokens, rows }) =>
  folded(
    `${title} (${attention}), ${tokens} tokens in figures`,
    ['', 'ms', 'least', 'quartiles', 'times as fast', 'largest difference', '1 − cosine'],
    rows.map((/** @type {any} */ row) => [
      row.name,
      digits(row.median),
      digits(row.min),
      `${digits(row.low)}–${digits(row.high)}`,
      ratioCell(row.faster),
      row.difference.toExponential(1),
      row.cosineError.toExponential(1),
    ]),
  );

/** @param {any} run */
export function kindSection(run) {
  const lengths = [...new Set(run.results.map((/** @type {any} */ { tokens }) => tokens))];
  return `<div class="charts">${lengths.map((tokens) => chart(run, tokens)).join('')}</div>${run.results.map(figures).join('')}`;
}

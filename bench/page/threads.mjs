/** What the page says of threads and workers. */
import { digits, ratioCell } from '../measure/report.mjs';
import { bars, LONG_NAMES } from './charts.mjs';
import { figure, folded, milliseconds } from './markup.mjs';

/** @param {any} result */
const headingOf = ({ title, precision, tokens, way, texts, place, version }) => {
  const where = place === 'chromium' ? `, Chromium ${version.split('.')[0]}` : '';
  return `${title} ${precision}, ${tokens} tokens${way === 'pool' ? `, ${texts} texts at once` : ''}${where}`;
};

/** @param {any} result */
function chart(result) {
  const { rows, rounds, way } = result;
  const time = {
    title: 'milliseconds a text',
    series: [
      {
        values: rows.map((/** @type {any} */ row) => row.median),
        spread: rows.map((/** @type {any} */ { low, high }) => [low, high]),
      },
    ],
    format: milliseconds,
  };
  const scaling = {
    title: way === 'pool' ? 'times one instance' : 'times one thread',
    series: [{ values: rows.map((/** @type {any} */ row) => row.scaling.median) }],
    format: (/** @type {number} */ value) => value.toFixed(2),
  };
  const named = rows.map((/** @type {any} */ { name, runtime }) => ({ name, kind: runtime === 'tracelet' ? 'tracelet' : 'wasm' }));
  const note = `${rounds} rounds, whiskers at the quartiles; speed beside its own on one (longer is better)`;
  return figure(headingOf(result), note, bars(named, [time, scaling], LONG_NAMES));
}

/** @param {any} result */
const figures = (result) =>
  folded(
    `${headingOf(result)} in figures`,
    ['', 'ms a text', 'least', 'quartiles', 'times as fast as one', 'difference'],
    result.rows.map((/** @type {any} */ row) => [
      row.name,
      digits(row.median),
      digits(row.min),
      `${digits(row.low)}–${digits(row.high)}`,
      ratioCell(row.scaling),
      row.difference.toExponential(1),
    ]),
  );

/** @param {any} run @param {'call' | 'pool'} way */
function part({ results }, way) {
  const here = results.filter((/** @type {any} */ result) => result.way === way && result.rows.length > 1);
  return here.length === 0 ? '' : `<div class="charts">${here.map(chart).join('')}</div>${here.map(figures).join('')}`;
}

/** @param {any} run */
export function threadSection(run) {
  const pools = part(run, 'pool');
  return part(run, 'call') + (pools && `<p>Many texts at once, on one instance and on a pool of workers:</p>${pools}`);
}

/** What the page says of time against real tokens. */
import { digits, ratioCell } from '../measure/report.mjs';
import { bars, LONG_NAMES } from './charts.mjs';
import { lineChart } from './lines.mjs';
import { figure, folded, milliseconds } from './markup.mjs';

/** The length that the sentence above the curves is about. */
const SHORT = 14;
const DASHES = /** @type {const} */ (['solid', 'dashed', 'dotted', 'dashed']);
const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond'];

/** Names of the cases in the order in which they were measured. @param {readonly any[]} points */
const namesOf = (points) => [...new Map(points.flatMap(({ rows }) => rows.map((/** @type {any} */ row) => [row.name, row.runtime])))];

/** @param {readonly any[]} points @param {string} name @param {(row: any, tokens: number) => any} of */
const along = (points, name, of) =>
  points.flatMap(({ tokens, rows }) =>
    rows.filter((/** @type {any} */ row) => row.name === name).map((/** @type {any} */ row) => of(row, tokens)),
  );

/** @param {any} curve @param {string} title */
function chart({ precision, points }, title) {
  /** @type {Map<string, number>} */
  const drawn = new Map();
  const lines = namesOf(points).map(([name, runtime]) => {
    const nth = drawn.get(runtime) ?? 0;
    drawn.set(runtime, nth + 1);
    return {
      name: runtime === 'tracelet' ? `tracelet, ${name}` : name,
      colour: `var(--${runtime === 'tracelet' ? 'tracelet' : 'wasm'})`,
      dash: DASHES[nth % DASHES.length],
      symbol: SYMBOLS[nth % SYMBOLS.length],
      points: along(points, name, ({ median, low, high }, tokens) => ({ x: tokens, y: median, low, high })),
    };
  });
  const note = `${points[0].rounds} rounds a point, whiskers at the quartiles, both axes logarithmic; lower is better`;
  const lengths = points.map(({ tokens }) => tokens);
  return figure(`${title} ${precision}`, note, lineChart(lines, { x: 'real tokens of the text', y: 'milliseconds' }, lengths));
}

/** @param {any} curve @param {string} title */
const curveTable = ({ precision, points }, title) =>
  folded(
    `${title} ${precision} in figures: milliseconds`,
    ['real tokens', ...namesOf(points).map(([name]) => name)],
    points.map((/** @type {any} */ { tokens, rows }) => [
      `${tokens}`,
      ...namesOf(points).map(([name]) => {
        const row = rows.find((/** @type {any} */ one) => one.name === name);
        return row ? `${digits(row.median)} (${digits(row.low)}–${digits(row.high)})` : '';
      }),
    ]),
  );

/** How much longer a short text takes where there is room for a long one. @param {any} result */
function sentence({ curves, width }) {
  const parts = curves.flatMap((/** @type {any} */ { precision, points }) => {
    const row = points.find((/** @type {any} */ { tokens }) => tokens === SHORT)?.rows[1];
    return row?.runtime === 'tracelet' ? [`${ratioCell(row.times)} times as long in ${precision}`] : [];
  });
  if (parts.length === 0) return '';
  return `<p>A text of ${SHORT} tokens in a strict trace of ${width} takes ${parts.join(' and ')} as in a trace made for ${SHORT}.</p>`;
}

/** @param {any} result */
export const curveSection = ({ curves, title, width, ...rest }) =>
  `${sentence({ curves, width, ...rest })}<div class="charts">${curves.map((/** @type {any} */ one) => chart(one, title)).join('')}</div>${curves
    .map((/** @type {any} */ one) => curveTable(one, title))
    .join('')}`;

/** @param {any} result */
export const mixedSection = ({ mixed, title }) =>
  `<div class="charts">${mixed
    .map((/** @type {any} */ { precision, lengths, tokens, padded, rows, rounds }) => {
      const time = {
        title: 'milliseconds',
        series: [
          {
            values: rows.map((/** @type {any} */ row) => row.median),
            spread: rows.map(({ low, high }) => /** @type {[number, number]} */ ([low, high])),
          },
        ],
        format: milliseconds,
      };
      const times = {
        title: 'times one by one',
        series: [{ values: rows.map((/** @type {any} */ row) => row.times.median) }],
        format: (/** @type {number} */ value) => value.toFixed(2),
      };
      const note = `${lengths.length} texts of ${Math.min(...lengths)} to ${Math.max(...lengths)} tokens: ${tokens} real ones, ${padded} where all are filled up to the longest; ${rounds} rounds, shorter is better`;
      const named = rows.map((/** @type {any} */ { name, runtime }) => ({ name, kind: runtime === 'tracelet' ? 'tracelet' : 'wasm' }));
      return figure(`${title} ${precision}`, note, bars(named, [time, times], LONG_NAMES));
    })
    .join('')}</div>`;

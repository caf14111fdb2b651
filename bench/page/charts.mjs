/** Horizontal bars as SVG text, in colours that the page's style sheet sets. */
import * as echarts from 'echarts';

/**
 * @typedef {'tracelet' | 'wasm' | 'native'} Kind
 * @typedef {object} Series
 * @property {readonly number[]} values one a row
 * @property {readonly (readonly [low: number, high: number])[]} [spread] drawn as whiskers
 * @typedef {object} Column bars beside each other, or on top of each other where there are several series
 * @property {string} title
 * @property {readonly Series[]} series
 * @property {(value: number) => string} format of the sum of a row
 * @property {boolean} [log]
 * @property {readonly (number | null)[]} [marks] a line across each bar
 * @typedef {{ name: string, kind: Kind }} Row
 */

const WIDTH = 460;
const NAMES = 172;
export const LONG_NAMES = 192;
const ROW = 25;
const HEAD = 26;
/** Room for the number at the end of the longest bar. */
const TAIL = 58;
const OPACITIES = [1, 0.55, 0.28];
export const FONT = { fontFamily: 'system-ui, sans-serif', fontSize: 12 };
export const INK = 'var(--ink)';
export const SOFT = 'var(--soft)';

const colourOf = (/** @type {Kind} */ kind) => `var(--${kind})`;
const totals = (/** @type {Column} */ { series }) => series[0].values.map((_, i) => series.reduce((sum, { values }) => sum + values[i], 0));

/** A short line across a bar's row from one value to another. @param {Column} column @param {number} at @param {readonly (readonly number[])[]} data [row, low, high] @param {number} overhang */
const strokes = (column, at, data, overhang) => ({
  type: 'custom',
  name: `strokes ${column.title}`,
  xAxisIndex: at,
  yAxisIndex: at,
  silent: true,
  z: 5,
  data: data.map(([row, low, high]) => [low, row, high]),
  renderItem: (/** @type {any} */ _, /** @type {any} */ api) => {
    const [x1, y] = api.coord([api.value(0), api.value(1)]);
    const [x2] = api.coord([api.value(2), api.value(1)]);
    const style = { stroke: INK, lineWidth: overhang ? 2 : 1.2 };
    return { type: 'line', shape: { x1, x2, y1: y - overhang, y2: y + overhang }, style };
  },
});

/** Where a value is on its axis: its decades above the least one where the column is logarithmic. @param {Column} column */
function placed(column) {
  if (!column.log) return (/** @type {number} */ value) => value;
  const floor = Math.floor(Math.log10(Math.min(...totals(column).filter((value) => value > 0))) - 0.5);
  return (/** @type {number} */ value) => (value === 0 ? 0 : Math.log10(value) - floor);
}

/** The end of what is drawn in each row. @param {Column} column */
const ends = (column) =>
  totals(column).map((sum, row) => Math.max(sum, column.marks?.[row] ?? 0, ...column.series.map(({ spread }) => spread?.[row][1] ?? 0)));

/** @param {Column} column @param {number} at @param {readonly Row[]} rows */
function seriesOf(column, at, rows) {
  const axis = { xAxisIndex: at, yAxisIndex: at };
  const place = placed(column);
  const sums = totals(column);
  const bars = column.series.map(({ values }, i) => ({
    type: 'bar',
    ...axis,
    stack: `column ${at}`,
    barWidth: 13,
    barGap: '-100%',
    data: values.map((value, row) => ({ value: place(value), itemStyle: { color: colourOf(rows[row].kind), opacity: OPACITIES[i] } })),
  }));
  const numbers = {
    type: 'bar',
    ...axis,
    barWidth: 13,
    data: ends(column).map(place),
    itemStyle: { color: 'transparent' },
    label: {
      show: true,
      position: 'right',
      color: INK,
      ...FONT,
      formatter: (/** @type {{ dataIndex: number }} */ { dataIndex }) => column.format(sums[dataIndex]),
    },
  };
  const whiskers = column.series.flatMap(({ spread }) =>
    spread
      ? [
          strokes(
            column,
            at,
            spread.map(([low, high], row) => [row, low, high]),
            0,
          ),
        ]
      : [],
  );
  const marked = (column.marks ?? []).flatMap((mark, row) => (mark === null ? [] : [[row, mark, mark]]));
  return [...bars, numbers, ...whiskers, ...(marked.length > 0 ? [strokes(column, at, marked, 9)] : [])];
}

/** @param {Column} column @param {number} at */
const axisOf = (column, at) => ({ type: 'value', gridIndex: at, show: false, min: 0, max: Math.max(...ends(column).map(placed(column))) });

/** One chart: a row for each name, a group of bars for each column. @param {readonly Row[]} rows @param {readonly Column[]} columns @param {number} [names] their width */
export function bars(rows, columns, names = NAMES) {
  const height = HEAD + ROW * rows.length + 6;
  const each = (WIDTH - names) / columns.length;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    backgroundColor: 'transparent',
    title: columns.map(({ title }, at) => ({
      text: title,
      left: names + at * each,
      top: 2,
      padding: 0,
      textStyle: { ...FONT, fontWeight: 'normal', color: SOFT },
    })),
    grid: columns.map((_, at) => ({ left: names + at * each, width: each - TAIL, top: HEAD, bottom: 6 })),
    xAxis: columns.map(axisOf),
    yAxis: columns.map((_, at) => ({
      type: 'category',
      gridIndex: at,
      inverse: true,
      data: rows.map(({ name }) => name),
      axisLine: { lineStyle: { color: 'var(--line)' } },
      axisTick: { show: false },
      axisLabel: {
        show: at === 0,
        interval: 0,
        width: names - 10,
        overflow: 'truncate',
        ...FONT,
        color: (/** @type {string} */ _, /** @type {number} */ row) => (rows[row].kind === 'tracelet' ? colourOf('tracelet') : INK),
      },
    })),
    series: columns.flatMap((column, at) => seriesOf(column, at, rows)),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

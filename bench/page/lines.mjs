/** Lines over logarithmic axes as SVG text, in colours that the page's style sheet sets. */
import * as echarts from 'echarts';
import { FONT, INK, SOFT } from './charts.mjs';

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {string} colour
 * @property {'solid' | 'dashed' | 'dotted'} dash
 * @property {string} symbol
 * @property {readonly { x: number, y: number, low: number, high: number }[]} points
 */

const WIDTH = 460;
const HEIGHT = 330;
const LEGEND_ROW = 19;

/** Quartiles of a line's points. @param {Line} line */
const whiskers = ({ colour, points }) => ({
  type: 'custom',
  silent: true,
  data: points.map(({ x, low, high }) => [x, low, high]),
  renderItem: (/** @type {any} */ _, /** @type {any} */ api) => {
    const [x, y1] = api.coord([api.value(0), api.value(1)]);
    const [, y2] = api.coord([api.value(0), api.value(2)]);
    return { type: 'line', shape: { x1: x, x2: x, y1, y2 }, style: { stroke: colour, lineWidth: 1.2 } };
  },
});

/** @param {Line} line */
const drawn = ({ name, colour, dash, symbol, points }) => ({
  type: 'line',
  name,
  symbol,
  symbolSize: 7,
  itemStyle: { color: colour },
  lineStyle: { color: colour, width: 1.8, type: dash },
  data: points.map(({ x, y }) => [x, y]),
});

const axis = (/** @type {string} */ name, /** @type {number} */ logBase) => ({
  type: 'log',
  logBase,
  name,
  nameLocation: 'middle',
  nameTextStyle: { ...FONT, color: SOFT },
  axisLabel: { ...FONT, color: SOFT },
  axisLine: { lineStyle: { color: SOFT } },
  splitLine: { lineStyle: { color: 'var(--line)' } },
});

/** @param {readonly Line[]} lines @param {{ x: string, y: string }} titles @param {readonly number[]} range of x */
export function lineChart(lines, { x, y }, range) {
  const legend = LEGEND_ROW * lines.length;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT + legend });
  chart.setOption({
    animation: false,
    backgroundColor: 'transparent',
    legend: {
      orient: 'vertical',
      left: 0,
      top: 0,
      padding: 0,
      itemGap: 5,
      itemWidth: 34,
      itemHeight: 8,
      textStyle: { ...FONT, color: INK },
      data: lines.map(({ name }) => name),
    },
    grid: { left: 48, right: 12, top: legend + 14, bottom: 44 },
    xAxis: { ...axis(x, 2), nameGap: 26, min: Math.min(...range), max: Math.max(...range) },
    yAxis: { ...axis(y, 10), nameGap: 34 },
    series: [...lines.map(whiskers), ...lines.map(drawn)],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

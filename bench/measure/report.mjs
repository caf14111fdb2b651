/** What a benchmark prints: the machine, tables on stdout, progress on stderr, JSON where asked. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ratio, summarise } from './stats.mjs';

/** @typedef {import('./stats.mjs').Summary} Summary */

export const machine = () => ({
  date: new Date().toISOString(),
  cpu: cpus()[0].model.trim(),
  cores: cpus().length,
  os: `${platform()} ${arch()}`,
  node: process.version,
  v8: process.versions.v8,
  flags: process.execArgv.join(' '),
  load: loadavg().map((load) => Number(load.toFixed(2))),
});

/** Prints the machine and answers it. @param {string} title */
export function begin(title) {
  const here = machine();
  console.log(`${title}\n${here.cpu}, ${here.cores} cores, ${here.os}; Node ${here.node} (V8 ${here.v8}) ${here.flags}`);
  console.log(`${here.date}, load average ${here.load.join(' ')}\n`);
  if (here.load[0] > here.cores / 2) progress('the machine is busy: expect spread\n');
  return here;
}

/** @param {string} text */
export function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text.endsWith('\n')) process.stderr.write(text);
}

/** Columns aligned, the first to the left. @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
export function table(head, rows) {
  progress('');
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (/** @type {readonly string[]} */ cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  console.log([line(head), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n'), '\n');
}

/** @param {number} value */
export const digits = (value) => value.toFixed(value < 10 ? 2 : value < 1000 ? 1 : 0);

export const SUMMARY = ['ms', 'min', 'quartiles'];

/** Cells for the columns {@link SUMMARY}. @param {Summary} summary */
export const summaryCells = ({ median, min, low, high }) => [digits(median), digits(min), `${digits(low)}–${digits(high)}`];

/** @param {Summary} summary */
export const ratioCell = ({ median, low, high }) => `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;

/**
 * Prints what {@link alternate} measured, beside the first case.
 * @param {string} title @param {import('./stats.mjs').Timing} timing @param {number} flops of one call
 * @param {ReadonlyMap<string, number>} differences from the first case's answer
 */
export function reportTiming(title, { samples, repeated }, flops, differences) {
  const [reference] = samples.values();
  const rows = [...samples].map(([name, times]) => {
    const summary = summarise(times);
    const gflops = flops / summary.median / 1e6;
    return { name, ...summary, gflops, faster: ratio(reference, times), difference: differences.get(name) ?? Number.NaN };
  });
  table(
    [title, ...SUMMARY, 'GFLOP/s', 'times as fast', 'difference'],
    rows.map(({ name, gflops, faster, difference, ...summary }) => [
      name,
      ...summaryCells(summary),
      digits(gflops),
      ratioCell(faster),
      difference.toExponential(1),
    ]),
  );
  return { title, flops, repeated, rows };
}

/** Writes bench/results/NAME-nodeMAJOR.json. @param {string} name @param {object} results */
export function writeResults(name, results) {
  const directory = new URL('../results/', import.meta.url);
  mkdirSync(directory, { recursive: true });
  const file = fileURLToPath(new URL(`${name}-node${process.versions.node.split('.')[0]}.json`, directory));
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  progress(`wrote ${file}\n`);
}

/** Starts in processes of their own, timed from outside. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { digits, progress, SUMMARY, summaryCells, table } from '../report.mjs';
import { median, summarise } from '../stats.mjs';

/** @typedef {{ import: number, load: number, run: number, outside: number }} Start milliseconds of each step, and of all of them seen from outside */

const FIRST = fileURLToPath(new URL('first.mjs', import.meta.url));

/** @param {readonly string[]} args of first.mjs @returns {Promise<Start>} */
function start(args) {
  return new Promise((resolve, reject) => {
    const since = performance.now();
    const child = spawn(process.execPath, [...process.execArgv, FIRST, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let outside = 0;
    let text = '';
    child.stdout.on('data', (chunk) => {
      outside = performance.now() - since;
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve({ ...JSON.parse(text), outside }) : reject(new Error(`${args[0]}: exit ${code}`))));
  });
}

/** Times several starts of each kind in turns. @param {string} title @param {Readonly<Record<string, readonly string[]>>} kinds @param {number} rounds */
export async function measureStarts(title, kinds, rounds) {
  /** @type {Map<string, Start[]>} */
  const starts = new Map(Object.keys(kinds).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++)
    for (const [name, args] of Object.entries(kinds)) {
      progress(`${name}: start ${round} of ${rounds}`);
      const timed = await start(args);
      if (round > 0) starts.get(name)?.push(timed);
    }
  const rows = [...starts].map(([name, timed]) => {
    const step = (/** @type {(one: Start) => number} */ of) => median(timed.map(of));
    return {
      name,
      ...summarise(timed.map(({ outside }) => outside)),
      imported: step((one) => one.import),
      load: step(({ load }) => load),
      run: step(({ run }) => run),
      loadAndRun: step(({ load, run }) => load + run),
    };
  });
  table(
    [title, ...SUMMARY, 'until imported', 'load', 'first run', 'load and run'],
    rows.map((row) => [row.name, ...summaryCells(row), ...[row.imported, row.load, row.run, row.loadAndRun].map(digits)]),
  );
  return { title, rows };
}

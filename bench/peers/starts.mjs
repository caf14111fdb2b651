/** From spawning a process to its first answers, and the most memory that it held, each in processes of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bestVariant } from '../../dist/index.js';
import { digits, progress, SUMMARY, summaryCells, table } from '../measure/report.mjs';
import { median, summarise } from '../measure/stats.mjs';
import { saveTraces } from './beside.mjs';
import { casesOf, nodeWorker, pythonWorker, SHORT } from './cases.mjs';
import { Child } from './child.mjs';
import { filesOf, MODELS } from './models.mjs';

/**
 * @typedef {{ imported: number, load: number, runs: number[], outside: number, peak: number | null, facts: any }} Start milliseconds and bytes
 * @typedef {{ name: string, runtime: string, command: [string, ...string[]], reason?: string }} Kind
 */

const TOKENS = 128;
const RUNS = 10;
/** What a loaded trace may take above its weights and activations. */
const ALLOWANCE = 15e6;

/** @param {Kind['command']} command @returns {Promise<Start>} */
async function start(command) {
  const since = performance.now();
  const child = new Child(command);
  const at = async (/** @type {Promise<any>} */ reply) => ({ reply: await reply, time: performance.now() - since });
  try {
    const steps = [at(child.ready), at(child.request('open')), at(child.request('prepare', { tokens: TOKENS }))];
    for (let run = 0; run < RUNS; run++) steps.push(at(child.request('sample', { calls: 1 })));
    const [imported, , loaded, ...runs] = await Promise.all(steps);
    const { bytes } = await child.request('peak');
    const ends = [loaded, ...runs].map(({ time }) => time);
    return {
      imported: imported.time,
      load: loaded.time - imported.time,
      runs: ends.slice(1).map((time, i) => time - ends[i]),
      outside: ends[1],
      peak: bytes,
      facts: loaded.reply,
    };
  } finally {
    await child.close();
  }
}

/** The most memory of a process that does nothing. @param {Kind['command']} command */
async function barePeak(command) {
  const child = new Child(command);
  try {
    await child.ready;
    return /** @type {number | null} */ ((await child.request('peak')).bytes);
  } catch {
    return null;
  } finally {
    await child.close();
  }
}

/** Every way to a first answer on a model. @param {import('./models.mjs').Model} model @param {string} folder @returns {Kind[]} */
function kindsOf(model, folder) {
  const reasons = saveTraces(model, TOKENS, folder);
  const { checkpoint } = filesOf(model.name);
  const cases = casesOf(model.name, folder).map(({ name, runtime, precision, command }) => ({
    name,
    runtime,
    command,
    reason: runtime === 'tracelet' ? reasons[SHORT[precision]] : undefined,
  }));
  const fastest = bestVariant();
  const embedder = nodeWorker({ module: 'tracelet', make: 'embedder' });
  return [
    ...(model === MODELS[0] ? [{ name: 'tracelet, default model', runtime: 'tracelet', command: embedder }] : []),
    ...cases.filter(({ name }) => fastest === 'baseline' || !name.endsWith('baseline')),
    {
      name: 'tracelet f32, checkpoint',
      runtime: 'tracelet',
      command: nodeWorker({ module: 'tracelet', make: 'checkpoint', checkpoint }),
    },
  ];
}

/** Times `rounds` starts of each kind in turns, after one that does not count. @param {import('./models.mjs').Model} model @param {(name: string) => boolean} wanted @param {number} rounds */
export async function measureStarts(model, wanted, rounds) {
  const folder = await mkdtemp(join(tmpdir(), 'tracelet-bench-'));
  /** @type {Map<Kind, Start[]>} */
  const starts = new Map();
  const missing = [];
  try {
    const kinds = kindsOf(model, folder).filter(({ name }) => wanted(name));
    for (const kind of kinds)
      if (kind.reason) missing.push({ name: kind.name, reason: kind.reason });
      else starts.set(kind, []);
    for (let round = 0; round <= rounds; round++)
      for (const [kind, timed] of starts) {
        progress(`${model.title}, ${kind.name}: start ${round} of ${rounds}`);
        try {
          const one = await start(kind.command);
          if (round > 0) timed.push(one);
        } catch (error) {
          starts.delete(kind);
          missing.push({ name: kind.name, reason: error instanceof Error ? error.message : String(error) });
        }
      }
  } finally {
    await rm(folder, { recursive: true });
  }
  return report(model, starts, missing);
}

/** @param {import('./models.mjs').Model} model @param {ReadonlyMap<Kind, Start[]>} starts @param {import('./fleet.mjs').Missing[]} missing */
async function report({ name: model, title }, starts, missing) {
  const bare = { node: await barePeak(nodeWorker({})), python: await barePeak(pythonWorker({ make: 'bare' })) };
  const rows = [...starts].map(([{ name, runtime }, timed]) => {
    const step = (/** @type {(one: Start) => number} */ of) => median(timed.map(of));
    const nothing = runtime === 'PyTorch' ? bare.python : bare.node;
    const { weights, arena } = timed[0].facts;
    return {
      name,
      runtime,
      ...summarise(timed.map(({ outside }) => outside)),
      imported: step((one) => one.imported),
      load: step(({ load }) => load),
      first: step(({ runs }) => runs[0]),
      second: step(({ runs }) => runs[1]),
      tenth: step(({ runs }) => runs[RUNS - 1]),
      peak: nothing === null ? null : step(({ peak }) => /** @type {number} */ (peak)) - nothing,
      allowed: weights === undefined ? null : weights + arena + ALLOWANCE,
    };
  });
  const megabytes = (/** @type {number | null} */ bytes) => (bytes === null ? '' : digits(bytes / 1e6));
  table(
    [
      `${title}, ${TOKENS} tokens: process start to answer`,
      ...SUMMARY,
      'until imported',
      'load',
      'run 1',
      'run 2',
      'run 10',
      'peak MB',
      'allowed MB',
    ],
    rows.map(({ name, imported, load, first, second, tenth, peak, allowed, ...summary }) => [
      name,
      ...summaryCells(summary),
      ...[imported, load, first, second, tenth].map(digits),
      megabytes(peak),
      megabytes(allowed),
    ]),
  );
  return { model, title, tokens: TOKENS, bare, rows, missing };
}

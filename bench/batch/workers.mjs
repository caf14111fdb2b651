/**
 * How many times as much two workers do as one: both take shards of one queue in Redis, and the second stands still in every other round.
 *
 *   node bench/batch/workers.mjs [--rounds 4] [--seconds 8]
 *
 * Takes 80 seconds, and fails below 1.8. Needs redis-server, two cores, and nothing else that runs on them.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { submit } from '../../dist/batch/index.js';
import { jit } from '../../dist/index.js';
import { startRedis } from '../../test/batch/servers.mjs';
import { begin, digits, progress, table } from '../measure/report.mjs';
import { median } from '../measure/stats.mjs';
import { processorSeconds } from './processor-time.mjs';

const WANTED = 1.8;
const SHARDS = 1000;
const TEXTS = 8;
const WARM_SHARDS = 12;

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '4' }, seconds: { type: 'string', default: '8' } } });
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url));

/** @typedef {{ tokens: number, at: number }} Done tokens of a worker until a time */

/** A worker, and what it has done. @param {string} queue @param {string} sink */
function start(queue, sink) {
  const child = fork(CHILD, [queue, 'bench', sink]);
  /** @type {Done[]} */
  const done = [];
  child.on('message', (message) => done.push(/** @type {Done} */ (message)));
  return { child, done };
}

/** Tokens a second between the first and the last shard that ended from a time on. @param {readonly Done[]} done @param {number} since */
function rateSince(done, since) {
  const within = done.filter(({ at }) => at >= since);
  const [first, last] = [within[0], within.at(-1)];
  return first && last && last.at > first.at ? (1000 * (last.tokens - first.tokens)) / (last.at - first.at) : 0;
}

const now = () => performance.timeOrigin + performance.now();

/** @param {ReturnType<typeof start>[]} workers @param {(worker: ReturnType<typeof start>) => number} of */
const total = (workers, of) => workers.reduce((sum, worker) => sum + of(worker), 0);

/** Tokens a second by the clock, and of processor time, which says what other programs took. @param {ReturnType<typeof start>[]} workers */
async function rate(workers) {
  await setTimeout(500);
  const since = now();
  const before = total(workers, ({ child }) => processorSeconds(/** @type {number} */ (child.pid)));
  await setTimeout(1000 * seconds);
  const processor = total(workers, ({ child }) => processorSeconds(/** @type {number} */ (child.pid))) - before;
  const tokens = total(workers, ({ done }) => rateSince(done, since));
  return { tokens, each: (tokens * seconds) / processor };
}

begin('two workers beside one, all-MiniLM-L6-v2 int8, texts of 128 tokens, Redis');
const folder = mkdtempSync(join(tmpdir(), 'bench-batch-'));
const redis = await startRedis();
/** @type {ReturnType<typeof start>[]} */
let workers = [];
try {
  const traced = await jit.load(createRequire(import.meta.url).resolve('@tracelet/all-minilm-l6-v2/model.tracelet'));
  const { corpus } = await import('./corpus.mjs');
  progress('submitting\n');
  await submit({ queue: redis.address, name: 'bench' }, corpus(SHARDS * TEXTS), traced, { truncate: true, shardTokens: 128 * TEXTS });
  traced.dispose();
  workers = [0, 1].map(() => start(redis.address, folder));
  progress('warming\n');
  while (workers.some(({ done }) => done.length < WARM_SHARDS)) await setTimeout(50);
  const [first, second] = workers;
  const rows = [];
  for (let round = 0; round < rounds; round++) {
    second.child.kill('SIGSTOP');
    const one = await rate([first]);
    second.child.kill('SIGCONT');
    const two = await rate(workers);
    rows.push({ one, two, times: two.tokens / one.tokens });
    progress(`round ${round + 1} of ${rounds}: ${(two.tokens / one.tokens).toFixed(2)}\n`);
  }
  table(
    ['round', 'one: tokens a second', 'two', 'times', 'one: tokens a second of processor time', 'two'],
    rows.map(({ one, two, times }, i) => [
      `${i + 1}`,
      digits(one.tokens),
      digits(two.tokens),
      times.toFixed(2),
      digits(one.each),
      digits(two.each),
    ]),
  );
  const times = median(rows.map((row) => row.times));
  console.log(`two workers do ${times.toFixed(2)} times as much as one; wanted are ${WANTED}`);
  process.exitCode = times >= WANTED ? 0 : 1;
} finally {
  for (const { child } of workers) {
    child.kill('SIGCONT');
    child.disconnect();
  }
  await Promise.all(workers.map(({ child }) => child.exitCode ?? new Promise((resolve) => child.once('exit', resolve))));
  await redis.stop();
  rmSync(folder, { recursive: true });
}

/**
 * What a server adds to the pool that it runs, on loopback: in processor time of a text, and in texts a second.
 *
 *   node bench/serve/load.mjs [--workers 2] [--rounds 4] [--seconds 4] [--mixed 10000]
 *
 * Processor time is that of the process with the pool, and of the process with the server: the client is a third, whose time stands apart, as it is elsewhere in earnest. It does not depend
 * on what else runs. Texts a second do, and client, server and workers share the cores here, so that they are judged where the machine was idle.
 * Each part is bounded in requests and in time; together they take five minutes on an idle machine, and nine at most. Writes bench/results/serve-nodeMAJOR.json. Fails where an answer is
 * wrong, a request that was accepted is lost, memory grows, or the pool alone takes less than nine tenths of the processor time of the server, or the server answers less than nine tenths of its texts.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { jit } from '../../dist/index.js';
import { begin, digits, progress, table, writeResults } from '../measure/report.mjs';
import { median, processorTime } from '../measure/stats.mjs';
import { amountIn, CONNECTIONS, HEADERS, load, PER_REQUEST, startServer, textsOf } from './child.mjs';
import { MODEL, requests, texts } from './texts.mjs';

const { values } = parseArgs({
  options: {
    workers: { type: 'string' },
    rounds: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '4' },
    mixed: { type: 'string', default: '10000' },
  },
});
const workers = Number(values.workers ?? Math.max(1, availableParallelism() - 1));
const [rounds, seconds, count] = [values.rounds, values.seconds, values.mixed].map(Number);
/** Milliseconds after which mixed requests are enough. */
const PATIENCE = 400_000;
const AT_ONCE = 12;
/** How often all connections ask once before anything counts: engines compile hot code again in the background, in each process for itself. */
const WARM = 3;
const MIB = 2 ** 20;

/** @type {string[][]} */
const rows = [];
/** @type {string[]} */
const failures = [];
/** @param {string} what @param {string | number} value */
function report(what, value, isWell = true) {
  rows.push([what, `${value}`, isWell ? '' : 'too bad']);
  if (!isWell) failures.push(what);
  progress(`${what}: ${value}\n`);
}

/** Asks the pool alone, kept as busy as a server is. @param {import('../../dist/index.js').TracedModule} pool @param {readonly string[]} list @param {number} amount */
async function askPool(pool, list, amount) {
  let next = 0;
  const client = async () => {
    while (next < amount) await pool.embed(textsOf(list, next++));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
}

/** Texts a second of the pool alone, and its milliseconds of processors a text. @param {import('../../dist/index.js').TracedModule} pool @param {readonly string[]} list @param {number} amount */
async function poolAlone(pool, list, amount) {
  const [since, before] = [performance.now(), processorTime()];
  await askPool(pool, list, amount);
  const count = PER_REQUEST * amount;
  return { texts: (1000 * count) / (performance.now() - since), processor: (processorTime() - before) / count };
}

/** The same of the server, and the client's milliseconds of processors a text. @param {import('./child.mjs').Server} server @param {readonly string[]} list @param {number} amount */
async function served(server, list, amount) {
  const [own, its] = [processorTime(), await server.processor()];
  const { texts: rate, failed } = await load(server.url, list, amount);
  const count = PER_REQUEST * amount;
  return { texts: rate, failed, processor: ((await server.processor()) - its) / count, client: (processorTime() - own) / count };
}

/** The pool and the server in turns. @param {import('./child.mjs').Server} server @param {readonly string[]} list */
async function throughput(server, list) {
  const pool = await jit.load(MODEL, { workers });
  for (let i = 0; i < WARM; i++) {
    await askPool(pool, list, CONNECTIONS);
    await load(server.url, list, CONNECTIONS);
  }
  const amount = Math.max(CONNECTIONS, amountIn((await poolAlone(pool, list, CONNECTIONS)).texts, seconds));
  /** @type {{ alone: Awaited<ReturnType<typeof poolAlone>>, server: Awaited<ReturnType<typeof served>> }[]} */
  const measured = [];
  for (let round = 0; round < rounds; round++)
    measured.push({ alone: await poolAlone(pool, list, amount), server: await served(server, list, amount) });
  pool.dispose();
  const processor = {
    alone: median(measured.map(({ alone }) => alone.processor)),
    server: median(measured.map((each) => each.server.processor)),
    client: median(measured.map((each) => each.server.client)),
    share: median(measured.map((each) => each.alone.processor / each.server.processor)),
  };
  const [alone, rate] = [median(measured.map((each) => each.alone.texts)), median(measured.map((each) => each.server.texts))];
  const share = median(measured.map((each) => each.server.texts / each.alone.texts));
  const failed = measured.reduce((sum, each) => sum + each.server.failed, 0);
  report(
    'processor time of a text: pool alone, server, client, ms',
    [processor.alone, processor.server, processor.client].map(digits).join(', '),
  );
  report('pool alone, beside the server', processor.share.toFixed(2), processor.share >= 0.9);
  report('texts a second: pool alone, server', `${digits(alone)}, ${digits(rate)}`);
  const isBusy = machine.load[0] > machine.cores / 2;
  report(
    'server, beside the pool alone',
    `${share.toFixed(2)}${isBusy ? ' (not judged: the machine was busy)' : ''}`,
    isBusy || share >= 0.9,
  );
  report('requests that failed', failed, failed === 0);
  const overallRate = Math.max(1, Math.round(rate / PER_REQUEST / 2));
  const { latency } = await load(server.url, list, 2 * seconds * overallRate, { overallRate });
  report('at half of that: median and 99th of 100, ms', `${latency.p50}, ${latency.p99}`);
  return { processor, alone, served: rate, share, failed, half: { requests: overallRate, p50: latency.p50, p99: latency.p99 } };
}

/** @param {string} url @param {{ path: string, body: string }} request @param {AbortSignal} [signal] */
async function ask(url, { path, body }, signal) {
  const response = await fetch(url + path, { method: 'POST', headers: HEADERS, body, signal });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
  return path === 'api/embed' ? JSON.stringify(JSON.parse(text).embeddings) : text;
}

/** Does `work` with each, so many at once. @template T @param {Iterable<T>} things @param {(thing: T) => Promise<void>} work */
async function each(things, work) {
  const rest = things[Symbol.iterator]();
  const client = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
}

/** Memory before and after mixed requests, and between. @param {import('./child.mjs').Server} server @param {ReturnType<typeof requests>} list */
async function mixed(server, list) {
  const since = performance.now();
  const tenth = list.length / 10;
  const sizes = [await server.memory()];
  let done = 0;
  for (let at = 0; at < list.length && performance.now() - since < PATIENCE; at += tenth) {
    await each(list.slice(at, at + tenth), async (request) => {
      await ask(server.url, request);
      done++;
    });
    sizes.push(await server.memory());
  }
  const rate = (1000 * done) / (performance.now() - since);
  report(`${done} mixed requests, a second`, digits(rate), done === list.length);
  const [warm, last] = [sizes[1], sizes[sizes.length - 1]];
  report(
    'held after a tenth of them and after all, MiB',
    `${digits(warm.held / MIB)}, ${digits(last.held / MIB)}`,
    last.held < warm.held + MIB,
  );
  report('resident after a tenth of them and after all, MiB', `${digits(warm.rss / MIB)}, ${digits(last.rss / MIB)}`);
  return { requests: done, rate, memory: sizes };
}

function* until(/** @type {number} */ end) {
  for (let i = 0; performance.now() < end; i++) yield i;
}

/** One client of a hundred leaves, and a worker is killed each second. @param {import('./child.mjs').Server} server @param {ReturnType<typeof requests>} known */
async function faults(server, known) {
  /** @type {string[]} */
  const want = [];
  await each(known.entries(), async ([at, request]) => {
    want[at] = await ask(server.url, request);
  });
  const counts = { answered: 0, left: 0, wrong: 0, lost: 0 };
  /** @type {Set<string>} */
  const reasons = new Set();
  const timer = setInterval(server.kill, 1000);
  await each(until(performance.now() + 2000 * seconds), async (i) => {
    const leaves = i % 100 === 50;
    const signal = leaves ? AbortSignal.timeout(1 + (i % 7)) : undefined;
    const at = i % known.length;
    const answer = await ask(server.url, known[at], signal).catch((/** @type {Error} */ error) => error);
    if (answer instanceof Error) {
      counts[leaves ? 'left' : 'lost']++;
      if (!leaves) reasons.add(`${answer.message} ${answer.cause ?? ''}`.trim());
    } else counts[answer === want[at] ? 'answered' : 'wrong']++;
  });
  clearInterval(timer);
  report('with clients that leave and workers that die: answered', counts.answered, counts.answered > 0);
  report('clients that left before their answer', counts.left);
  report('answers that were wrong', counts.wrong, counts.wrong === 0);
  report('requests that were lost', [counts.lost, ...reasons].join('; '), counts.lost === 0);
  return counts;
}

const machine = begin(`all-MiniLM-L6-v2 int8, ${workers} workers, ${CONNECTIONS} connections, ${PER_REQUEST} texts a request`);
const server = await startServer('server.mjs', [`${workers}`]);
try {
  const results = {
    throughput: await throughput(server, texts(512)),
    mixed: await mixed(server, requests(count)),
    faults: await faults(server, requests(200)),
  };
  table(['', '', ''], rows);
  writeResults('serve', { machine, workers, ...results });
} finally {
  await server.end();
}
process.exitCode = failures.length > 0 ? 1 : 0;

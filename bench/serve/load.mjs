/**
 * What a server adds to the pool that it runs, on loopback: `node bench/serve/load.mjs [--workers 2] [--seconds 8] [--mixed 10000]`. Each part is bounded in
 * requests and in time. Fails where an answer is wrong, a request that was accepted is lost, memory grows, or throughput is below nine tenths.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { jit } from '../../dist/index.js';
import { requests, texts } from './texts.mjs';

const { values } = parseArgs({
  options: { workers: { type: 'string' }, seconds: { type: 'string', default: '8' }, mixed: { type: 'string', default: '10000' } },
});
const WORKERS = Number(values.workers ?? Math.max(1, availableParallelism() - 1));
const SECONDS = Number(values.seconds);
const MODEL = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2/model.tracelet', import.meta.url));
const HEADERS = { 'content-type': 'application/json' };
const PER_REQUEST = 8;
const CONNECTIONS = 16;
const MIXED = Number(values.mixed);
/** Milliseconds after which mixed requests are enough. */
const PATIENCE = 180_000;
const AT_ONCE = 12;

const failures = [];
const report = (what, value, isWell = true) => {
  console.log(`${what.padEnd(52)} ${value}${isWell ? '' : '   TOO BAD'}`);
  if (!isWell) failures.push(what);
};

async function startServer() {
  const child = fork(new URL('server.mjs', import.meta.url), [String(WORKERS)], { execArgv: ['--expose-gc'] });
  const [{ url }] = await once(child, 'message');
  const memory = async () => {
    child.send('memory');
    const [{ memory: bytes }] = await once(child, 'message');
    return bytes;
  };
  const end = async () => {
    child.send('end');
    await once(child, 'exit');
  };
  return { url, memory, kill: () => child.send('kill'), end };
}

/** Texts a second of the pool alone, kept as busy as the server will be. */
async function poolAlone(list) {
  const pool = await jit.load(MODEL, { workers: WORKERS });
  const end = performance.now() + 1000 * SECONDS;
  let done = 0;
  const client = async (at) => {
    for (let i = at; performance.now() < end; i += CONNECTIONS, done += PER_REQUEST)
      await pool.embed(Array.from({ length: PER_REQUEST }, (_, j) => list[(PER_REQUEST * i + j) % list.length]));
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, at) => client(at)));
  pool.dispose();
  return (1000 * done) / (performance.now() - begun);
}

const bodies = (list, count) =>
  Array.from({ length: count }, (_, i) =>
    JSON.stringify({ inputs: Array.from({ length: PER_REQUEST }, (_, j) => list[(PER_REQUEST * i + j) % list.length]) }),
  );

const cannon = (url, list, more) =>
  autocannon({
    url: `${url}embed`,
    method: 'POST',
    headers: HEADERS,
    connections: CONNECTIONS,
    duration: SECONDS,
    timeout: 60,
    requests: bodies(list, 64).map((body) => ({ body })),
    ...more,
  });

async function ask(url, { path, body }, signal) {
  const response = await fetch(url + path, { method: 'POST', headers: HEADERS, body, signal });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
  return path === 'api/embed' ? JSON.stringify(JSON.parse(text).embeddings) : text;
}

/** Does `work` with each of `list`, so many at once. */
async function each(list, work) {
  const rest = list.entries();
  const client = async () => {
    for (const [i, one] of rest) await work(one, i);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
}

async function throughput(server, list) {
  await cannon(server.url, list, { duration: 2 });
  const alone = await poolAlone(list);
  const full = await cannon(server.url, list);
  const served = (PER_REQUEST * full.requests.total) / full.duration;
  report('pool alone, texts a second', alone.toFixed(0));
  report('server, texts a second', served.toFixed(0));
  report('of the pool alone', `${((100 * served) / alone).toFixed(0)} %`, served >= 0.9 * alone);
  report('requests that failed', full.non2xx + full.errors, full.non2xx + full.errors === 0);
  const half = await cannon(server.url, list, { overallRate: Math.max(1, Math.round(full.requests.total / full.duration / 2)) });
  report('at half of that: median, 99th of 100, ms', `${half.latency.p50}, ${half.latency.p99}`);
}

async function mixed(server, list) {
  const sizes = [];
  const begun = performance.now();
  let done = 0;
  await each(list, async (request) => {
    if (performance.now() - begun > PATIENCE) return;
    await ask(server.url, request);
    if (++done % (list.length / 10) === 0) sizes.push(await server.memory());
  });
  const [early, late] = [sizes.slice(1, 4), sizes.slice(-3)].map((part) => Math.max(...part) / 2 ** 20);
  report(`${done} mixed requests, a second`, ((1000 * done) / (performance.now() - begun)).toFixed(0), done === list.length);
  report('memory in the second to fourth tenth and at the end, MiB', `${early.toFixed(0)}, ${late.toFixed(0)}`, late < 1.1 * early);
}

/** One client of a hundred leaves, and a worker is killed each second. */
async function faults(server, list) {
  const known = list.slice(0, 200);
  const want = await Promise.all(known.map((request) => ask(server.url, request)));
  const timer = setInterval(server.kill, 1000);
  const counts = { answered: 0, left: 0, wrong: 0, lost: 0 };
  const end = performance.now() + 1000 * SECONDS;
  await each(
    Array.from({ length: 1_000_000 }, (_, i) => i),
    async (i) => {
      if (performance.now() > end) return;
      const leaves = i % 100 === 50;
      const at = i % known.length;
      const signal = leaves ? AbortSignal.timeout(1 + (i % 7)) : undefined;
      const answer = await ask(server.url, known[at], signal).catch((error) => (leaves ? undefined : error));
      if (answer === undefined) counts.left++;
      else if (answer instanceof Error) counts.lost++;
      else if (answer === want[at]) counts.answered++;
      else counts.wrong++;
    },
  );
  clearInterval(timer);
  report('with clients that leave and workers that die: answered', counts.answered);
  report('clients that left before their answer', counts.left);
  report('answers that were wrong', counts.wrong, counts.wrong === 0);
  report('requests that were lost', counts.lost, counts.lost === 0);
}

const server = await startServer();
try {
  console.log(`${WORKERS} workers, ${CONNECTIONS} connections, ${PER_REQUEST} texts a request, node ${process.versions.node}`);
  await throughput(server, texts(512));
  await mixed(server, requests(MIXED));
  await faults(server, requests(200));
} finally {
  await server.end();
}
process.exitCode = failures.length > 0 ? 1 : 0;

/**
 * What a shard takes of a producer, of the servers of queues and of sinks: processor time, divided by the shards.
 *
 *   node bench/batch/record.mjs [--shards 100]
 *
 * Writes bench/results/batch-nodeMAJOR.json, which simulate.mjs reads, and the tables of docs/scaling.md that follow from it. Needs redis-server, postgres and Linux;
 * takes a minute.
 */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { jsonl, openSink, submit, work } from '../../dist/batch/index.js';
import { jit } from '../../dist/index.js';
import { startPostgres, startRedis } from '../../test/batch/servers.mjs';
import { begin, digits, table, writeResults } from '../measure/report.mjs';
import { corpus } from './corpus.mjs';
import { processorSeconds } from './processor-time.mjs';
import { writeTables } from './tables.mjs';

/** What stands for a shard of 65,536 tokens: texts of 128 tokens, and vectors of MiniLM. */
const [TEXTS, WIDTH, TOKENS] = [512, 384, 65_536];

/** Shards of a producer. */
const PRODUCED = 8;

const { values } = parseArgs({ options: { shards: { type: 'string', default: '100' } } });
const count = Number(values.shards);
const traced = await jit.load(createRequire(import.meta.url).resolve('@tracelet/all-minilm-l6-v2/model.tracelet'));

const sentence = 'The girl plays the violin while a man is eating food and stocks fall sharply. '.repeat(7);
/** One long text a shard: as many bytes as its texts have, for next to no computing. @param {number} shards */
function* shards(shards) {
  for (let i = 0; i < shards; i++) yield `${i} ${Array.from({ length: TEXTS }, (_, j) => `${j} ${sentence}`).join('')}`;
}

/** Milliseconds of a producer a shard: reading lines, counting tokens, packing, and sending. @param {string} file @param {string} queue */
async function producerTime(file, queue) {
  const lines = Array.from(corpus(TEXTS * PRODUCED), (text) => `${JSON.stringify({ text })}\n`);
  writeFileSync(file, lines.join(''));
  const submitted = (/** @type {string} */ name) => submit({ queue, name }, jsonl(file), traced, { truncate: true, shardTokens: TOKENS });
  await submitted('warm');
  const before = ownSeconds();
  await submitted('producer');
  return (1000 * (ownSeconds() - before)) / PRODUCED;
}

/** Shards through a queue whose sink has them all: what is left is the queue. @param {import('../../test/batch/servers.mjs').Server} server */
async function queue(server) {
  const place = { queue: server.address, name: 'record' };
  await submit(place, shards(1), traced, { truncate: true });
  await work(place, traced, { has: async () => true, write: async () => {} }, { untilDone: true });
  const before = processorSeconds(server.pid());
  await submit(place, shards(count), traced, { truncate: true, shardTokens: 1, waiting: count + 1 });
  const submitted = processorSeconds(server.pid());
  await work(place, traced, { has: async () => true, write: async () => {} }, { untilDone: true, concurrency: 8 });
  const worked = processorSeconds(server.pid());
  return { submit: (1000 * (submitted - before)) / count, work: (1000 * (worked - submitted)) / count };
}

/** @param {number} shard */
const rowsOf = (shard) =>
  Array.from({ length: TEXTS }, (_, i) => ({
    id: `${shard}-${i}`,
    embedding: Float32Array.from({ length: WIDTH }, () => Math.random() - 0.5),
  }));

/**
 * Milliseconds a shard of the worker, and of the server that stores.
 * @param {import('../../dist/batch/index.js').Sink} sink @param {() => number} serverSeconds
 */
async function sinkTime(sink, serverSeconds = () => 0) {
  await sink.open?.({});
  await sink.write({ id: 'first', rows: rowsOf(-1) }, {});
  const shards = Array.from({ length: count }, (_, i) => ({ id: `${i}`.padStart(4, '0'), rows: rowsOf(i) }));
  const [worker, server] = [ownSeconds(), serverSeconds()];
  for (const shard of shards) await sink.write(shard, {});
  const ms = { worker: (1000 * (ownSeconds() - worker)) / count, server: (1000 * (serverSeconds() - server)) / count };
  await sink.close?.();
  return ms;
}

const ownSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** @param {string} folder */
const bytesIn = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce(
    (sum, name) => sum + (statSync(join(folder, name)).isFile() ? statSync(join(folder, name)).size : 0),
    0,
  );

const machine = begin('what a shard of 512 texts of 128 tokens takes of servers');
const folder = mkdtempSync(join(tmpdir(), 'record-'));
const [redis, postgres] = [await startRedis(), await startPostgres()];
try {
  const producer = await producerTime(join(folder, 'corpus.jsonl'), redis.address);
  const queues = { redis: await queue(redis), postgres: await queue(postgres) };
  const sinks = /** @type {import('./tables.mjs').Recorded['sinks']} */ ({});
  for (const format of /** @type {const} */ (['ndjson', 'parquet'])) {
    const place = join(folder, format);
    sinks[format] = { ...(await sinkTime(await openSink(place, { format }))), bytes: Math.round(bytesIn(place) / (count + 1)) };
  }
  const rows = await openSink(postgres.address, { type: 'real[]' });
  sinks.postgres = { ...(await sinkTime(rows, () => processorSeconds(postgres.pid()))), bytes: TEXTS * WIDTH * 4 };
  table(
    ['queue', 'ms to submit', 'ms to work on'],
    Object.entries(queues).map(([name, ms]) => [name, digits(ms.submit), digits(ms.work)]),
  );
  table(
    ['sink', 'ms of the worker', 'ms of the server', 'bytes'],
    Object.entries(sinks).map(([name, { worker, server, bytes }]) => [name, digits(worker), digits(server), `${bytes}`]),
  );
  console.log(`a producer takes ${digits(producer)} ms a shard\n`);
  const results = { machine, shard: { texts: TEXTS, tokens: TOKENS, width: WIDTH }, producer, queues, sinks };
  writeResults('batch', results);
  writeTables(results);
} finally {
  traced.dispose();
  await Promise.all([redis.stop(), postgres.stop()]);
  rmSync(folder, { recursive: true });
}

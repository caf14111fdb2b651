/** The tables of docs/scaling.md that follow from what record.mjs measured. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { simulate } from './simulation.mjs';

/** @typedef {import('./simulation.mjs').QueueMs} QueueMs @typedef {import('./simulation.mjs').SinkMs} SinkMs */
/** @typedef {{ shard: { tokens: number }, producer: number, queues: Record<'redis' | 'postgres', QueueMs>, sinks: Record<'parquet' | 'ndjson' | 'postgres', SinkMs> }} Recorded */

const DOCS = fileURLToPath(new URL('../../docs/scaling.md', import.meta.url));
/** Of a worker: MiniLM int8 with texts of 128 tokens, as docs/performance.md has it. */
const TOKENS_PER_SECOND = 3546;

const count = (/** @type {number} */ value) => Number(value.toPrecision(3)).toLocaleString('en-US');
const many = (/** @type {number} */ value) => (value < 1e6 ? count(value) : `${count(value / 1e6)} million`);
const ms = (/** @type {number} */ value) => `${Number(value.toPrecision(2))}`;
const percent = (/** @type {number} */ share) => (share < 0.01 ? `${(100 * share).toFixed(1)} %` : `${Math.round(100 * share)} %`);

const line = (/** @type {readonly string[]} */ cells) => `|${cells.map((cell) => ` ${cell} `.replace(/^ +$/, ' ')).join('|')}|`;
/** @param {readonly (readonly string[])[]} rows the first is the head */
const markdown = ([head, ...rows]) => [line(head), `${'|---'.repeat(head.length)}|`, ...rows.map(line)].join('\n');

/** What a shard takes beside the model, and how many workers that is enough for. @param {Recorded} recorded */
function costs({ shard: { tokens }, producer, queues, sinks }) {
  /** @type {(name: string, taken: number, each?: string) => string[]} */
  const served = (name, taken, each = '') => {
    const rate = (1000 * tokens) / taken;
    return [name, ms(taken), many(rate), `${count(rate / TOKENS_PER_SECOND)}${each}`];
  };
  const whole = (1000 * tokens) / TOKENS_PER_SECOND;
  /** @type {(name: string, taken: number) => string[]} */
  const own = (name, taken) => [name, ms(taken), '', `${percent(taken / whole)} of its time`];
  return markdown([
    ['', 'ms a shard', 'tokens a second of one core', `that many workers of ${TOKENS_PER_SECOND.toLocaleString('en-US')} tokens a second`],
    served('producer: reading, tokens, packing', producer, ' a producer'),
    served('queue in Redis', queues.redis.submit + queues.redis.work),
    served('queue in PostgreSQL', queues.postgres.submit + queues.postgres.work),
    own('sink: Parquet, of the worker itself', sinks.parquet.worker),
    own('sink: NDJSON, of the worker itself', sinks.ndjson.worker),
    served('sink: PostgreSQL, `real[]`', sinks.postgres.server, ' a core of the database'),
  ]);
}

/** What so many workers do of what as many would do alone. @param {Recorded} recorded */
function shares({ shard: { tokens }, queues, sinks }) {
  const columns = [
    { title: 'Parquet files', queue: queues.redis, sink: sinks.parquet },
    { title: 'PostgreSQL, 1 core', queue: queues.redis, sink: sinks.postgres },
    { title: 'PostgreSQL, 8 cores', queue: queues.redis, sink: sinks.postgres, sinkCores: 8 },
    { title: 'queue in PostgreSQL, files', queue: queues.postgres, sink: sinks.parquet },
  ];
  const of = (/** @type {number} */ workers) =>
    columns.map(({ queue, sink, sinkCores = 1 }) =>
      simulate(workers, { tokens, queue, sink }, { tokensPerSecond: TOKENS_PER_SECOND, sinkCores }),
    );
  const most = 1000;
  return markdown([
    ['workers', ...columns.map(({ title }) => title)],
    ...[1, 10, 100, 300, most].map((workers) => [
      workers.toLocaleString('en-US'),
      ...of(workers).map(({ share }) => (share < 0.9 ? `**${share.toFixed(3)}**` : share.toFixed(3))),
    ]),
    [
      `busy at ${most.toLocaleString('en-US')}`,
      ...of(most).map(({ queue, sink }) => (sink > queue ? `sink ${percent(sink)}` : `queue ${percent(queue)}`)),
    ],
  ]);
}

/** Puts a table in the place of the one that follows a piece of text. @param {string} text @param {string} after @param {string} made */
function replaced(text, after, made) {
  const at = text.indexOf(after);
  if (at < 0) throw new Error(`docs/scaling.md: expected ${after}`);
  return text.slice(0, at) + text.slice(at).replace(/(?:^\|.*\n)+/m, () => `${made}\n`);
}

/** Writes both tables into docs/scaling.md. @param {Recorded} recorded */
export function writeTables(recorded) {
  const text = replaced(readFileSync(DOCS, 'utf8'), '`node bench/batch/record.mjs` measured', costs(recorded));
  writeFileSync(DOCS, replaced(text, '`node bench/batch/simulate.mjs` plays', shares(recorded)));
}

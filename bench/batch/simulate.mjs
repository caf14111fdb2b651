/**
 * Up to a thousand workers on one queue and one sink, event by event, with the service times that record.mjs measured: where more workers do not do more.
 *
 *   node bench/batch/simulate.mjs [--tokens-per-second 3500] [--queue redis] [--sink postgres] [--sink-cores 4] [--model-mb 24.1] [--link-mbit 1000] [--hours 1]
 *
 * A worker first downloads the model over a link that all share, then takes a shard of the queue, computes it, has the sink keep it, and tells the queue. The
 * queue's server does one thing at a time, that of the sink as many as it has cores, in the order in which they are asked; files go over a link of the worker's own to a store that takes all.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { digits, table } from '../measure/report.mjs';

const { values } = parseArgs({
  options: {
    'tokens-per-second': { type: 'string', default: '3500' },
    queue: { type: 'string', default: 'redis' },
    sink: { type: 'string', default: 'parquet' },
    'model-mb': { type: 'string', default: '24.1' },
    'link-mbit': { type: 'string', default: '1000' },
    'sink-cores': { type: 'string', default: '1' },
    hours: { type: 'string', default: '1' },
    'shard-tokens': { type: 'string', default: '65536' },
    recorded: {
      type: 'string',
      default: new URL(`../results/batch-node${process.versions.node.split('.')[0]}.json`, import.meta.url).pathname,
    },
  },
});
const number = (/** @type {keyof typeof values} */ name) => Number(values[name]);
const { shard, queues, sinks } = JSON.parse(readFileSync(values.recorded, 'utf8'));

/** A server that does as many things at a time as it has cores, in the order of asking. */
class Server {
  /** @type {number[]} */
  #free;
  busy = 0;

  /** @param {number} cores */
  constructor(cores = 1) {
    this.#free = new Array(cores).fill(0);
  }

  /** When something asked for at `at`, which takes `seconds`, is done. @param {number} at @param {number} seconds */
  done(at, seconds) {
    const core = this.#free.indexOf(Math.min(...this.#free));
    this.#free[core] = Math.max(at, this.#free[core]) + seconds;
    this.busy += seconds / this.#free.length;
    return this.#free[core];
  }
}

/** Events in the order of their times: a binary heap. */
class Agenda {
  /** @type {[at: number, act: (at: number) => void][]} */
  #heap = [];

  /** @param {number} at @param {(at: number) => void} act */
  add(at, act) {
    const heap = this.#heap;
    let i = heap.push([at, act]) - 1;
    for (let up = (i - 1) >> 1; i > 0 && heap[up][0] > heap[i][0]; i = up, up = (i - 1) >> 1) [heap[i], heap[up]] = [heap[up], heap[i]];
  }

  next() {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return first;
    heap[0] = last;
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      let least = i;
      if (left < heap.length && heap[left][0] < heap[least][0]) least = left;
      if (right < heap.length && heap[right][0] < heap[least][0]) least = right;
      if (least === i) return first;
      [heap[i], heap[least]] = [heap[least], heap[i]];
      i = least;
    }
  }
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). @param {number} seed */
const randomFrom = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

/** How much a worker is faster or slower than others, and a shard than others of its worker. */
const SPREAD = { worker: 0.1, shard: 0.05 };

/** @param {number} workers */
function simulate(workers) {
  const random = randomFrom(workers);
  const around = (/** @type {number} */ spread) => 1 + spread * (2 * random() - 1);
  const size = number('shard-tokens') / shard.tokens;
  const [queue, sink] = [queues[values.queue], sinks[values.sink]];
  const end = 3600 * number('hours');
  const [link, queueServer, sinkServer, agenda] = [new Server(), new Server(), new Server(number('sink-cores')), new Agenda()];
  const compute = number('shard-tokens') / number('tokens-per-second');
  let shards = 0;
  let ready = 0;
  for (let i = 0; i < workers; i++) {
    const own = 1 + SPREAD.worker * ((2 * i + 1) / workers - 1);
    const take = (/** @type {number} */ at) => agenda.add(queueServer.done(at, (size * queue.submit + queue.work / 2) / 1000), run);
    const run = (/** @type {number} */ at) => agenda.add(at + compute * own * around(SPREAD.shard) + (size * sink.worker) / 1000, write);
    const write = (/** @type {number} */ at) => agenda.add(sinkServer.done(at, (size * sink.server) / 1000), tell);
    const tell = (/** @type {number} */ at) => {
      if (at <= end) shards++;
      agenda.add(queueServer.done(at, queue.work / 2000), take);
    };
    ready = link.done(0, (8 * number('model-mb')) / number('link-mbit'));
    agenda.add(ready, take);
  }
  for (let event = agenda.next(); event && event[0] <= end; event = agenda.next()) event[1](event[0]);
  const tokens = shards * number('shard-tokens');
  const ideal = workers * number('tokens-per-second') * end;
  return {
    tokens: tokens / end,
    share: tokens / ideal,
    queue: Math.min(1, queueServer.busy / end),
    sink: Math.min(1, sinkServer.busy / end),
    ready,
  };
}

console.log(
  `${values.queue} to ${values.sink}, shards of ${values['shard-tokens']} tokens, workers of ${values['tokens-per-second']} tokens a second, ${values.hours} h\n`,
);
table(
  ['workers', 'tokens a second', 'share of ideal', 'queue busy', 'sink busy', 'all have the model after'],
  [1, 3, 10, 30, 100, 300, 1000].map((workers) => {
    const { tokens, share, queue, sink, ready } = simulate(workers);
    return [`${workers}`, digits(tokens), share.toFixed(3), queue.toFixed(3), sink.toFixed(3), `${digits(ready)} s`];
  }),
);

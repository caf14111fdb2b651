/**
 * Up to a thousand workers on one queue and one sink, event by event.
 *
 * A worker first downloads the model over a link that all share, then takes a shard of the queue, computes it, has the sink keep it, and tells the queue. The
 * queue's server does one thing at a time, that of the sink as many as it has cores, in the order in which they are asked; files go over a link of the worker's own to a store that takes all.
 */

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

/**
 * What runs beside the workers, in the units of the options of simulate.mjs.
 * @typedef {{ tokensPerSecond: number, shardTokens: number, modelMb: number, linkMbit: number, sinkCores: number, hours: number }} Setting
 * @typedef {{ submit: number, work: number }} QueueMs milliseconds of the queue's server a shard
 * @typedef {{ worker: number, server: number, bytes?: number }} SinkMs milliseconds of the worker and of the sink's server a shard
 */

/** @type {Setting} */
export const SETTING = { tokensPerSecond: 3500, shardTokens: 65_536, modelMb: 24.1, linkMbit: 1000, sinkCores: 1, hours: 1 };

/**
 * What so many workers do together. `recorded` is of shards of so many tokens.
 * @param {number} workers @param {{ tokens: number, queue: QueueMs, sink: SinkMs }} recorded @param {Partial<Setting>} [setting]
 */
export function simulate(workers, { tokens: recordedTokens, queue, sink }, setting = {}) {
  const { tokensPerSecond, shardTokens, modelMb, linkMbit, sinkCores, hours } = { ...SETTING, ...setting };
  const random = randomFrom(workers);
  const around = (/** @type {number} */ spread) => 1 + spread * (2 * random() - 1);
  const size = shardTokens / recordedTokens;
  const end = 3600 * hours;
  const [link, queueServer, sinkServer, agenda] = [new Server(), new Server(), new Server(sinkCores), new Agenda()];
  const compute = shardTokens / tokensPerSecond;
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
    ready = link.done(0, (8 * modelMb) / linkMbit);
    agenda.add(ready, take);
  }
  for (let event = agenda.next(); event && event[0] <= end; event = agenda.next()) event[1](event[0]);
  const tokens = shards * shardTokens;
  const ideal = workers * tokensPerSecond * end;
  return {
    tokens: tokens / end,
    share: tokens / ideal,
    queue: Math.min(1, queueServer.busy / end),
    sink: Math.min(1, sinkServer.busy / end),
    ready,
  };
}

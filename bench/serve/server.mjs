/** A server of a model in a process of its own, whose workers can be killed and whose memory and processor time be asked for: `server.mjs WORKERS [MODEL]`. */
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import threads from 'node:worker_threads';
import { processorTime } from '../measure/stats.mjs';
import { MODEL } from './texts.mjs';

const alive = new Set();
threads.Worker = class extends threads.Worker {
  constructor(...given) {
    super(...given);
    alive.add(this);
    this.once('exit', () => alive.delete(this));
  }
};
syncBuiltinESMExports();

const { serve } = await import('../../dist/serve/index.js');
const [workers, model = MODEL] = process.argv.slice(2);
const server = await serve({ minilm: model }, { port: 0, workers: Number(workers), max_concurrent_requests: 4096 });

/** Memory once all that is not held is gone: what finalizers free goes with the second collection. */
async function held() {
  for (let i = 0; i < 2; i++) {
    globalThis.gc?.();
    await setTimeout(50);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, held: heapUsed + external };
}

const ORDERS = {
  kill: () => void [...alive].at(-1)?.terminate(),
  memory: () => void held().then((memory) => process.send({ memory })),
  processor: () => void process.send({ processor: processorTime() }),
  end: () => server.close().then(() => process.exit()),
};
process.on('disconnect', () => process.exit());
process.on('message', (order) => ORDERS[order]());
process.send({ url: server.url });

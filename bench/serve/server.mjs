/** A server of the default model in a process of its own, whose workers can be killed and whose memory be asked for. */
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

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
const [workers] = process.argv.slice(2).map(Number);
const model = new URL('../../models/all-MiniLM-L6-v2/model.tracelet', import.meta.url);
const server = await serve({ minilm: model }, { port: 0, workers, max_concurrent_requests: 4096 });

const ORDERS = {
  kill: () => void [...alive].at(-1)?.terminate(),
  memory() {
    globalThis.gc?.();
    process.send({ memory: process.memoryUsage().rss });
  },
  end: () => server.close().then(() => process.exit()),
};
process.on('disconnect', () => process.exit());
process.on('message', (order) => ORDERS[order]());
process.send({ url: server.url });

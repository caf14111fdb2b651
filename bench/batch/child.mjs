/** A worker in a process of its own, which tells its parent of each shard: `node child.mjs QUEUE NAME SINK`. */
import { createRequire } from 'node:module';
import { openSink, work } from '../../dist/batch/index.js';
import { jit } from '../../dist/index.js';

const [queue, name, sink] = process.argv.slice(2);
const model = createRequire(import.meta.url).resolve('@tracelet/all-minilm-l6-v2/model.tracelet');
const traced = await jit.load(model, { workers: 1 });
const stop = new AbortController();
process.once('disconnect', () => stop.abort());
await work({ queue, name }, traced, await openSink(sink), {
  signal: stop.signal,
  progress_callback: ({ tokens }) => process.send?.({ tokens, at: performance.timeOrigin + performance.now() }),
}).catch((error) => {
  if (!stop.signal.aborted) throw error;
});
traced.dispose();

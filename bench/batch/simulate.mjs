/**
 * Up to a thousand workers on one queue and one sink, with the service times that record.mjs measured: where more workers do not do more.
 *
 *   node bench/batch/simulate.mjs [--tokens-per-second 3500] [--queue redis] [--sink postgres] [--sink-cores 4] [--model-mb 24.1] [--link-mbit 1000] [--hours 1]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { digits, table } from '../measure/report.mjs';
import { SETTING, simulate } from './simulation.mjs';

const dashed = (/** @type {string} */ name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const NAMES = /** @type {(keyof typeof SETTING)[]} */ (Object.keys(SETTING));

/** @type {{ values: Record<string, any> }} */
const { values } = parseArgs({
  options: {
    queue: { type: 'string', default: 'redis' },
    sink: { type: 'string', default: 'parquet' },
    recorded: {
      type: 'string',
      default: new URL(`../results/batch-node${process.versions.node.split('.')[0]}.json`, import.meta.url).pathname,
    },
    ...Object.fromEntries(NAMES.map((name) => [dashed(name), { type: 'string', default: `${SETTING[name]}` }])),
  },
});
const setting = Object.fromEntries(NAMES.map((name) => [name, Number(values[dashed(name)])]));
const { shard, queues, sinks } = JSON.parse(readFileSync(values.recorded, 'utf8'));
const recorded = { tokens: shard.tokens, queue: queues[values.queue], sink: sinks[values.sink] };

console.log(
  `${values.queue} to ${values.sink}, shards of ${setting.shardTokens} tokens, workers of ${setting.tokensPerSecond} tokens a second, ${setting.hours} h\n`,
);
table(
  ['workers', 'tokens a second', 'share of ideal', 'queue busy', 'sink busy', 'all have the model after'],
  [1, 3, 10, 30, 100, 300, 1000].map((workers) => {
    const { tokens, share, queue, sink, ready } = simulate(workers, recorded, setting);
    return [`${workers}`, digits(tokens), share.toFixed(3), queue.toFixed(3), sink.toFixed(3), `${digits(ready)} s`];
  }),
);

/**
 * A worker with a fault: it says on stdout what it is about to do, and then holds still or ends itself.
 * `node worker.mjs '{"queue", "name", "model", "sink", "lock", "fault", "word"}'`: `fault` is `computing` or `writing`, where it
 * holds at the first shard, or `paused`, where it writes once SIGUSR2 comes; `word` is a token whose texts end the process.
 */
import { jit } from 'tracelet';
import { openSink, work } from 'tracelet/bullmq';

const { queue, name, model, sink, lock, fault, word } = JSON.parse(process.argv[2]);
const traced = await jit.load(model);
const files = await openSink(sink);

const resumed = new Promise((resolve) => process.once('SIGUSR2', resolve));

async function hold(at) {
  if (fault !== at) return;
  process.stdout.write(`${at}\n`);
  await (at === 'paused' ? resumed : new Promise(() => {}));
}

const deadly = word === undefined ? -1 : traced.tokenizer.convert_tokens_to_ids(word);
const { run } = traced.runner;
traced.runner.run = async (inputs, options) => {
  await hold('computing');
  if (inputs.input_ids.data.includes(deadly)) process.kill(process.pid, 'SIGKILL');
  return run.call(traced.runner, inputs, options);
};
const write = async (shard, options) => {
  await hold('writing');
  await hold('paused');
  await files.write(shard, options);
};
const alive = setInterval(() => {}, 1000);
await work({ queue, name }, traced, { ...files, write }, { untilDone: true, lock });
clearInterval(alive);
traced.dispose();

import { Command, Option } from 'commander';
import { messageOf } from '../../../base/realm.ts';
import type { SinkOptions, Worked } from '../../../batch/index.ts';
import type { ThreadCount } from '../../../runtime/threads/choose.ts';
import { defaultTrace, openTrace } from '../../model.ts';
import { examples, seconds, whole, workersOption } from '../../options.ts';
import { whole as grouped, note, print } from '../../output.ts';
import { Progress } from '../../progress.ts';
import { batching, type PlaceOptions, placeOf, placeOptions } from './place.ts';

interface WorkOptions extends PlaceOptions, SinkOptions {
  model?: string;
  sink: string;
  workers: ThreadCount;
  batchTokens?: number;
  concurrency?: number;
  lock?: number;
  untilDone?: boolean;
}

/** `tracelet batch work` */
export const workCommand = (signal: AbortSignal): Command => {
  const command = new Command('work')
    .description('embed the shards of a queue, on as many machines as you start it on')
    .requiredOption('--sink <place>', 'where vectors go: a folder, s3://bucket/prefix, an address that takes PUT, or postgres://')
    .addOption(new Option('--format <format>', 'of files (default: ndjson)').choices(['ndjson', 'parquet']))
    .option('--table <name>', 'of a database (default: embeddings)')
    .addOption(new Option('--type <type>', 'of vectors in a database (default: vector)').choices(['vector', 'halfvec', 'real[]']))
    .option('-m, --model <file>', 'the trace that was submitted for (default: the all-MiniLM-L6-v2 that comes with tracelet)')
    .addOption(workersOption().default('auto', 'auto'))
    .option('--batch-tokens <n>', 'tokens to run at a time; answers do not depend on it', whole(1 << 30))
    .option('--concurrency <n>', 'shards to have at a time, one being computed while others are read and written (default: 2)', whole(64))
    .option('--lock <seconds>', 'how long a shard waits for a worker that is dead (default: 30)', seconds)
    .option('--until-done', 'end once no shard is left (default: wait for more)')
    .addHelpText('after', examples('tracelet batch work --queue redis://localhost --sink vectors/ --until-done'))
    .action((options: WorkOptions) => run(options, signal));
  for (const option of placeOptions()) command.addOption(option);
  return command;
};

async function run(options: WorkOptions, signal: AbortSignal): Promise<void> {
  const { model, sink, format, table, type, workers, batchTokens, concurrency, lock, untilDone } = options;
  const { openSink, work } = await batching();
  const traced = await openTrace(model ?? defaultTrace(), { signal, workers });
  const progress = new Progress();
  const trouble_callback = (error: Error): void => {
    progress.clear();
    note(`tracelet: ${messageOf(error)}; tried again`);
  };
  const progress_callback = (done: Worked): void => progress.update(`working: ${inWords(done)}`);
  try {
    const done = await work(placeOf(options), traced, await openSink(sink, { format, table, type }), {
      batchTokens,
      concurrency,
      lock: lock && 1000 * lock,
      untilDone,
      signal,
      trouble_callback,
      progress_callback,
    });
    progress.clear();
    print(inWords(done));
  } finally {
    progress.clear();
    traced.dispose();
  }
}

function inWords({ shards, texts, tokens, failed }: Worked): string {
  const errors = failed > 0 ? `, ${grouped(failed)} of them with an error` : '';
  return `${grouped(shards)} shards, ${grouped(texts)} texts${errors}, ${grouped(tokens)} tokens`;
}

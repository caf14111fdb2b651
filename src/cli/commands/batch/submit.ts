import { Readable } from 'node:stream';
import { Command, Option } from 'commander';
import type { BatchRecord, Fields, Submitted } from '../../../batch/index.ts';
import type { Source } from '../../../sources/source.ts';
import { defaultTrace, openTrace } from '../../model.ts';
import { examples, whole } from '../../options.ts';
import { whole as grouped, print, printJson } from '../../output.ts';
import { Progress } from '../../progress.ts';
import { batching, type PlaceOptions, placeOf, placeOptions } from './place.ts';

interface SubmitOptions extends PlaceOptions {
  model?: string;
  text?: string;
  pair?: string;
  id?: string;
  prompt?: string;
  promptName?: string;
  truncateDim?: number;
  normalize?: boolean;
  truncate?: boolean;
  chunk?: boolean;
  overlap?: number;
  shardTokens?: number;
  waiting?: number;
  unique: boolean;
  json?: boolean;
}

/** `tracelet batch submit` */
export const submitCommand = (signal: AbortSignal): Command => {
  const command = new Command('submit')
    .description('cut the texts of a file into shards, and add to a queue those that it does not have')
    .argument('<source>', 'a .jsonl or .parquet file, its address, or - for JSONL from stdin')
    .option('-m, --model <file>', 'the trace that workers will run (default: the all-MiniLM-L6-v2 that comes with tracelet)')
    .option('--text <field>', 'where the text of a row is (default: text)')
    .option('--pair <field>', 'where its second text is, for models of pairs')
    .option('--id <field>', 'where its id is (default: id, and the hash of the text for rows that have none)')
    .addOption(new Option('--prompt-name <name>', 'put the prompt of this name before texts (default: as the model says)'))
    .addOption(new Option('--prompt <text>', 'put these words before texts').conflicts('promptName'))
    .option('--truncate-dim <n>', 'keep so many numbers of each vector', whole(1 << 20))
    .option('--normalize', 'scale vectors to length 1')
    .addOption(
      new Option('--truncate', 'leave out what does not fit of texts that are too long (default: an error in the sink)').conflicts('chunk'),
    )
    .option('--chunk', 'cut texts that are too long between words, and pool the vectors of the parts')
    .addOption(
      new Option('--overlap <n>', 'tokens that a part repeats of the one before').argParser(whole(1 << 20)).implies({ chunk: true }),
    )
    .option('--shard-tokens <n>', 'most tokens of a shard (default: 65536)', whole(1 << 24))
    .option('--waiting <n>', 'most shards that wait in the queue before this command waits in turn (default: 1000)', whole(1 << 30))
    .option('--no-unique', 'keep texts whose id came before')
    .option('--json', 'print what was submitted as JSON')
    .addHelpText(
      'after',
      `
Submitting a source again goes on where it ended: shards that the queue has are passed over, and those that failed are tried again.
${examples(
  'tracelet batch submit corpus.jsonl --queue redis://localhost',
  'tracelet batch submit corpus.jsonl --queue redis://localhost --name titles --text title --truncate',
)}`,
    )
    .action((source: string, options: SubmitOptions) => run(source, options, signal));
  for (const option of placeOptions()) command.addOption(option);
  return command;
};

async function run(path: string, options: SubmitOptions, signal: AbortSignal): Promise<void> {
  const { model, text, pair, id, prompt, promptName: prompt_name, truncateDim: truncate_dim, overlap, json, ...rest } = options;
  const { normalize, truncate, chunk, shardTokens, waiting, unique } = rest;
  const { submit } = await batching();
  const traced = await openTrace(model ?? defaultTrace(), { signal });
  const progress = new Progress();
  const progress_callback = (done: Submitted): void => progress.update(`submitting: ${inWords(done)}`);
  const vectors = { prompt, prompt_name, truncate_dim, normalize, truncate, chunk: chunk && { overlap } };
  try {
    const records = await recordsOf(path, { text, pair, id, signal });
    const done = await submit(placeOf(options), records, traced, { ...vectors, shardTokens, waiting, unique, signal, progress_callback });
    progress.clear();
    if (json) printJson(done);
    else print(inWords(done));
  } finally {
    progress.clear();
    traced.dispose();
  }
}

async function recordsOf(path: string, fields: Fields): Promise<AsyncIterable<BatchRecord>> {
  const { jsonl, parquet } = await batching();
  if (/\.parquet$/i.test(path)) return parquet(path, fields);
  return jsonl(path === '-' ? (Readable.toWeb(process.stdin) as Source) : path, fields);
}

function inWords({ shards, added, texts, tokens, repeated }: Submitted): string {
  const left = repeated > 0 ? `, ${grouped(repeated)} more were repeats` : '';
  return `${grouped(texts)} texts, ${grouped(tokens)} tokens in ${grouped(shards)} shards, ${grouped(added)} of them new${left}`;
}

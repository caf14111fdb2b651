import { type Command, Option } from 'commander';
import { TraceletError } from '../base/error.ts';
import type { ThreadCount } from '../runtime/threads/choose.ts';
import { openPipeline, type Pipeline, type PipelineOptions, type TaskName } from '../tasks/pipeline.ts';
import type { CallOptions } from '../tasks/task.ts';
import { textLists } from './input.ts';
import { threadsOption, whole } from './options.ts';
import { note } from './output.ts';
import { Progress, QUIET_MS } from './progress.ts';

/** What every command has that asks a model for answers. */
export interface TaskOptions {
  model: string;
  json?: boolean;
  batchTokens?: number;
  threads?: ThreadCount;
}

/** Adds the options of {@link TaskOptions}; `model` and `json` say what is opened and printed. */
export const withTaskOptions = (command: Command, { model, json }: { model: string; json: string }): Command =>
  command
    .requiredOption('-m, --model <model>', `${model}: a directory of transformers, a hub id, or what a pipeline saved`)
    .option('--json', `print ${json}`)
    .addOption(new Option('--batch-tokens <n>', 'tokens to run at a time; answers do not depend on it').argParser(whole(1 << 30)))
    .addOption(threadsOption());

/** `--top` */
export const topOption = (what: string, usual?: number): Option =>
  new Option('--top <n>', `${what}${usual === undefined ? ' (default: all)' : ''}`).argParser(whole(1 << 20)).default(usual);

/** Opens a model for a task, hands it to `use` with the options of a call, and gives its memory back whatever comes of it. */
export async function useTask<Name extends TaskName, Answer>(
  task: Name,
  { model, threads, batchTokens }: TaskOptions,
  signal: AbortSignal,
  use: (run: Pipeline<Name>, call: CallOptions) => Promise<Answer>,
): Promise<Answer> {
  const reading = new Progress();
  const options = { signal, threads, progress_callback: reading.reading } as unknown as PipelineOptions<Name>;
  const run = await openPipeline(task, model, options).finally(() => reading.clear());
  const progress = new Progress(QUIET_MS);
  const progress_callback: CallOptions['progress_callback'] = ({ done, total }) => progress.update(`answering: ${done} of ${total} done`);
  try {
    return await use(run, { signal, batchTokens, progress_callback });
  } finally {
    progress.clear();
    run.dispose();
  }
}

/** Texts in their order with what `ask` answers for lists of them, a list at a time. Says so where there are none. */
export async function* answersFor<Answer>(
  texts: readonly string[],
  signal: AbortSignal,
  ask: (texts: string[]) => Promise<Answer[]>,
): AsyncGenerator<readonly [text: string, answer: Answer]> {
  let answered = 0;
  for await (const list of textLists(texts, signal)) {
    const answers = await ask(list).catch((error) => renumbered(error, answered));
    for (const [i, text] of list.entries()) yield [text, answers[i]];
    answered += list.length;
  }
  if (answered === 0) note('tracelet: no lines on stdin, so there is no answer');
}

/** Throws an error about a text of a list, with its number among all texts. */
function renumbered(error: unknown, before: number): never {
  if (error instanceof TraceletError)
    error.message = error.message.replace(/^texts\[(\d+)\]/, (_, index) => `texts[${Number(index) + before}]`);
  throw error;
}

/** A score as tables have it. */
export const shownScore = (score: number): string => score.toFixed(3);

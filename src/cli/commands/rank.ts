import { Command } from 'commander';
import { allTexts } from '../input.ts';
import { examples } from '../options.ts';
import { note, print, printJson, table } from '../output.ts';
import { shownScore, type TaskOptions, topOption, useTask, withTaskOptions } from '../tasks.ts';

interface RankOptions extends TaskOptions {
  top?: number;
  truncate?: boolean;
}

/** `tracelet rank` */
export const rankCommand = (signal: AbortSignal): Command =>
  withTaskOptions(new Command('rank'), {
    model: 'a cross-encoder',
    json: 'a line of JSON for each document, the best first: {"corpus_id", "score", "text"}',
  })
    .description('order documents by what they have to do with a question')
    .argument('<question>', 'what is asked')
    .argument('<documents...>', 'texts; - for the lines of stdin')
    .addOption(topOption('documents to show'))
    .option('--truncate', 'leave out what does not fit of the longer text (default: an error)')
    .addHelpText(
      'after',
      examples(
        'tracelet rank "a cat on a mat" "a kitten on a rug" "rising interest rates" -m ms-marco-MiniLM-L6-v2/',
        'tracelet rank "interest rates" - -m ms-marco-MiniLM-L6-v2/ --top 3 --json < texts.txt',
      ),
    )
    .action((question: string, documents: string[], options: RankOptions) => rank(question, documents, options, signal));

async function rank(question: string, given: readonly string[], options: RankOptions, signal: AbortSignal): Promise<void> {
  const documents: string[] = [];
  for await (const text of allTexts(given, signal)) documents.push(text);
  if (documents.length === 0) return note('tracelet: no lines on stdin, so there is no answer');
  const { top, truncate = false } = options;
  const ranked = await useTask('text-ranking', options, signal, (run, call) => {
    const asked = { ...call, top_k: top ?? null, return_documents: true, truncation: truncate };
    return run(question, documents, asked);
  });
  if (options.json) for (const row of ranked) printJson(row);
  else {
    const rows = ranked.map(({ corpus_id, score, text = '' }) => [shownScore(score), `${corpus_id + 1}`, text]);
    print(table([['score', 'number', 'document'], ...rows], 'rrt'));
  }
}

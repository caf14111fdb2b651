import { Command, Option } from 'commander';
import type { Classified } from '../../tasks/textclassification.ts';
import type { ZeroShot } from '../../tasks/zeroshot.ts';
import { examples } from '../options.ts';
import { print, printJson, table } from '../output.ts';
import { answersFor, shownScore, type TaskOptions, topOption, useTask, withTaskOptions } from '../tasks.ts';

interface ClassifyOptions extends TaskOptions {
  top: number;
  truncate?: boolean;
  labels?: string;
  template?: string;
  multi?: boolean;
}

type Ask = (texts: string[]) => Promise<Classified[][]>;

/** `tracelet classify` */
export const classifyCommand = (signal: AbortSignal): Command =>
  withTaskOptions(new Command('classify'), {
    model: 'a classifier of texts, or with --labels a model of natural language inference',
    json: 'a line of JSON for each text: {"text": ..., "labels": [{"label", "score"}, ...]}',
  })
    .description('score labels for texts: those of the model, or any')
    .argument('<texts...>', 'texts; - for the lines of stdin, of which blank ones are texts as well')
    .addOption(topOption('labels to show for each text', 5))
    .option('--truncate', 'leave out what does not fit of texts that are too long (default: an error)')
    .option('--labels <list>', 'labels that the model was not trained for, with commas between them')
    .addOption(new Option('--template <text>', 'what is said of a text, with {} for a label (default: "This example is {}.")'))
    .option('--multi', 'score each of --labels by itself, so that several may be right')
    .addHelpText(
      'after',
      examples(
        'tracelet classify "a cat on a mat" -m roberta-sentiment/',
        'tracelet classify - -m roberta-sentiment/ --json < texts.txt',
        'tracelet classify "rising interest rates" -m deberta-v3-base-mnli/ --labels "money, animals, travel"',
      ),
    )
    .action((texts: string[], options: ClassifyOptions) => classify(texts, options, signal));

async function classify(texts: readonly string[], options: ClassifyOptions, signal: AbortSignal): Promise<void> {
  const rows: string[][] = [];
  await withAsked(options, signal, async (ask) => {
    for await (const [text, labels] of answersFor(texts, signal, ask))
      if (options.json) printJson({ text, labels });
      else rows.push(...labels.map(({ label, score }, i) => [i === 0 ? text : '', label, shownScore(score)]));
  });
  if (rows.length > 0) print(table([['text', 'label', 'score'], ...rows], 'tlr'));
}

/** Hands `use` what scores labels: those of the model, or those that were given. */
function withAsked(options: ClassifyOptions, signal: AbortSignal, use: (ask: Ask) => Promise<void>): Promise<void> {
  const { top, truncate: truncation, labels, template, multi: multi_label } = options;
  if (labels === undefined)
    return useTask('text-classification', options, signal, (run, call) => use((texts) => run(texts, { ...call, top_k: top, truncation })));
  return useTask('zero-shot-classification', options, signal, (run, call) => {
    const asked = { ...call, multi_label, truncation, ...(template !== undefined && { hypothesis_template: template }) };
    return use(async (texts) => (await run(texts, labels, asked)).map((each) => listed(each).slice(0, top)));
  });
}

const listed = ({ labels, scores }: ZeroShot): Classified[] => labels.map((label, i) => ({ label, score: scores[i] }));

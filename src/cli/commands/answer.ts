import { Command } from 'commander';
import type { Answer } from '../../tasks/questionanswering.ts';
import { readInput } from '../input.ts';
import { examples, whole } from '../options.ts';
import { print, printJson, table } from '../output.ts';
import { shownScore, type TaskOptions, topOption, useTask, withTaskOptions } from '../tasks.ts';

interface AnswerOptions extends TaskOptions {
  top: number;
  longest?: number;
  none?: boolean;
}

/** `tracelet answer` */
export const answerCommand = (signal: AbortSignal): Command =>
  withTaskOptions(new Command('answer'), {
    model: 'a model that answers questions from texts',
    json: 'a line of JSON for each answer, the likeliest first: {"score", "start", "end", "answer"}; places count UTF-16 units',
  })
    .description('find the part of a text that answers a question')
    .argument('<question>', 'what is asked')
    .argument('<text>', 'where the answer stands, however long; - for all of stdin')
    .addOption(topOption('answers to show', 3))
    .option('--longest <n>', 'most tokens of an answer (default: 15)', whole(1 << 20))
    .option('--none', 'let there be no answer, which is an empty one')
    .addHelpText(
      'after',
      examples(
        'tracelet answer "what is the capital of france" "paris is the capital of france" -m distilbert-squad/',
        'tracelet answer "what is on a mat" - -m distilbert-squad/ --top 1 --json < texts.txt',
      ),
    )
    .action((question: string, text: string, options: AnswerOptions) => answer(question, text, options, signal));

async function answer(question: string, given: string, options: AnswerOptions, signal: AbortSignal): Promise<void> {
  const context = given === '-' ? await readInput(given, signal) : given;
  const { top: top_k, longest: max_answer_len, none: handle_impossible_answer } = options;
  const answers = await useTask('question-answering', options, signal, (run, call) => {
    return run(question, context, { ...call, top_k, handle_impossible_answer, ...(max_answer_len && { max_answer_len }) });
  });
  if (options.json) for (const each of answers) printJson(each);
  else print(table([['score', 'start', 'end', 'answer', 'stands in'], ...answers.map((each) => rowOf(each, context))], 'rrrtt'));
}

/** Characters of the text that are shown on either side of an answer. */
const AROUND = 24;

const rowOf = ({ score, start, end, answer: words }: Answer, context: string): string[] => {
  const around = words === '' ? '' : context.slice(Math.max(0, start - AROUND), end + AROUND);
  return [shownScore(score), `${start}`, `${end}`, words === '' ? '(none)' : words, around];
};

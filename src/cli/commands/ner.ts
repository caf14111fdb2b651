import { Command, Option } from 'commander';
import { type AggregationStrategy, type EntityGroup, STRATEGIES, type TokenEntity } from '../../tasks/entities.ts';
import { examples, whole } from '../options.ts';
import { print, printJson, table } from '../output.ts';
import { answersFor, shownScore, type TaskOptions, useTask, withTaskOptions } from '../tasks.ts';

interface NerOptions extends TaskOptions {
  strategy: AggregationStrategy;
  stride?: number;
  truncate?: boolean;
}

type Entity = TokenEntity | EntityGroup;

/** `tracelet ner` */
export const nerCommand = (signal: AbortSignal): Command =>
  withTaskOptions(new Command('ner'), {
    model: 'a classifier of tokens',
    json: 'a line of JSON for each text: {"text": ..., "entities": [{"entity_group", "score", "word", "start", "end"}, ...]}; places count UTF-16 units',
  })
    .description('find names and other entities in texts')
    .argument('<texts...>', 'texts; - for the lines of stdin, of which blank ones are texts as well')
    .addOption(new Option('--strategy <name>', 'how tokens become entities; none shows each token').choices(STRATEGIES).default('simple'))
    .option('--stride <n>', 'read texts that are too long in parts that repeat so many tokens (default: an error)', whole(1 << 20))
    .addOption(new Option('--truncate', 'leave out what does not fit of texts that are too long').conflicts('stride'))
    .addHelpText(
      'after',
      examples(
        'tracelet ner "paris is the capital of france" -m bert-base-NER/',
        'tracelet ner - -m bert-base-NER/ --strategy first --stride 16 --json < texts.txt',
      ),
    )
    .action((texts: string[], options: NerOptions) => ner(texts, options, signal));

async function ner(texts: readonly string[], options: NerOptions, signal: AbortSignal): Promise<void> {
  const rows: string[][] = [];
  let number = 0;
  await useTask('token-classification', options, signal, async (run, call) => {
    const asked = { ...call, aggregation_strategy: options.strategy, stride: options.stride, truncation: options.truncate };
    for await (const [text, entities] of answersFor<Entity[]>(texts, signal, (list) => run(list, asked))) {
      number++;
      if (options.json) printJson({ text, entities });
      else rows.push(...entities.map((entity) => rowOf(entity, text, number)));
    }
  });
  if (!options.json && number > 0) print(table([['text', 'entity', 'score', 'start', 'end', 'words'], ...rows], 'rlrrrt'));
}

const rowOf = (entity: Entity, text: string, number: number): string[] => {
  const { score, start, end } = entity;
  const label = 'entity' in entity ? entity.entity : entity.entity_group;
  return [`${number}`, label, shownScore(score), `${start}`, `${end}`, text.slice(start, end)];
};

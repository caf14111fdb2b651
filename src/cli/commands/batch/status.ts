import { Command, InvalidArgumentError, Option } from 'commander';
import type { Advice, BatchStatus } from '../../../batch/index.ts';
import { openTrace } from '../../model.ts';
import { examples } from '../../options.ts';
import { whole as grouped, print, printJson, table } from '../../output.ts';
import { batching, type PlaceOptions, placeOf, placeOptions } from './place.ts';

interface StatusOptions extends PlaceOptions {
  until?: Date;
  model?: string;
  json?: boolean;
  prometheus?: boolean;
}

const date = (text: string): Date => {
  const value = new Date(text);
  if (value.getTime() > Date.now()) return value;
  throw new InvalidArgumentError('It must be a date and time to come, such as 2030-01-31T08:00.');
};

/** `tracelet batch status` */
export const statusCommand = (signal: AbortSignal): Command => {
  const command = new Command('status')
    .description('tell how far a queue is, until when it takes, and how many workers are enough')
    .addOption(new Option('--until <time>', 'tell how many workers are done by then, such as 2030-01-31T08:00').argParser(date))
    .option('-m, --model <file>', 'a trace whose speed here is estimated, where no worker has been measured yet')
    .option('--json', 'print JSON')
    .addOption(new Option('--prometheus', 'print numbers for Prometheus').conflicts(['json', 'until']))
    .addHelpText(
      'after',
      examples('tracelet batch status --queue redis://localhost', 'tracelet batch status --queue redis://localhost --prometheus'),
    )
    .action((options: StatusOptions) => run(options, signal));
  for (const option of placeOptions()) command.addOption(option);
  return command;
};

async function run({ until, model, json, prometheus: asMetrics, ...place }: StatusOptions, signal: AbortSignal): Promise<void> {
  const { advise, prometheus, status } = await batching();
  if (asMetrics) return print(await prometheus(placeOf(place), { signal }));
  const found = await status(placeOf(place), { signal });
  const traced = model === undefined ? undefined : await openTrace(model, { signal });
  try {
    const advice = until && advise(found, { until, model: traced });
    if (json) printJson({ ...found, ...(advice && { advice }) });
    else print(table(linesOf(found, advice), 'lr'));
  } finally {
    traced?.dispose();
  }
}

function linesOf(
  { shards, shard, workers, tokensPerSecond, tokensLeft, secondsLeft, failure }: BatchStatus,
  advice: Advice | undefined,
): string[][] {
  const counts = Object.entries(shards).map(([name, count]) => [`shards ${name}`, grouped(count)]);
  const known: [string, string | undefined][] = [
    ['workers', grouped(workers)],
    ['tokens a shard', grouped(Math.round(shard.tokens))],
    ['texts a shard', grouped(Math.round(shard.texts))],
    ['texts with errors a shard', shard.failed > 0 ? shard.failed.toPrecision(2) : undefined],
    ['tokens left, about', grouped(tokensLeft)],
    ['tokens a second', tokensPerSecond === undefined ? undefined : grouped(Math.round(tokensPerSecond))],
    ['done in', secondsLeft === undefined ? undefined : duration(secondsLeft)],
    ['last failure', failure],
    [
      `workers until then, at ${advice?.from} ${grouped(Math.round(advice?.tokensPerSecond ?? 0))} tokens a second each`,
      advice && grouped(advice.workers),
    ],
    ['hours of all workers', advice && grouped(Math.ceil(advice.hours))],
  ];
  return [...counts, ...known.flatMap(([name, value]) => (value ? [[name, value]] : []))];
}

/** Such as 2 d 3 h, or 40 s. */
function duration(all: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const at = Math.max(
    0,
    units.findIndex(([size]) => all >= size),
  );
  let rest = Math.round(all);
  const parts = units.slice(at < 0 ? -1 : at, at + 2).map(([size, unit]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return `${count} ${unit}`;
  });
  return all < 1 ? '0 s' : parts.join(' ');
}

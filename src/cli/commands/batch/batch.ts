import { Command } from 'commander';
import { examples } from '../../options.ts';
import { statusCommand } from './status.ts';
import { submitCommand } from './submit.ts';
import { workCommand } from './work.ts';

/** `tracelet batch` */
export const batchCommand = (signal: AbortSignal): Command => {
  const batch = new Command('batch')
    .description('embed more texts than one machine can, over a queue in Redis, Valkey or PostgreSQL')
    .addHelpText(
      'after',
      examples(
        'tracelet batch submit corpus.jsonl --queue redis://localhost',
        'tracelet batch work --queue redis://localhost --sink vectors/ --until-done',
        'tracelet batch status --queue redis://localhost',
      ),
    );
  for (const command of [submitCommand, workCommand, statusCommand]) {
    const child = command(signal);
    batch.addCommand(child.showHelpAfterError(`See tracelet batch ${child.name()} --help`));
  }
  return batch;
};

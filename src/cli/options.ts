import { InvalidArgumentError, Option } from 'commander';
import { INTEGER_FORMS } from '../integers.ts';
import { ARCHITECTURES } from '../models/index.ts';
import { MOST_THREADS, type ThreadCount } from '../threads/choose.ts';
import { SHORT_NAMES } from './model.ts';

/** Parses an option that is a whole number from 1 to `most`. */
export const whole =
  (most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
  };

/** Parses an option that is a positive number of seconds, an hour at most. */
export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 3600) return value;
  throw new InvalidArgumentError('It must be a number of seconds above 0, at most 3600.');
}

/** `--integers`, instead of the fastest form. */
export const integersOption = (): Option =>
  new Option('--integers <form>', 'how quantised traces multiply (default: the fastest way here)').choices(Object.keys(INTEGER_FORMS));

/** `--threads` */
export const threadsOption = (): Option =>
  new Option('--threads <n>', 'threads that a call runs on, or auto for as many as the machine has (default: 1)').argParser(
    (text: string): ThreadCount => (text === 'auto' ? text : whole(MOST_THREADS)(text)),
  );

export const DEFAULT_SEQ = 128;

/** `--seq` */
export const seqOption = (): Option =>
  new Option('--seq <n>', `tokens a text (default: ${DEFAULT_SEQ}, or those of the trace given)`).argParser(whole(1 << 20));

/** `--batch` */
export const batchOption = (): Option => new Option('--batch <n>', 'texts a call').argParser(whole(1 << 16)).default(1);

/** `--head`, the architecture to build. */
export const headOption = (): Option =>
  new Option('--head <arch>', `architecture: ${SHORT_NAMES.join(', ')} or its full name`).argParser((text: string): string => {
    if (SHORT_NAMES.includes(text) || Object.hasOwn(ARCHITECTURES, text)) return text;
    throw new InvalidArgumentError(`It must be one of ${[...SHORT_NAMES, ...Object.keys(ARCHITECTURES)].join(', ')}.`);
  });

/** The closing part of a command's help. */
export const examples = (...lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;

import { InvalidArgumentError, Option } from 'commander';
import { didYouMean } from '../base/nearest.ts';
import { INTEGER_FORMS } from '../kernels/integers.ts';
import { ARCHITECTURES } from '../models/index.ts';
import type { ThreadCount } from '../runtime/threads/choose.ts';
import { MOST_THREADS } from '../runtime/threads/control.ts';
import type { Bounds } from '../tensor/dim.ts';
import { SHORT_NAMES } from './heads.ts';

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

/** `--method` */
export const methodOption = (): Option =>
  new Option('--method <name>', 'a method of the trace beside forward, such as jit.trace_module makes');

/** `--workers` */
export const workersOption = (): Option =>
  new Option('--workers <n>', 'workers that calls run in, or auto for as many as the machine has').argParser(
    (text: string): ThreadCount => (text === 'auto' ? text : whole(MOST_THREADS)(text)),
  );

export const DEFAULT_SEQ = 128;

/** `--output`, the file to write. */
export const outputOption = (): Option => new Option('-o, --output <file>', 'the file to write; - for stdout').makeOptionMandatory();

/** `--seq` */
export const seqOption = (): Option =>
  new Option('--seq <n>', `tokens a text (default: ${DEFAULT_SEQ}, or those of the trace given)`).argParser(whole(1 << 20));

/** `--batch` */
export const batchOption = (): Option =>
  new Option('--batch <n>', 'texts a call (default: 1, or those of the trace given)').argParser(whole(1 << 16));

/** `--dynamic`, with bounds or those that suit the model. */
export const dynamicOption = (): Option =>
  new Option(
    '--dynamic [bounds]',
    'any sizes within bounds, such as batch=1:64,sequence=1:512 (default: up to 64 texts of any length)',
  ).argParser(bounds);

function bounds(text: string): Bounds {
  const entries = text.split(',').map((part) => /^(\w+)=(\d+):(\d+)$/.exec(part.trim()));
  if (entries.includes(null)) throw new InvalidArgumentError('It must be such as batch=1:64,sequence=1:512.');
  return Object.fromEntries((entries as RegExpExecArray[]).map(([, symbol, low, high]) => [symbol, [Number(low), Number(high)]]));
}

/** Parses an option that is a number of bytes, such as 128MB or 1.5GiB. */
export function memory(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([kmg]?i?b?)$/i.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('It must be a number of bytes, such as 128MB or 1GiB.');
  const power = 1 + 'kmg'.indexOf(unit[0]?.toLowerCase() ?? ' ');
  return Math.floor(Number(number) * (/i/i.test(unit) ? 1024 : 1000) ** (unit === '' || /^b/i.test(unit) ? 0 : power));
}

/** `--head`, the architecture to build. */
export const headOption = (): Option =>
  new Option('--head <arch>', `architecture: ${SHORT_NAMES.join(', ')} or its full name`).argParser((text: string): string => {
    const names = [...SHORT_NAMES, ...Object.keys(ARCHITECTURES)];
    const named = names.find((name) => name.toLowerCase() === text.toLowerCase());
    if (named) return named;
    throw new InvalidArgumentError(`It must be one of ${names.join(', ')}. ${didYouMean(text, names) ?? ''}`.trimEnd());
  });

/** The closing part of a command's help. */
export const examples = (...lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;

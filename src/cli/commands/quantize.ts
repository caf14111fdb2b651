import { readFile, stat } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { TraceletError } from '../../error.ts';
import * as jit from '../../jit.ts';
import { type Bits, type QuantizeReport, quantize } from '../../quantize/index.ts';
import type { TracedModule } from '../../trace/traced.ts';
import { findTrace, openTrace } from '../model.ts';
import { batchOption, dynamicOption, examples, headOption, seqOption } from '../options.ts';
import { bytes, note, print, printJson, table } from '../output.ts';
import { Progress } from '../progress.ts';
import { checkPlace, type TracingOptions, traceModel } from '../tracing.ts';

interface QuantizeOptions extends TracingOptions {
  output: string;
  bits: string;
  calibrate?: string;
  keep?: RegExp;
  json?: boolean;
}

const pattern = (text: string): RegExp => {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new TraceletError('value', { what: '--keep', expected: 'a regular expression', got: (cause as Error).message });
  }
};

/** `tracelet quantize` */
export const quantizeCommand = (signal: AbortSignal): Command =>
  new Command('quantize')
    .description('make a trace whose products run in integers: smaller, faster, and the same bits everywhere')
    .argument('<model>', 'a trace, or a transformers directory to trace first')
    .requiredOption('-o, --output <file>', 'the file to write')
    .addOption(new Option('--bits <n>', 'bits a weight').choices(['8', '4']).default('8'))
    .option('--calibrate <file>', 'texts to calibrate with, one a line in UTF-8: a few dozen like those to come')
    .option('--keep <pattern>', 'leave weights whose name matches in float32', pattern)
    .addOption(seqOption())
    .addOption(batchOption())
    .addOption(dynamicOption())
    .option('--exact-padding', 'compute padding as PyTorch does, instead of leaving it out')
    .addOption(headOption())
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
The report has a line for each weight, worst first: the error of its products (or, without calibration, of the weight) as a share.
It travels in the trace as quantization.json. --seq, --batch and --head say how a directory is traced.
${examples(
  'tracelet quantize minilm.tracelet -o minilm-q8.tracelet --calibrate texts.txt',
  'tracelet quantize bert-base-uncased/ -o bert-q4.tracelet --bits 4 --calibrate texts.txt --seq 64',
  "tracelet quantize minilm.tracelet -o q8.tracelet --keep 'pooler|layer\\.0\\.'",
)}`,
    )
    .action((source: string, options: QuantizeOptions) => run(source, options, signal));

async function run(source: string, options: QuantizeOptions, signal: AbortSignal): Promise<void> {
  await checkPlace(options.output);
  const texts = options.calibrate === undefined ? [] : await readTexts(options.calibrate, signal);
  const progress = new Progress();
  try {
    const traced = await openSource(source, options, progress, signal);
    const keep = options.keep && ((name: string) => (options.keep as RegExp).test(name));
    const bits = Number(options.bits) as Bits;
    const made = await quantize(traced, { bits, calibrate: texts, keep, signal, progress: progress.quantizing });
    progress.phase(`writing ${options.output}`);
    await jit.save(made.traced, options.output, { signal });
    progress.clear();
    if (options.json) return printJson(made.report);
    print(reportText(made.report));
    print(`\nwrote ${options.output}, ${bytes((await stat(options.output)).size)}`);
    if (texts.length === 0) note('tracelet: not calibrated; --calibrate FILE with texts like those to come makes it more accurate');
  } finally {
    progress.clear();
  }
}

async function openSource(source: string, options: QuantizeOptions, progress: Progress, signal: AbortSignal): Promise<TracedModule> {
  if ((await findTrace(source)) !== undefined) return openTrace(source, { signal });
  return (await traceModel(source, options, progress, signal)).traced;
}

/** The lines of a file that are not blank. Throws `source` errors, and `value` errors for files that are not UTF-8 or hold no text. */
async function readTexts(path: string, signal: AbortSignal): Promise<string[]> {
  const content = await readFile(path, { signal }).catch((cause) =>
    Promise.reject(new TraceletError('source', { what: path, expected: 'a readable file', got: cause.code ?? cause.message, cause })),
  );
  const lines = decodeText(content, path).split(/\r?\n/);
  const texts = lines.filter((line) => line.trim() !== '');
  if (texts.length > 0) return texts;
  throw new TraceletError('value', { what: path, expected: 'at least one text to calibrate with, one a line', got: 'an empty file' });
}

function decodeText(content: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch (cause) {
    throw new TraceletError('value', { what: path, expected: 'UTF-8', got: 'other bytes', cure: 'Save the file as UTF-8 text', cause });
  }
}

function reportText({ layers, outputs, samples }: QuantizeReport): string {
  const rows = layers
    .toSorted((a, b) => b.error - a.error)
    .map(({ name, op, shape, bits, error }) => [name, op, shape.join(' x '), `${bits}`, `${(100 * error).toFixed(2)} %`]);
  const head = ['weight', 'op', 'shape', 'bits', 'error'];
  const parts = [table([head, ...rows], 'lllrr')];
  const cosines = outputs.map(({ name, mean, worst }) => [name, mean.toFixed(5), worst.toFixed(5)]);
  if (samples > 0) parts.push(table([[`cosine over ${samples} texts`, 'mean', 'worst'], ...cosines], 'lrr'));
  return parts.join('\n\n');
}

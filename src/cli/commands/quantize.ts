import { Command, InvalidArgumentError, Option } from 'commander';
import { TraceletError } from '../../base/error.ts';
import * as jit from '../../jit/index.ts';
import { type Bits, type QuantizeReport, quantize } from '../../quantize/index.ts';
import type { TracedModule } from '../../traced/traced.ts';
import { nameOf, readLines } from '../input.ts';
import { findTrace, openTrace } from '../model.ts';
import { batchOption, dynamicOption, examples, headOption, outputOption, seqOption } from '../options.ts';
import { bytes, note, table } from '../output.ts';
import { placeFor, writeTo } from '../place.ts';
import { Progress } from '../progress.ts';
import { type TracingOptions, traceModel } from '../tracing.ts';

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
    throw new InvalidArgumentError(`It must be a regular expression: ${(cause as Error).message}.`);
  }
};

/** `tracelet quantize` */
export const quantizeCommand = (signal: AbortSignal): Command =>
  new Command('quantize')
    .description('make a trace whose products run in integers: smaller, faster, and the same bits everywhere')
    .argument('<model>', 'a trace, or a transformers directory or .pt file to trace first')
    .addOption(outputOption())
    .addOption(new Option('--bits <n>', 'bits a weight').choices(['8', '4']).default('8'))
    .option('--calibrate <file>', 'texts to calibrate with, one a line in UTF-8 (- for stdin): a few dozen like those to come')
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
It travels in the trace as quantization.json. --seq, --batch, --dynamic, --exact-padding and --head say how a\ndirectory is traced, or a trace made anew.
${examples(
  'tracelet quantize minilm.tracelet -o minilm-q8.tracelet --calibrate texts.txt',
  'tracelet quantize bert-base-uncased/ -o bert-q4.tracelet --bits 4 --calibrate texts.txt --seq 64',
  "tracelet quantize minilm.tracelet -o q8.tracelet --keep 'pooler|layer\\.0\\.'",
)}`,
    )
    .action((source: string, options: QuantizeOptions) => run(source, options, signal));

async function run(source: string, options: QuantizeOptions, signal: AbortSignal): Promise<void> {
  const place = await placeFor(options.output, source, await findTrace(source), options.calibrate);
  const texts = options.calibrate === undefined ? [] : await readTexts(options.calibrate, signal);
  const progress = new Progress();
  try {
    const traced = await openSource(source, options, progress, signal);
    const keep = options.keep && ((name: string) => (options.keep as RegExp).test(name));
    const bits = Number(options.bits) as Bits;
    const made = await quantize(traced, { bits, calibrate: texts, keep, signal, progress: progress.quantizing });
    progress.phase(`writing ${options.output}`);
    const size = await writeTo(place, await jit.serialize(made.traced, { signal }), signal);
    progress.clear();
    if (options.json) return place.say(JSON.stringify(made.report));
    place.say(reportText(made.report));
    place.say(`\nwrote ${place.path}, ${bytes(size)}`);
    if (texts.length === 0) note('tracelet: not calibrated; --calibrate FILE with texts like those to come makes it more accurate');
  } finally {
    progress.clear();
  }
}

/** What says how a model is traced. */
const TRACING = ['seq', 'batch', 'dynamic', 'exactPadding', 'head'] as const;

/** A trace as it is, unless it is to be made anew; one that is quantised is refused as it is. */
async function openSource(source: string, options: QuantizeOptions, progress: Progress, signal: AbortSignal): Promise<TracedModule> {
  const isReady = (await findTrace(source)) !== undefined && TRACING.every((name) => options[name] === undefined);
  const made = isReady ? undefined : await traceModel(source, options, progress, signal);
  return made && made.before?.bits === undefined ? made.traced : openTrace(source, { signal });
}

/** The lines that are not blank. Throws `source` errors, and `value` errors for what is not UTF-8 or holds no text. */
async function readTexts(path: string, signal: AbortSignal): Promise<string[]> {
  const texts: string[] = [];
  for await (const line of readLines(path, signal)) if (line.trim() !== '') texts.push(line);
  if (texts.length > 0) return texts;
  throw new TraceletError('value', { what: nameOf(path), expected: 'at least one text to calibrate with, one a line', got: 'none' });
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

import { Command, Option } from 'commander';
import * as jit from '../../jit/index.ts';
import { quantize } from '../../quantize/index.ts';
import { findTrace, openTrace } from '../model.ts';
import { batchOption, dynamicOption, examples, headOption, outputOption, seqOption } from '../options.ts';
import { note } from '../output.ts';
import { placeFor, writeTo } from '../place.ts';
import { Progress } from '../progress.ts';
import { describeTrace, type TracingOptions, traceModel } from '../tracing.ts';
import { inWords } from '../words.ts';

interface TraceOptions extends TracingOptions {
  output: string;
  dtype?: keyof typeof BITS;
}

/** `tracelet trace` */
export const traceCommand = (signal: AbortSignal): Command =>
  new Command('trace')
    .description('trace a model to a file that runs anywhere')
    .argument('<model>', 'a transformers directory (config.json, weights, vocab.txt or tokenizer.json) or a .tracelet file')
    .addOption(outputOption())
    .addOption(seqOption())
    .addOption(batchOption())
    .addOption(dynamicOption())
    .option('--exact-padding', 'compute padding as PyTorch does, instead of leaving it out')
    .addOption(headOption())
    .addOption(
      new Option(
        '--dtype <dtype>',
        'float32 weights, or integers of 8 or 4 bits, as far as the trace that is given has none (default: those of the trace given, else f32)',
      ).choices(Object.keys(BITS)),
    )
    .option('--no-fusion', 'keep one instruction for each op of the model')
    .option('--no-check', 'do not compare the trace with the model')
    .addHelpText(
      'after',
      examples(
        'tracelet trace all-MiniLM-L6-v2/ -o minilm.tracelet',
        'tracelet trace all-MiniLM-L6-v2/ -o minilm-q8.tracelet --dtype q8 --seq 256',
        'tracelet trace bert-base-uncased/ -o masked.tracelet --head mlm --seq 32',
        'tracelet trace minilm.tracelet -o batch8.tracelet --batch 8',
        'tracelet trace all-MiniLM-L6-v2/ -o any.tracelet --dynamic',
        'tracelet trace all-MiniLM-L6-v2/ -o some.tracelet --dynamic batch=1:8,sequence=1:128',
      ),
    )
    .action((source: string, options: TraceOptions) => trace(source, options, signal));

const BITS = { f32: undefined, q8: 8, q4: 4 } as const;

async function trace(source: string, options: TraceOptions, signal: AbortSignal): Promise<void> {
  const place = await placeFor(options.output, source, await findTrace(source));
  const progress = new Progress();
  try {
    const { name, traced, withoutTexts, before } = await traceModel(source, options, progress, signal);
    const bits = options.dtype ? BITS[options.dtype] : before?.bits;
    const like = before && bits === before.bits && bits ? await openTrace(before.path, { signal }) : undefined;
    const result = bits ? (await quantize(traced, { bits, like, signal, progress: progress.quantizing })).traced : traced;
    progress.phase(`writing ${options.output}`);
    const size = await writeTo(place, await jit.serialize(result, { signal }), signal);
    progress.clear();
    if (withoutTexts) note(`tracelet: the trace takes ids and no texts: ${inWords(withoutTexts)}`);
    describeTrace(result, place, size, name);
  } finally {
    progress.clear();
  }
}

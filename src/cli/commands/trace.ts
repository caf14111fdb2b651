import { Command, Option } from 'commander';
import * as jit from '../../jit/index.ts';
import { type Bits, quantize } from '../../quantize/index.ts';
import { findTrace, openTrace } from '../model.ts';
import { batchOption, dynamicOption, examples, headOption, outputOption, seqOption } from '../options.ts';
import { note } from '../output.ts';
import { placeFor, writeTo } from '../place.ts';
import { Progress } from '../progress.ts';
import { describeTrace, type TracingOptions, traceModel } from '../tracing.ts';
import { inWords } from '../words.ts';

interface TraceOptions extends TracingOptions {
  output: string;
  dtype?: keyof typeof DTYPES;
}

/** `tracelet trace` */
export const traceCommand = (signal: AbortSignal): Command =>
  new Command('trace')
    .description('trace a model to a file that runs anywhere')
    .argument(
      '<model>',
      'a transformers directory (config.json, weights, vocab.txt or tokenizer.json), a .tracelet file, or a .pt or .pt2 file of torch.jit.save or torch.export.save',
    )
    .addOption(outputOption())
    .addOption(seqOption())
    .addOption(batchOption())
    .addOption(dynamicOption())
    .option('--exact-padding', 'compute padding as PyTorch does, instead of leaving it out')
    .addOption(headOption())
    .addOption(
      new Option(
        '--dtype <dtype>',
        'weights in floats of 32 or 16 bits, or in integers of 8 or 4 as far as the trace that is given has none (default: as in the model)',
      ).choices(Object.keys(DTYPES)),
    )
    .option('--no-fusion', 'keep one instruction for each op of the model')
    .option('--no-check', 'do not compare the trace with the model')
    .addHelpText(
      'after',
      examples(
        'tracelet trace all-MiniLM-L6-v2/ -o minilm.tracelet',
        'tracelet trace all-MiniLM-L6-v2/ -o minilm-q8.tracelet --dtype q8 --seq 256',
        'tracelet trace all-MiniLM-L6-v2/ -o minilm-bf16.tracelet --dtype bf16',
        'tracelet trace bert-base-uncased/ -o masked.tracelet --head mlm --seq 32',
        'tracelet trace minilm.tracelet -o batch8.tracelet --batch 8',
        'tracelet trace all-MiniLM-L6-v2/ -o any.tracelet --dynamic',
        'tracelet trace all-MiniLM-L6-v2/ -o some.tracelet --dynamic batch=1:8,sequence=1:128',
      ),
    )
    .action((source: string, options: TraceOptions) => trace(source, options, signal));

/** Floats that weights are traced in, or the bits that they are quantised to. */
const DTYPES = { f32: { stored: 'f32' }, bf16: { stored: 'bf16' }, f16: { stored: 'f16' }, q8: { bits: 8 }, q4: { bits: 4 } } as const;

type Dtype = { stored?: TracingOptions['stored']; bits?: Bits };

async function trace(source: string, options: TraceOptions, signal: AbortSignal): Promise<void> {
  const place = await placeFor(options.output, source, await findTrace(source));
  const progress = new Progress();
  try {
    const dtype: Dtype | undefined = options.dtype && DTYPES[options.dtype];
    const { name, traced, withoutTexts, before } = await traceModel(source, { ...options, stored: dtype?.stored }, progress, signal);
    const bits = dtype ? dtype.bits : before?.bits;
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

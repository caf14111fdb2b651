import { Command, Option } from 'commander';
import * as jit from '../../jit.ts';
import { quantize } from '../../quantize/index.ts';
import { openTrace } from '../model.ts';
import { batchOption, dynamicOption, examples, headOption, seqOption } from '../options.ts';
import { note } from '../output.ts';
import { Progress } from '../progress.ts';
import { checkPlace, describeTrace, type TracingOptions, traceModel } from '../tracing.ts';

interface TraceOptions extends TracingOptions {
  output: string;
  dtype?: keyof typeof BITS;
}

/** `tracelet trace` */
export const traceCommand = (signal: AbortSignal): Command =>
  new Command('trace')
    .description('trace a model to a file that runs anywhere')
    .argument('<model>', 'a transformers directory (config.json, model.safetensors, vocab.txt or tokenizer.json) or a .tracelet file')
    .requiredOption('-o, --output <file>', 'the file to write')
    .addOption(seqOption())
    .addOption(batchOption())
    .addOption(dynamicOption())
    .option('--exact-padding', 'compute padding as PyTorch does, instead of leaving it out')
    .addOption(headOption())
    .addOption(
      new Option(
        '--dtype <dtype>',
        `float32 weights, or integers of 8 or 4 bits; tracelet quantize calibrates them (default: f32, or those of the trace given)`,
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
  await checkPlace(options.output);
  const progress = new Progress();
  try {
    const { name, traced, tokenizer, before } = await traceModel(source, options, progress, signal);
    const bits = options.dtype ? BITS[options.dtype] : before?.bits;
    const like = before && bits === before.bits && bits ? await openTrace(before.path, { signal }) : undefined;
    const result = bits ? (await quantize(traced, { bits, like, signal, progress: progress.quantizing })).traced : traced;
    progress.phase(`writing ${options.output}`);
    await jit.save(result, options.output, { signal });
    progress.clear();
    if (!tokenizer) note(`tracelet: ${source} has no vocab.txt or tokenizer.json, so the trace takes ids and no texts`);
    await describeTrace(result, options.output, `${name}, ${bits ? `int${bits}` : 'float32'} weights`);
  } finally {
    progress.clear();
  }
}

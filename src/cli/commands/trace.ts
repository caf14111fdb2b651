import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import { TraceletError } from '../../error.ts';
import * as jit from '../../jit.ts';
import { quantize } from '../../quantize.ts';
import type { TracedModule } from '../../trace/traced.ts';
import { dummyInputs } from '../dummies.ts';
import { isDirectory, openModel } from '../model.ts';
import { examples, headOption, whole } from '../options.ts';
import { bytes, flops, whole as grouped, note, print, table, typeOf } from '../output.ts';
import { Progress } from '../progress.ts';

interface TraceOptions {
  output: string;
  seq?: number;
  batch: number;
  head?: string;
  dtype?: 'f32' | 'q8';
  fusion: boolean;
  check: boolean;
}

const DEFAULT_SEQ = 128;
const CHOICES = 2;

/** `tracelet trace` */
export const traceCommand = (signal: AbortSignal): Command =>
  new Command('trace')
    .description('trace a model to a file that runs anywhere')
    .argument('<model>', 'a transformers directory (config.json, model.safetensors, vocab.txt or tokenizer.json) or a .tracelet file')
    .requiredOption('-o, --output <file>', 'the file to write')
    .option('--seq <n>', `tokens a text (default: ${DEFAULT_SEQ}, or those of the trace given)`, whole(1 << 20))
    .option('--batch <n>', 'texts a call', whole(1 << 16), 1)
    .addOption(headOption())
    .addOption(
      new Option(
        '--dtype <dtype>',
        `weights as float32, or as int8 with a scale a row (default: f32, or those of the trace given)`,
      ).choices(['f32', 'q8']),
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
      ),
    )
    .action((source: string, options: TraceOptions) => trace(source, options, signal));

async function trace(source: string, options: TraceOptions, signal: AbortSignal): Promise<void> {
  await checkPlace(options.output);
  const { name, model, config, tokenizer, traced: before } = await openModel(source, { head: options.head, torchscript: true, signal });
  const progress = new Progress();
  try {
    progress.phase('tracing');
    const inputs = dummyInputs(config, tokenizer, {
      batch: options.batch,
      choices: name.endsWith('ForMultipleChoice') ? CHOICES : undefined,
      seq: options.seq ?? before?.seq ?? Math.min(DEFAULT_SEQ, config.max_position_embeddings),
    });
    const quantised = options.dtype ? options.dtype === 'q8' : before?.quantised;
    const traced = await jit.trace(quantised ? quantize(model) : model, inputs, {
      check_trace: options.check,
      fusion: options.fusion,
      tokenizer,
      signal,
    });
    progress.phase(`writing ${options.output}`);
    await jit.save(traced, options.output, { signal });
    progress.clear();
    if (!tokenizer) note(`tracelet: ${source} has no vocab.txt or tokenizer.json, so the trace takes ids and no texts`);
    await describe(traced, options.output, `${name}, ${quantised ? 'int8' : 'float32'} weights`);
  } finally {
    progress.clear();
  }
}

async function checkPlace(output: string): Promise<void> {
  const folder = dirname(output);
  if (await isDirectory(output)) throw unwritable(output, 'a file to write', 'a directory');
  if (!(await isDirectory(folder))) throw unwritable(output, `a file in a directory that exists`, `none called ${folder}`);
}

const unwritable = (what: string, expected: string, got: string): TraceletError => new TraceletError('source', { what, expected, got });

async function describe(traced: TracedModule, output: string, model: string): Promise<void> {
  const { size } = await stat(output);
  const { instructions, arena } = traced.plan();
  print(
    table(
      [
        ['wrote', `${output}, ${bytes(size)} (${grouped(size)} bytes)`],
        ['model', model],
        ['inputs', traced.inputs.map((input) => `${input.name} ${typeOf(input)}`).join(', ')],
        ['outputs', traced.outputs.map((output) => `${output.name} ${typeOf(output)}`).join(', ')],
        ['a call', `${instructions.length} instructions, ${flops(traced.flops())}, arena of ${bytes(arena)}`],
      ],
      'll',
    ),
  );
}

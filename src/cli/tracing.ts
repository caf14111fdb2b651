import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TraceletError } from '../error.ts';
import * as jit from '../jit.ts';
import type { BertTokenizer } from '../tokenizer/index.ts';
import type { TracedModule } from '../trace/traced.ts';
import { dummyInputs } from './dummies.ts';
import { isDirectory, openModel, type TraceSettings } from './model.ts';
import { DEFAULT_SEQ } from './options.ts';
import { bytes, flops, whole as grouped, print, table, typeOf } from './output.ts';
import type { Progress } from './progress.ts';

export interface TracingOptions {
  seq?: number;
  batch: number;
  head?: string;
  fusion?: boolean;
  check?: boolean;
}

export interface TracedSource {
  /** Of the architecture. */
  name: string;
  traced: TracedModule;
  tokenizer: BertTokenizer | undefined;
  /** How the trace was made that the model comes from, if it does. */
  before: TraceSettings | undefined;
}

const CHOICES = 2;

/** Traces the model of a transformers directory or of another trace. */
export async function traceModel(source: string, options: TracingOptions, progress: Progress, signal: AbortSignal): Promise<TracedSource> {
  const { name, model, config, tokenizer, traced: before } = await openModel(source, { head: options.head, torchscript: true, signal });
  progress.phase('tracing');
  const inputs = dummyInputs(config, tokenizer, {
    batch: options.batch,
    choices: name.endsWith('ForMultipleChoice') ? CHOICES : undefined,
    seq: options.seq ?? before?.seq ?? Math.min(DEFAULT_SEQ, config.max_position_embeddings),
  });
  const traced = await jit.trace(model, inputs, { check_trace: options.check, fusion: options.fusion, tokenizer, signal });
  return { name, traced, tokenizer, before };
}

/** Throws a `source` error where no file can be written, before any work is done. */
export async function checkPlace(output: string): Promise<void> {
  const folder = dirname(output);
  if (await isDirectory(output)) throw unwritable(output, 'a file to write', 'a directory');
  if (!(await isDirectory(folder))) throw unwritable(output, `a file in a directory that exists`, `none called ${folder}`);
}

const unwritable = (what: string, expected: string, got: string): TraceletError => new TraceletError('source', { what, expected, got });

/** Prints what was written. */
export async function describeTrace(traced: TracedModule, output: string, model: string): Promise<void> {
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

import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Bounds } from '../dim.ts';
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
  batch?: number;
  dynamic?: Bounds | true;
  exactPadding?: boolean;
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
const MOST_TEXTS = 64;

/** Traces the model of a transformers directory or of another trace. */
export async function traceModel(source: string, options: TracingOptions, progress: Progress, signal: AbortSignal): Promise<TracedSource> {
  const { name, model, config, tokenizer, traced: before } = await openModel(source, { head: options.head, torchscript: true, signal });
  progress.phase('tracing');
  const inputs = dummyInputs(config, tokenizer, {
    batch: options.batch ?? before?.batch ?? 1,
    choices: name.endsWith('ForMultipleChoice') ? CHOICES : undefined,
    seq: options.seq ?? before?.seq ?? Math.min(DEFAULT_SEQ, config.max_position_embeddings),
  });
  const { check: check_trace, fusion, exactPadding: exact_padding } = options;
  const dynamic = boundsFor(options, before?.dynamic, config.max_position_embeddings);
  const traced = await jit.trace(model, inputs, { check_trace, fusion, exact_padding, dynamic, tokenizer, signal });
  return { name, traced, tokenizer, before };
}

/** The sizes that calls may choose: those asked for, or those of the trace given, unless others were asked for. */
function boundsFor({ dynamic, batch, seq }: TracingOptions, before: Bounds | undefined, longest: number): Bounds | undefined {
  if (dynamic === true) return { batch: [1, Math.max(MOST_TEXTS, batch ?? 1)], sequence: [1, longest] };
  return dynamic ?? (batch === undefined && seq === undefined ? before : undefined);
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

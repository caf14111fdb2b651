import { TraceletError } from '../base/error.ts';
import { DECODER_SEQUENCE } from '../graph/sequences.ts';
import * as jit from '../jit/index.ts';
import type { FamilyClass } from '../models/classes.ts';
import type { WantedName } from '../models/foreign.ts';
import { WithChoices } from '../models/heads.ts';
import type { PreTrainedModel } from '../models/pretrained.ts';
import { MASK, POOLING_MASK } from '../nn/inputs.ts';
import { DECODER_IDS, decoderIds, dummyInputs } from '../tasks/dummies.ts';
import type { Bounds } from '../tensor/dim.ts';
import type { TracedModule } from '../traced/traced.ts';
import { noTokenizer, openModel, type TraceSettings } from './model.ts';
import { DEFAULT_SEQ } from './options.ts';
import { bytes, flops, whole as grouped, table, typeOf } from './output.ts';
import type { Place } from './place.ts';
import { isProgram, loadProgram } from './program.ts';
import type { Progress } from './progress.ts';
import { describeWeights } from './weights.ts';

export interface TracingOptions {
  seq?: number;
  batch?: number;
  dynamic?: Bounds | true;
  exactPadding?: boolean;
  head?: string;
  fusion?: boolean;
  check?: boolean;
  /** Of the weights that are traced. */
  stored?: WantedName;
}

export interface TracedSource {
  /** Of the architecture. */
  name: string;
  traced: TracedModule;
  /** Why it takes no texts, if it does not. */
  withoutTexts: TraceletError | undefined;
  /** How the trace was made that the model comes from, if it does. */
  before: TraceSettings | undefined;
}

const CHOICES = 2;
const MOST_TEXTS = 64;

/** Traces a program of PyTorch, whose file is its name. */
async function traceProgram(path: string, options: TracingOptions, progress: Progress, signal: AbortSignal): Promise<TracedSource> {
  progress.phase('tracing');
  const traced = await loadProgram(path, options, { signal });
  return { name: path, traced, withoutTexts: withoutTokenizer(traced, path), before: undefined };
}

/** Why a trace takes no texts, if it does not. */
function withoutTokenizer(traced: TracedModule, path: string): TraceletError | undefined {
  try {
    void traced.tokenizer;
    return undefined;
  } catch (error) {
    if (!(error instanceof TraceletError)) throw error;
    return error.code === 'value' ? noTokenizer(path) : error;
  }
}

/** Traces the model of a transformers directory, of another trace, or a program of PyTorch. */
export async function traceModel(source: string, options: TracingOptions, progress: Progress, signal: AbortSignal): Promise<TracedSource> {
  if (await isProgram(source, signal)) return traceProgram(source, options, progress, signal);
  const { head, stored: dtype } = options;
  const { name, model, tokenizer, withoutTexts, traced: before } = await openModel(source, { head, torchscript: true, dtype, signal });
  progress.phase('tracing');
  const { config, input_names } = model;
  const longest = Math.min(config.most_tokens(), tokenizer?.model_max_length ?? Infinity);
  const dynamic = boundsFor(options, before?.dynamic, longest, decodes(model));
  checkSequence(options.seq, config.most_tokens());
  const seq = options.seq ?? within(before?.seq ?? Math.min(DEFAULT_SEQ, longest), dynamic?.sequence);
  const inputs = dummyInputs(config, input_names, tokenizer, {
    batch: options.batch ?? within(before?.batch ?? 1, dynamic?.batch),
    choices: model instanceof WithChoices ? CHOICES : undefined,
    seq,
  });
  if (decodes(model)) inputs[DECODER_IDS] = decoderIds(inputs.input_ids, config, within(Math.ceil(seq / 2), dynamic?.decoder_sequence));
  if (input_names.includes(POOLING_MASK)) inputs[POOLING_MASK] = inputs[MASK];
  const { check: check_trace, fusion, exactPadding: exact_padding } = options;
  const traced = await jit.trace(model, inputs, { check_trace, fusion, exact_padding, dynamic, tokenizer, signal });
  return { name, traced, withoutTexts, before };
}

/** Heads of decoders that go on from tokens of their own; others are given those of the text. */
const DECODING = ['Model', 'ForSeq2SeqLM'];

const decodes = (model: PreTrainedModel): boolean =>
  model.input_names.includes(DECODER_IDS) && DECODING.includes((model.constructor as unknown as FamilyClass).head);

function checkSequence(seq: number | undefined, most: number): void {
  if (seq !== undefined && seq > most)
    throw new TraceletError('value', { what: '--seq', expected: `at most the model’s ${most} positions`, got: `${seq}` });
}

const within = (size: number, [low, high]: readonly [number, number] = [size, size]): number => Math.min(high, Math.max(low, size));

/** The sizes that calls may choose: those asked for, or those of the trace given, unless others were asked for. */
function boundsFor(
  { dynamic, batch, seq }: TracingOptions,
  before: Bounds | undefined,
  longest: number,
  decodes: boolean,
): Bounds | undefined {
  const texts: Bounds = { batch: [1, Math.max(MOST_TEXTS, batch ?? 1)], sequence: [1, longest] };
  if (dynamic === true) return decodes ? { ...texts, [DECODER_SEQUENCE]: [1, longest] } : texts;
  return dynamic ?? (batch === undefined && seq === undefined ? before : undefined);
}

/** Says what was written. */
export function describeTrace(traced: TracedModule, { path, say }: Place, size: number, model: string): void {
  const { instructions, arena } = traced.plan();
  say(
    table(
      [
        ['wrote', `${path}, ${bytes(size)} (${grouped(size)} bytes)`],
        ['model', `${model}, ${describeWeights(traced)}`],
        ['inputs', traced.inputs.map((input) => `${input.name} ${typeOf(input)}`).join(', ')],
        ['outputs', traced.outputs.map((output) => `${output.name} ${typeOf(output)}`).join(', ')],
        ['a call', `${instructions.length} instructions, ${flops(traced.flops())}, arena of ${bytes(arena)}`],
      ],
      'll',
    ),
  );
}

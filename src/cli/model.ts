import { createRequire } from 'node:module';
import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { didYouMean } from '../base/nearest.ts';
import { FORWARD, TRACE_NAME } from '../formats/trace.ts';
import { explainThreads } from '../inspect/explain.ts';
import * as jit from '../jit/index.ts';
import { bestVariant } from '../kernels/binaries.ts';
import type { IntegerForm } from '../kernels/integers.ts';
import type { AutoOptions } from '../models/auto.ts';
import { type Loaded, loadModel } from '../models/autoload.ts';
import type { WantedName } from '../models/foreign.ts';
import type { Architecture } from '../models/index.ts';
import type { PreTrainedModel } from '../models/pretrained.ts';
import { SentenceEmbedder } from '../models/sentence/embedder.ts';
import { MissingTensorsError } from '../models/weights.ts';
import type { Variant } from '../platform/platform.ts';
import type { Bits } from '../quantize/index.ts';
import type { ThreadCount } from '../runtime/threads/choose.ts';
import type { Bounds } from '../tensor/dim.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { TracedModule } from '../traced/traced.ts';
import { HEADS } from './heads.ts';
import { note } from './output.ts';
import { isProgram, loadProgram } from './program.ts';
import { Progress } from './progress.ts';
import { translated } from './words.ts';

/** The variants of the kernels that this engine runs. */
export const engineVariants = (): Variant[] => (bestVariant() === 'relaxed' ? ['baseline', 'relaxed'] : ['baseline']);

export interface OpenOptions {
  signal: AbortSignal;
  /** A short or full name instead of the architecture that the model states. */
  head?: string;
  torchscript?: boolean;
  /** The dtype to keep weights in; that of the checkpoint unless given. */
  dtype?: WantedName;
}

export interface OpenModel {
  name: Architecture;
  model: PreTrainedModel;
  tokenizer: PreTrainedTokenizerFast | undefined;
  /** Why there is no tokenizer, if there is none. */
  withoutTexts: TraceletError | undefined;
  /** How the trace was made that the model comes from, if it does. */
  traced: TraceSettings | undefined;
}

export interface TraceSettings {
  path: string;
  batch: number;
  seq: number;
  /** The sizes that it leaves to calls. */
  dynamic: Bounds;
  /** Bits of its weights, where they are quantised. */
  bits: Bits | undefined;
}

/** The trace that `path` means: a file, or model.tracelet in a directory that is not one of transformers. */
export async function findTrace(path: string): Promise<string | undefined> {
  if (/^https?:/.test(path) || !(await isDirectory(path))) return path;
  if (await platform.kindOf(`${path}/config.json`)) return undefined;
  const trace = `${path.replace(/[/\\]+$/, '')}/${TRACE_NAME}`;
  return (await platform.kindOf(trace)) && trace;
}

/** The model in a folder of transformers or in a trace. */
export async function openModel(path: string, { head, torchscript = false, dtype, signal }: OpenOptions): Promise<OpenModel> {
  const trace = (await isDirectory(path)) || path.endsWith('.tracelet') ? await findTrace(path) : undefined;
  const traced = trace === undefined ? undefined : await settingsOf(trace, signal);
  const source = trace ?? path;
  const progress = new Progress();
  try {
    const options = { torchscript, signal, ...(dtype && { dtype }), progress_callback: progress.reading };
    const wanted = head === undefined ? undefined : (HEADS[head] ?? head);
    const { name, model, tokenizer } = await loadModel(source, options, wanted).catch((error) =>
      withoutPart(error, source, options, wanted),
    );
    const texts = await readTexts(tokenizer, path);
    return { name, model, ...texts, ...(model instanceof SentenceEmbedder && { tokenizer: model.tokenizer }), traced };
  } finally {
    progress.clear();
  }
}

/** Loads the model again without the part that its checkpoint lacks, if the error says that it may do without. */
function withoutPart(error: unknown, source: string, options: AutoOptions, wanted: string | undefined): Promise<Loaded> {
  if (!(error instanceof MissingTensorsError) || !error.without) throw error;
  const { part, option, output } = error.without;
  note(`tracelet: ${source} has no ${part}, so the trace answers without ${output}`);
  return loadModel(source, { ...options, [option]: false }, wanted);
}

/** The tokenizer of a model, unless it has none or one of a kind that does not run here. Throws the errors of one that is broken. */
async function readTexts(read: Loaded['tokenizer'], path: string): Promise<Pick<OpenModel, 'tokenizer' | 'withoutTexts'>> {
  try {
    const tokenizer = await read();
    return { tokenizer, withoutTexts: tokenizer ? undefined : noTokenizer(path) };
  } catch (error) {
    if (!(error instanceof TraceletError) || error.code !== 'unsupported') throw error;
    return { tokenizer: undefined, withoutTexts: error };
  }
}

export const noTokenizer = (what: string): TraceletError =>
  new TraceletError('source', { what, expected: 'vocab.txt or tokenizer.json', got: 'neither' });

async function settingsOf(path: string, signal: AbortSignal): Promise<TraceSettings> {
  const traced = await openTrace(path, { signal });
  const { dynamic } = traced;
  const [{ shape }] = traced.inputs;
  const ops = traced.instance.program.ops;
  const bits = ([4, 8] as const).find((count) => ops.includes(`linear_i${count}`));
  traced.dispose();
  return { path, batch: shape[0], seq: shape.at(-1) as number, dynamic, bits };
}

/** The method of this name of a trace, or what a call of it runs. Throws a `value` error for a name that it does not have. */
export function methodIn(traced: TracedModule, name: string | undefined): TracedModule {
  const method = name === undefined || name === FORWARD ? traced : (traced.methods.get(name) as TracedModule | undefined);
  if (method) return method;
  const names = [FORWARD, ...traced.methods.keys()];
  throw new TraceletError('value', {
    what: '--method',
    expected: `one of ${names.join(', ')}`,
    got: describe(name),
    cure: didYouMean(name as string, names),
  });
}

/** Loads a trace from a path, a URL or a directory with model.tracelet. Throws a `source` error with a cure for other directories. */
export async function openTrace(
  path: string,
  options: { signal: AbortSignal; kernels?: Variant; integers?: IntegerForm; threads?: ThreadCount; workers?: ThreadCount },
): Promise<TracedModule> {
  const trace = await findTrace(path);
  if (trace === undefined)
    throw new TraceletError('source', {
      what: path,
      expected: 'a trace',
      got: 'a directory',
      cure: `Trace the model in it first: tracelet trace ${path} -o model.tracelet`,
    });
  const progress = new Progress();
  try {
    const reading = { ...options, progress_callback: progress.reading };
    const traced = (await isProgram(trace, options.signal)) ? await loadProgram(trace, {}, reading) : await jit.load(trace, reading);
    if ((options.threads ?? 1) !== 1 && traced.threads === 1) note(`tracelet: ${translated(explainThreads(traced.instance))}`);
    return traced;
  } finally {
    progress.clear();
  }
}

const isDirectory = async (path: string): Promise<boolean> => (await platform.kindOf(path)) === 'directory';

const DEFAULT_MODEL = '@tracelet/all-minilm-l6-v2';

/** The trace in the package of the default model. Throws a `source` error where that is not installed. */
export function defaultTrace(): string {
  try {
    return createRequire(import.meta.url).resolve(`${DEFAULT_MODEL}/model.tracelet`);
  } catch (cause) {
    throw new TraceletError('source', {
      what: 'the default model',
      expected: `the package ${DEFAULT_MODEL}`,
      got: 'none',
      cure: `npm install ${DEFAULT_MODEL}, or name a trace with -m FILE`,
      cause,
    });
  }
}

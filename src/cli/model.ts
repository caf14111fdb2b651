import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { parseObject } from '../base/json.ts';
import { TRACE_NAME } from '../formats/trace.ts';
import { explainThreads } from '../inspect/explain.ts';
import * as jit from '../jit/index.ts';
import { bestVariant } from '../kernels/binaries.ts';
import type { IntegerForm } from '../kernels/integers.ts';
import { BertConfig } from '../models/config.ts';
import { type AnyModelClass, ARCHITECTURES, type Architecture, architecture } from '../models/index.ts';
import type { PreTrainedModel, PreTrainedOptions } from '../models/pretrained.ts';
import { SentenceEmbedder } from '../models/sentence/embedder.ts';
import type { Variant } from '../platform/platform.ts';
import type { Bits } from '../quantize/index.ts';
import type { ThreadCount } from '../runtime/threads/choose.ts';
import { isSentenceFolder } from '../sentence/config.ts';
import { type Folder, textOf } from '../sources/folder.ts';
import { placeOf } from '../sources/place.ts';
import type { Bounds } from '../tensor/dim.ts';
import { hasVocab, textsOf } from '../tokenizer/files.ts';
import { BertTokenizer, type PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { TracedModule } from '../traced/traced.ts';
import { note } from './output.ts';
import { Progress } from './progress.ts';
import { translated } from './words.ts';

/** What short names of heads stand for: the end of the architecture's name, behind that of its family. */
const HEADS: Readonly<Record<string, string>> = {
  model: 'Model',
  mlm: 'ForMaskedLM',
  pretraining: 'ForPreTraining',
  nsp: 'ForNextSentencePrediction',
  classify: 'ForSequenceClassification',
  choice: 'ForMultipleChoice',
  tokens: 'ForTokenClassification',
  qa: 'ForQuestionAnswering',
};
const EMBEDDER = 'SentenceEmbedder';

export const SHORT_NAMES: readonly string[] = [...Object.keys(HEADS), 'embed'];

/** The variants of the kernels that this engine runs. */
export const engineVariants = (): Variant[] => (bestVariant() === 'relaxed' ? ['baseline', 'relaxed'] : ['baseline']);

export interface OpenOptions {
  signal: AbortSignal;
  /** A short or full name instead of the architecture that the model states. */
  head?: string;
  torchscript?: boolean;
}

export interface OpenModel {
  name: Architecture;
  model: PreTrainedModel;
  config: BertConfig;
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

/** What is known of a model before its weights are read. */
interface Outline {
  config: BertConfig;
  tokenizer: PreTrainedTokenizerFast | undefined;
  withoutTexts: TraceletError | undefined;
  /** The architecture it states, if it does. */
  stated: () => Promise<string | undefined>;
  traced?: TraceSettings;
}

/** The trace that `path` means: a file, or model.tracelet in a directory that is not one of transformers. */
export async function findTrace(path: string): Promise<string | undefined> {
  if (/^https?:/.test(path) || !(await isDirectory(path))) return path;
  if (await platform.exists(`${path}/config.json`)) return undefined;
  const trace = `${path.replace(/[/\\]+$/, '')}/${TRACE_NAME}`;
  return (await platform.exists(trace)) ? trace : undefined;
}

/** The model in a folder of transformers or in a trace. */
export async function openModel(path: string, { head, torchscript = false, signal }: OpenOptions): Promise<OpenModel> {
  const trace = (await isDirectory(path)) || path.endsWith('.tracelet') ? await findTrace(path) : undefined;
  const { config, tokenizer, withoutTexts, stated, traced } = trace
    ? await outlineTrace(trace, signal)
    : await outlineFolder(path.endsWith('.safetensors') ? dirname(path) : path, signal);
  const source = trace ?? path;
  const name = head === undefined ? await stated() : fullName(head, config);
  if (name === undefined)
    throw new TraceletError('config', {
      what: `architectures in the config.json of ${source}`,
      expected: 'the name of an architecture',
      got: 'none',
      cure: `Choose one with --head ${SHORT_NAMES.join('|')}`,
    });
  const built = architecture(name);
  const progress = new Progress();
  try {
    const options = { torchscript, signal, progress_callback: progress.reading };
    const model = await built.from_pretrained(source, options).catch((error) => withoutPooler(error, built, source, options));
    const own = model instanceof SentenceEmbedder ? model.tokenizer : tokenizer;
    return { name: name as Architecture, model, config, tokenizer: own, withoutTexts, traced };
  } finally {
    progress.clear();
  }
}

/** An encoder whose checkpoint has no pooler, instead of the error that says so. */
function withoutPooler(error: unknown, built: AnyModelClass, source: string, options: PreTrainedOptions): Promise<PreTrainedModel> {
  if (!(error instanceof TraceletError) || !error.cure?.includes('add_pooling_layer')) throw error;
  note(`tracelet: ${source} has no pooler, so the trace answers last_hidden_state alone`);
  return built.from_pretrained(source, { ...options, add_pooling_layer: false } as PreTrainedOptions);
}

function fullName(head: string, { model_type }: BertConfig): string {
  if (head === 'embed') return EMBEDDER;
  if (!Object.hasOwn(HEADS, head)) return head;
  const wanted = model_type + HEADS[head].toLowerCase();
  return Object.keys(ARCHITECTURES).find((name) => name.toLowerCase() === wanted) ?? `${model_type} with head ${head}`;
}

async function outlineFolder(path: string, signal: AbortSignal): Promise<Outline> {
  const config = await BertConfig.from_pretrained(path, { signal });
  const { folder } = await placeOf(path, { signal });
  const stated = async () => ((await isSentenceFolder((name) => textOf(folder, name))) ? EMBEDDER : config.architectures?.[0]);
  return { config, stated, ...(await tokenizerIn(folder, path, signal)) };
}

/** The tokenizer of a folder, unless it has none or one of a kind that does not run here. Throws the errors of one that is broken. */
async function tokenizerIn(folder: Folder, path: string, signal: AbortSignal): Promise<Pick<Outline, 'tokenizer' | 'withoutTexts'>> {
  const vocabulary = (await folder.find('tokenizer.json')) ?? (await folder.find('vocab.txt'));
  await vocabulary?.close();
  if (!vocabulary) return { tokenizer: undefined, withoutTexts: noTokenizer(path) };
  try {
    return { tokenizer: await BertTokenizer.from_pretrained(path, { signal }), withoutTexts: undefined };
  } catch (error) {
    if (!(error instanceof TraceletError) || error.code !== 'unsupported') throw error;
    return { tokenizer: undefined, withoutTexts: error };
  }
}

const noTokenizer = (what: string): TraceletError =>
  new TraceletError('source', { what, expected: 'vocab.txt or tokenizer.json', got: 'neither' });

async function outlineTrace(path: string, signal: AbortSignal): Promise<Outline> {
  const traced = await openTrace(path, { signal });
  const text = traced.files.get('config.json');
  if (!text)
    throw new TraceletError('config', { what: path, expected: 'a trace with config.json among its extra files', got: 'one without' });
  const what = `config.json of ${path}`;
  const config = BertConfig.from_dict(parseObject(new TextDecoder().decode(text), what), {}, what);
  const embeds = traced.outputs.some(({ name }) => name === 'sentence_embedding');
  const tokenizer = hasVocab(textsOf(traced.files)) ? traced.tokenizer : undefined;
  const { dynamic } = traced;
  const [{ shape }] = traced.inputs;
  const [batch, seq] = [shape[0], shape.at(-1) as number];
  const ops = traced.instance.program.ops;
  const bits = ([4, 8] as const).find((count) => ops.includes(`linear_i${count}`));
  traced.dispose();
  return {
    config,
    tokenizer,
    withoutTexts: tokenizer ? undefined : noTokenizer(path),
    stated: async () => (embeds ? EMBEDDER : config.architectures?.[0]),
    traced: { path, batch, seq, dynamic, bits },
  };
}

/** Loads a trace from a path, a URL or a directory with model.tracelet. Throws a `source` error with a cure for other directories. */
export async function openTrace(
  path: string,
  options: { signal: AbortSignal; kernels?: Variant; integers?: IntegerForm; threads?: ThreadCount },
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
    const traced = await jit.load(trace, { ...options, progress_callback: progress.reading });
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

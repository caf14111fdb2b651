import { isObject, parseObject } from '../base/json.ts';
import { CrossEncoder, MultiVectorEncoder, SentenceTransformer, SparseEncoder } from '../encoders/index.ts';
import { isArchive } from '../formats/archive.ts';
import { TRACE_NAME } from '../formats/trace.ts';
import { load, serialize } from '../jit/files.ts';
import type { ThreadCount } from '../runtime/threads/choose.ts';
import { CONFIG, MODULES } from '../sentence/config.ts';
import type { FolderKind } from '../sentence/kinds.ts';
import { type SourceOptions, textOf } from '../sources/folder.ts';
import { isWeights, type Place, placeOf } from '../sources/place.ts';
import { openPipeline } from '../tasks/pipeline.ts';
import type { TracedModule } from '../traced/traced.ts';

/** How a model that is named is opened. */
export interface OpenOptions extends SourceOptions {
  /** In how many workers its calls run; in place unless given. */
  workers?: ThreadCount;
  /** On how many threads a call runs, where calls run in place. */
  threads?: ThreadCount;
}

const ENCODERS = { SentenceTransformer, SparseEncoder, MultiVectorEncoder, CrossEncoder } as const satisfies Record<FolderKind, unknown>;

/** A trace, or the trace of the model in a folder, as what the folder says that it is. Throws the errors of reading and tracing. */
export async function openModel(source: string | URL, { workers, threads, ...reading }: OpenOptions): Promise<TracedModule> {
  const place = await placeOf(source, reading);
  if (await isTrace(place)) return load(source, { ...reading, workers, threads });
  const traced = await made(source, place, { ...reading, ...(workers === undefined && { threads }) });
  return workers === undefined ? traced : inWorkers(traced, workers, reading.signal);
}

async function isTrace({ folder, file }: Place): Promise<boolean> {
  if (file !== undefined) return isArchive(file) || !(isWeights(file) || file.endsWith('.json'));
  if ((await textOf(folder, 'config.json')) !== undefined) return false;
  const trace = await folder.find(TRACE_NAME);
  await trace?.close();
  return trace !== undefined;
}

async function made(source: string | URL, { folder }: Place, options: OpenOptions): Promise<TracedModule> {
  const objectIn = async (name: string) => parseObject((await textOf(folder, name)) ?? '{}', name);
  const [said, config] = [await objectIn(CONFIG), await objectIn('config.json')];
  const kind = kindOf(said.model_type, config, (await textOf(folder, MODULES)) !== undefined);
  if (kind) return (await ENCODERS[kind].from_pretrained(source, options)).traced;
  const isClassifier = architecturesIn(config).some((name) => name.endsWith('ForSequenceClassification'));
  return (await openPipeline(isClassifier ? 'text-classification' : 'feature-extraction', source, options)).model;
}

const architecturesIn = ({ architectures }: { architectures?: unknown }): string[] => [architectures ?? []].flat().map(String);

/** What a folder of sentence-transformers is; undefined for one of transformers. */
function kindOf(stated: unknown, config: Record<string, unknown>, hasModules: boolean): FolderKind | undefined {
  if (Object.hasOwn(ENCODERS, String(stated))) return stated as FolderKind;
  if (hasModules) return 'SentenceTransformer';
  const isScorer = architecturesIn(config).some((name) => name.endsWith('ForSequenceClassification'));
  const isSaid = isObject(config.sentence_transformers) || config.sbert_ce_default_activation_function !== undefined;
  return isScorer && (isSaid || labelsIn(config) === 1) ? 'CrossEncoder' : undefined;
}

const labelsIn = ({ id2label, num_labels }: Record<string, unknown>): unknown =>
  isObject(id2label) ? Object.keys(id2label).length : num_labels;

async function inWorkers(traced: TracedModule, workers: ThreadCount, signal: AbortSignal | undefined): Promise<TracedModule> {
  const file = new Blob([...(await serialize(traced))] as BlobPart[]);
  traced.dispose();
  return load(file, { workers, signal });
}

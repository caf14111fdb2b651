import { readFile } from 'node:fs/promises';
import { isObject, type JsonObject, parseObject } from '../base/json.ts';
import type { SentenceTransformer } from '../encoders/sentencetransformer.ts';
import { encodeSafetensors, readSafetensors } from '../formats/safetensors.ts';
import { write } from '../platform/writing.ts';
import { Tensor } from '../tensor/tensor.ts';
import { chunkText } from '../text/chunk.ts';
import { type TextFile, textFilesIn, textIn } from './folder.ts';
import { note } from './output.ts';
import type { Progress } from './progress.ts';

/** Where a passage stands in its file, in UTF-16 units, and the line that it begins in. */
export type Place = readonly [start: number, end: number, line: number];

/** A file with the places of its passages, whose vectors follow one another in the index. */
export interface Indexed extends TextFile {
  passages: readonly Place[];
}

/** Passages of the files of a folder, and a row of `vectors` for each. */
export interface SearchIndex {
  files: readonly Indexed[];
  vectors: Tensor<'float32'>;
}

interface Indexing {
  folder: string;
  /** Where the index lies. */
  path: string;
  model: SentenceTransformer;
  /** What stands for the model: vectors of another one are made anew. */
  identity: string;
  signal: AbortSignal;
  progress: Progress;
}

const VECTORS = 'vectors';
const FILES = 'files';
/** Most tokens of a passage, and those that it repeats of the one before. */
const TOKENS = 128;
const OVERLAP = 16;

/** The index of a folder as its files are now: what has not changed since it was written is taken from there. Throws `source` errors. */
export async function indexOf(indexing: Indexing): Promise<SearchIndex> {
  const { folder, path, model, signal } = indexing;
  const old = await readIndex(indexing);
  const files: Read[] = [];
  for (const file of await textFilesIn(folder, signal)) files.push(keptOf(file, old.get(file.path)) ?? (await readFresh(file, indexing)));
  const made = await vectorsOf(
    files.flatMap((file) => file.texts ?? []),
    indexing,
  );
  let at = 0;
  const rows = files.flatMap(({ vectors, passages }) => vectors ?? passages.map(() => made[at++]));
  const indexed = files.map(({ texts: _, vectors: __, ...file }) => file);
  const index = { files: indexed, vectors: joined(rows, model.get_embedding_dimension()) };
  if (files.length !== old.size || files.some(({ vectors }) => !vectors)) await writeIndex(path, index, indexing);
  return index;
}

/** A file with the vectors of its passages, or with their texts where these have none yet. */
type Read = Indexed & { vectors?: readonly Float32Array[]; texts?: readonly string[] };

const keptOf = (file: TextFile, known: Known | undefined): Read | undefined =>
  known?.size === file.size && known.mtimeMs === file.mtimeMs ? known : undefined;

async function readFresh(file: TextFile, { folder, model, signal }: Indexing): Promise<Read> {
  const text = (await textIn(folder, file, signal)) ?? '';
  const passages = placesIn(text, model);
  return { ...file, passages, texts: passages.map(([start, end]) => text.slice(start, end)) };
}

function placesIn(text: string, { tokenizer, max_seq_length }: SentenceTransformer): Place[] {
  const tokens = Math.min(TOKENS, max_seq_length);
  const overlap = Math.min(OVERLAP, Math.floor(tokens / 8));
  let [line, at] = [1, 0];
  return chunkText(tokenizer, text, { tokens, overlap }).map(({ start, end }) => {
    line += text.slice(at, start).split('\n').length - 1;
    at = start;
    return [start, end, line];
  });
}

async function vectorsOf(texts: readonly string[], { model, signal, progress }: Indexing): Promise<Float32Array[]> {
  const progress_callback = ({ done }: { done: number }): void => progress.update(`indexing: ${done} of ${texts.length} passages done`);
  const { data, shape } = (await model.encode_document(texts, { chunk: true, signal, progress_callback })) as Tensor<'float32'>;
  return texts.map((_, i) => data.subarray(i * shape[1], (i + 1) * shape[1]));
}

function joined(rows: readonly Float32Array[], width: number): Tensor<'float32'> {
  const data = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) data.set(row, i * width);
  return new Tensor('float32', [rows.length, width], data);
}

type Known = Indexed & { vectors: Float32Array[] };

/** Files of the index that was written before, by their paths: none where there is none of this model, or a broken one. */
async function readIndex({ path, identity, model, signal }: Indexing): Promise<Map<string, Known>> {
  const bytes = await readFile(path, { signal }).catch(() => undefined);
  signal.throwIfAborted();
  if (bytes === undefined) return new Map();
  try {
    const { metadata, tensors } = readSafetensors(bytes, path);
    const { model: made, files } = parseObject(metadata[FILES], path);
    const vectors = tensors.get(VECTORS);
    const width = model.get_embedding_dimension();
    if (made !== identity) return new Map();
    const known = Array.isArray(files) && files.every(isIndexed) ? (files as Indexed[]) : [];
    const count = known.reduce((sum, { passages }) => sum + passages.length, 0);
    if (vectors?.dtype === 'float32' && vectors.shape.join() === `${count},${width}`) return withRows(known, vectors as Tensor<'float32'>);
  } catch {
    // said below
  }
  note(`tracelet: ${path} is no index that can be read, so it is made anew`);
  return new Map();
}

function withRows(files: readonly Indexed[], { data, shape: [, width] }: Tensor<'float32'>): Map<string, Known> {
  let at = 0;
  return new Map(
    files.map((file) => {
      const vectors = file.passages.map(() => data.subarray(at * width, ++at * width));
      return [file.path, { ...file, vectors }];
    }),
  );
}

const isPlace = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 3 && value.every((each) => Number.isSafeInteger(each) && each >= 0) && value[0] <= value[1];

const isIndexed = (value: unknown): boolean => {
  const { path, size, mtimeMs, passages } = isObject(value) ? value : ({} as JsonObject);
  const isFile = typeof path === 'string' && typeof size === 'number' && typeof mtimeMs === 'number';
  return isFile && Array.isArray(passages) && passages.every(isPlace);
};

/** Writes the index; where that is refused the answer is given without, and told of. */
async function writeIndex(path: string, { files, vectors }: SearchIndex, { identity, signal }: Indexing): Promise<void> {
  const metadata = { [FILES]: JSON.stringify({ model: identity, files }) };
  try {
    await write(path, encodeSafetensors([[VECTORS, vectors]], metadata), { signal });
  } catch (error) {
    signal.throwIfAborted();
    note(`tracelet: the index cannot be kept, so it is made anew each time: ${(error as Error).message}`);
  }
}

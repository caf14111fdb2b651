import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { TextDecoder } from '../base/globals.ts';
import { quoteList } from '../base/json.ts';
import { didYouMean } from '../base/nearest.ts';
import type { ModelCache } from '../platform/cache.ts';
import type { ByteSource } from '../platform/platform.ts';
import type { SourceOptions } from './options.ts';
import { readWhole } from './whole.ts';

export { SOURCE_OPTIONS, type SourceOptions, splitOptions } from './options.ts';

/** That a folder has no such file, and what came or is there in its place. */
export interface Absence {
  readonly absent: string;
  readonly cure?: string;
}

const isAbsence = (found: ByteSource | Absence): found is Absence => 'absent' in found;

/** A place that holds files of a model: a directory, an address, a repository on the hub. */
export interface Folder {
  /** What messages call it: as the caller wrote it. */
  readonly name: string;
  /** What can be done where a file is not there. */
  readonly cure?: string;
  /** What messages call a file of it. */
  at(file: string): string;
  /** The file, or undefined where there is none. */
  find(file: string): Promise<ByteSource | undefined>;
  /** The file, or what is there instead. */
  seek(file: string): Promise<ByteSource | Absence>;
  /** Names of files that it holds, as far as they can be had: for messages. */
  contents(): Promise<readonly string[]>;
}

/** The folder whose files `seek` finds. */
export const folderOf = (folder: Omit<Folder, 'find'>): Folder => ({
  ...folder,
  async find(file) {
    const found = await folder.seek(file);
    return isAbsence(found) ? undefined : found;
  },
});

/** The folder at `path` within a folder. */
export const within = (folder: Folder, path: string): Folder =>
  folderOf({
    name: `${folder.name}/${path}`,
    cure: folder.cure,
    at: (file) => folder.at(`${path}/${file}`),
    seek: (file) => folder.seek(`${path}/${file}`),
    contents: async () =>
      (await folder.contents()).filter((name) => name.startsWith(`${path}/`)).map((name) => name.slice(path.length + 1)),
  });

/** A file of a folder. Throws a `source` error where there is none; `otherwise` is what can be done where there are other files. */
export async function openFile(folder: Folder, file: string, otherwise?: string): Promise<ByteSource> {
  const found = await folder.seek(file);
  if (!isAbsence(found)) return found;
  const names = await folder.contents();
  const alike = names.filter((name) => name.split('.').at(-1) === file.split('.').at(-1));
  const beside = quoteList(alike.length > 0 ? alike : names);
  throw new TraceletError('source', {
    what: folder.at(file),
    expected: 'a file',
    got: names.length > 0 ? `${found.absent} beside ${beside}` : found.absent,
    cure: found.cure ?? folder.cure ?? didYouMean(file, names) ?? (names.length > 0 ? otherwise : undefined),
  });
}

/** The text of a file, or undefined where there is none. */
export async function textOf(folder: Folder, file: string): Promise<string | undefined> {
  const source = await folder.find(file);
  return source && readText(source);
}

/** The bytes of a file, or undefined where there is none. */
export async function bytesOf(folder: Folder, file: string): Promise<Uint8Array | undefined> {
  const source = await folder.find(file);
  return source && readBytes(source);
}

/** The text of a file. Throws a `source` error where there is none. */
export const textOfFile = async (folder: Folder, file: string): Promise<string> => readText(await openFile(folder, file));

/** The text of a source, which is closed. */
export async function readText(source: ByteSource): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunksOf(source)) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** The bytes of a source, which is closed. */
async function readBytes(source: ByteSource): Promise<Uint8Array> {
  try {
    return await readWhole(source);
  } finally {
    await source.close();
  }
}

/** What a source holds, piece by piece, each good until the next. The source is closed behind the last. */
async function* chunksOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  try {
    const chunk = new Uint8Array(1 << 16);
    for (let read = chunk.length; read === chunk.length; ) {
      read = await source.read(chunk);
      yield chunk.subarray(0, read);
    }
  } finally {
    await source.close();
  }
}

/** What can be done about a file that is not on this machine. */
export const OFFLINE = 'Load it once without local_files_only';

/** The cache that an option stands for. */
export async function cacheOf(cache: SourceOptions['cache']): Promise<ModelCache | undefined> {
  if (cache === false) return undefined;
  return typeof cache === 'object' ? cache : platform.cache(cache);
}

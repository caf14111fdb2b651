import { platform } from '#platform';
import { TraceletError } from '../error.ts';
import { FLAG, kind } from '../field.ts';
import { TextDecoder } from '../globals.ts';
import { isObject } from '../json.ts';
import { FUNCTION, NAMED, type OptionTable, SIGNAL } from '../options.ts';
import type { ByteSource } from '../platform/platform.ts';
import type { OnWarn } from '../warn.ts';
import type { ModelCache } from './cache.ts';
import { type ProgressCallback, watched } from './progress.ts';
import { remoteFile } from './remote.ts';

/** Options of everything that reads files of a model. */
export type SourceOptions = {
  /** Stops the reading; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** Told how the reading of each file goes, as in transformers.js. */
  progress_callback?: ProgressCallback;
  /** The branch, tag or commit of a model on the hub; `main` unless given. */
  revision?: string;
  /** What the hub knows the caller by; the environment variable HF_TOKEN unless given. */
  token?: string;
  /** The address of the hub; the environment variable HF_ENDPOINT, then https://huggingface.co, unless given. */
  endpoint?: string;
  /** Whether what is not on this machine counts as absent. */
  local_files_only?: boolean;
  /** Where downloads stay, or the name of such a place; false for nowhere. Unless given, those from the hub stay where the runtime keeps such things. */
  cache?: ModelCache | string | false;
  /** Told of what was passed over because no answer depends on it; the console is, once, unless given. */
  onwarn?: OnWarn;
};

/** What each option of reading may be. */
export const SOURCE_OPTIONS: OptionTable<SourceOptions> = {
  signal: SIGNAL,
  progress_callback: FUNCTION,
  revision: NAMED,
  token: NAMED,
  endpoint: NAMED,
  local_files_only: FLAG,
  cache: kind(
    'false, the name of a place, or an object with match and put',
    (value) => value === false || typeof value === 'string' || isObject(value),
  ),
  onwarn: FUNCTION,
};

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
}

/** A file of a folder. Throws a `source` error where there is none. */
export async function openFile(folder: Folder, file: string): Promise<ByteSource> {
  const found = await folder.find(file);
  if (found) return found;
  throw new TraceletError('source', { what: folder.at(file), expected: 'a file', got: 'none', cure: folder.cure });
}

/** The text of a file, or undefined where there is none. */
export async function textOf(folder: Folder, file: string): Promise<string | undefined> {
  const source = await folder.find(file);
  return source && readText(source);
}

/** The text of a file. Throws a `source` error where there is none. */
export const textOfFile = async (folder: Folder, file: string): Promise<string> => readText(await openFile(folder, file));

async function readText(source: ByteSource): Promise<string> {
  try {
    const decoder = new TextDecoder();
    let text = '';
    const chunk = new Uint8Array(1 << 16);
    for (let read = chunk.length; read === chunk.length; ) {
      read = await source.read(chunk);
      text += decoder.decode(chunk.subarray(0, read), { stream: true });
    }
    return text + decoder.decode();
  } finally {
    await source.close();
  }
}

const BUNDLED = 'A script that a bundler made needs the file beside it: copy it there (docs/bundlers.md)';

/** The directory at `path`. */
export function directory(path: string, { progress_callback, signal }: SourceOptions, name: string = path): Folder {
  const folder = path.replace(/[/\\]+$/, '');
  const at = (file: string): string => (path === '' ? file : `${folder}/${file}`);
  return {
    name,
    cure: path.startsWith('file:') ? BUNDLED : undefined,
    at,
    async find(file) {
      signal?.throwIfAborted();
      return (await platform.exists(at(file))) ? watched(await platform.open(at(file)), progress_callback, name, file) : undefined;
    },
  };
}

const OFFLINE = 'Load it once without local_files_only';

/** What is below an address. */
export function addressed(base: string, options: SourceOptions): Folder {
  const at = (file: string): string => new URL(file, base).href;
  const cure = 'The server asks who you are: fetch the file yourself and pass the Response';
  const offline = options.local_files_only ? OFFLINE : undefined;
  const cached = options.cache ? cacheOf(options.cache) : undefined;
  return {
    name: base,
    cure: offline,
    at,
    find: async (file) => remoteFile(at(file), { ...options, name: base, file: file.split('/').at(-1) ?? file, cache: await cached, cure }),
  };
}

const HUB = 'https://huggingface.co';
const NO_LEAVE = 'Check its name, accept its terms if it has any, and pass a token that may read it as { token } or in HF_TOKEN';

/** The repository `id` on the hub. */
export function repository(id: string, options: SourceOptions): Folder {
  const endpoint = (options.endpoint ?? platform.env('HF_ENDPOINT') ?? HUB).replace(/\/+$/, '');
  const token = options.token ?? platform.env('HF_TOKEN');
  const at = (file: string): string => `${endpoint}/${id}/resolve/${encodeURIComponent(options.revision ?? 'main')}/${file}`;
  const cached = cacheOf(options.cache);
  return {
    name: id,
    cure: options.local_files_only ? OFFLINE : undefined,
    at,
    find: async (file) => remoteFile(at(file), { ...options, name: id, file, token, cache: await cached, cure: NO_LEAVE, hashed: true }),
  };
}

async function cacheOf(cache: SourceOptions['cache']): Promise<ModelCache | undefined> {
  if (cache === false) return undefined;
  return typeof cache === 'object' ? cache : platform.cache(cache);
}

/** The options of reading among others, and the others. */
export function splitOptions<Options extends SourceOptions>(options: Options): [SourceOptions, Options] {
  const { signal, progress_callback, revision, token, endpoint, local_files_only, cache, onwarn, ...others } = options;
  return [{ signal, progress_callback, revision, token, endpoint, local_files_only, cache, onwarn }, others as Options];
}

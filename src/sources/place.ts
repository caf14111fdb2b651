import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { isUrl } from '../base/realm.ts';
import { addressed } from './address.ts';
import type { Folder, SourceOptions } from './folder.ts';
import { isHubId, NEITHER, pageOf, repository } from './hub.ts';
import { directory, nowhere } from './local.ts';
import { noSource } from './stream.ts';

/** What a path, address or hub id stands for: a folder, or one file in it. */
export interface Place {
  readonly folder: Folder;
  /** Absent where the folder itself was meant. */
  readonly file?: string;
}

/** A file of a place without what may follow the path of an address. */
export const withoutQuery = (file: string): string => file.replace(/[?#].*$/s, '');

const FILE = /\.(safetensors|tracelet|json|txt)$/;
/** Endings of files of torch.save, which directories have as well. */
const PICKLED = /\.(bin|pt2?|pth|ptl|ckpt)$/;

/** Whether a file holds weights and nothing else, by its name. */
export const isWeights = (file: string): boolean => /\.safetensors$/.test(withoutQuery(file)) || PICKLED.test(withoutQuery(file));

const ADDRESS = /^(https?|blob|data):/;
const PAGE_WITHOUT_SCHEME = /^(www\.)?(huggingface\.co|hf\.co)\//;

/**
 * The place called `source`: an address, a path that exists, the path of a file by its ending, or a hub id. A page of the hub stands for what it
 * shows. Any other address stands for a folder if it ends in a slash, for a file if it ends as one, and otherwise for what `unclear` says.
 * Throws `source` errors for what is none of them.
 */
export async function placeOf(source: string | URL, options: SourceOptions, unclear: 'file' | 'folder' = 'folder'): Promise<Place> {
  if (typeof source !== 'string' && !isUrl(source)) throw noSource(source, 'a path, an address or a hub id');
  const text = String(source);
  if (ADDRESS.test(text)) return placeAt(text, options, unclear);
  if (FILE.test(text)) return besides(text, options);
  const [isId, isPage] = [isHubId(text), PAGE_WITHOUT_SCHEME.test(text)];
  const kind = text === '' ? undefined : await platform.kindOf(text).catch((cause) => (isId || isPage ? undefined : Promise.reject(cause)));
  if (kind === 'directory') return { folder: directory(text, options) };
  if (kind === 'file') return besides(text, options);
  if (isPage) return placeAt(`https://${text}`, options, unclear);
  if (PICKLED.test(text)) return besides(text, options);
  const local = text === '' ? undefined : await nowhere(text);
  if (isId) return { folder: repository(text, options, local) };
  throw new TraceletError('source', {
    what: text || 'the source',
    expected: NEITHER,
    got: local?.close ? `neither: ${local.got}` : 'neither',
    cure: 'Check the path, or write an address that begins with https://',
  });
}

function placeAt(address: string, options: SourceOptions, unclear: 'file' | 'folder'): Place {
  const { protocol, pathname } = new URL(address);
  const page = protocol.startsWith('http') ? pageOf(address, options) : undefined;
  if (page) return page;
  const isFile =
    !protocol.startsWith('http') || FILE.test(pathname) || PICKLED.test(pathname) || (unclear === 'file' && !pathname.endsWith('/'));
  if (isFile) return { folder: addressed(address, options), file: address };
  return { folder: addressed(address.replace(/[?#].*$/, '').replace(/\/*$/, '/'), options) };
}

function besides(path: string, options: SourceOptions): Place {
  const [, parent, file] = /^(.*[/\\])?([^/\\]*)$/s.exec(path) as unknown as [string, string | undefined, string];
  return { folder: directory(parent ?? '', options), file };
}

import { platform } from '#platform';
import { TraceletError } from '../error.ts';
import { addressed, directory, type Folder, repository, type SourceOptions } from './folder.ts';

/** What a path, address or hub id stands for: a folder, or one file in it. */
export interface Place {
  readonly folder: Folder;
  /** Absent where the folder itself was meant. */
  readonly file?: string;
}

const FILE = /\.(safetensors|tracelet|json|txt)$/;
const ADDRESS = /^(https?|blob|data):/;
const NAME = /^\w([\w.-]{0,94}\w)?$/;

/** Whether `text` follows the hub's rule for `owner/name`. */
function isHubId(text: string): boolean {
  const names = text.split('/');
  return names.length === 2 && names.every((name) => NAME.test(name) && !/--|\.\.|\.git$/.test(name));
}

/**
 * The place called `source`: an address, a path that exists, the path of a file by its ending, or a hub id. An address stands for a folder if it
 * ends in a slash, for a file if it ends as one, and otherwise for what `unclear` says. Throws `source` errors for what is none of them.
 */
export async function placeOf(source: string | URL, options: SourceOptions, unclear: 'file' | 'folder' = 'folder'): Promise<Place> {
  const text = String(source);
  if (ADDRESS.test(text)) return placeAt(text, options, unclear);
  if (FILE.test(text)) return besides(text, options);
  const kind = text === '' ? undefined : await platform.kindOf(text);
  if (kind === 'directory') return { folder: directory(text, options) };
  if (kind === 'file') return besides(text, options);
  if (isHubId(text)) return { folder: repository(text, options) };
  throw new TraceletError('source', {
    what: text,
    expected: 'a directory or file that exists, or a hub id owner/name',
    got: 'neither',
    cure: 'Check the path, or write an address that begins with https://',
  });
}

function placeAt(address: string, options: SourceOptions, unclear: 'file' | 'folder'): Place {
  const { protocol, pathname } = new URL(address);
  const isFile = !protocol.startsWith('http') || FILE.test(pathname) || (unclear === 'file' && !pathname.endsWith('/'));
  if (isFile) return { folder: addressed(address, options), file: address };
  return { folder: addressed(address.replace(/[?#].*$/, '').replace(/\/*$/, '/'), options) };
}

function besides(path: string, options: SourceOptions): Place {
  const [, parent, file] = /^(.*[/\\])?([^/\\]*)$/s.exec(path) as unknown as [string, string | undefined, string];
  return { folder: directory(parent ?? '', options), file };
}

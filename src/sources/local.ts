import { platform } from '#platform';
import { quoteList } from '../base/json.ts';
import { nearest } from '../base/nearest.ts';
import { type Folder, folderOf, type SourceOptions } from './folder.ts';
import { withoutPointer } from './head.ts';
import { watched } from './progress.ts';

const BUNDLED = 'A script that a bundler made needs the file beside it: copy it there (docs/bundlers.md)';

/** The directory at `path`. */
export function directory(path: string, { progress_callback, signal }: SourceOptions, name: string = path): Folder {
  const folder = path.replace(/[/\\]+$/, '');
  const at = (file: string): string => (path === '' ? file : `${folder}/${file}`);
  return folderOf({
    name,
    cure: path.startsWith('file:') ? BUNDLED : undefined,
    at,
    async seek(file) {
      signal?.throwIfAborted();
      const kind = await platform.kindOf(at(file));
      if (kind === 'file') return watched(withoutPointer(await platform.open(at(file), signal)), progress_callback, name, file);
      if (kind === 'directory') return { absent: 'a directory' };
      const lost = path !== '' && (await platform.kindOf(path)) === undefined;
      return { absent: lost ? `no directory ${path}` : 'none' };
    },
    contents: () => filesIn(path || '.'),
  });
}

/** Files in a directory and in those that it holds. */
async function filesIn(path: string): Promise<readonly string[]> {
  const names = (await platform.list(path)) ?? [];
  const below = names.filter((name) => name.endsWith('/')).slice(0, MOST_LISTED);
  const deeper = await Promise.all(below.map(async (name) => ((await platform.list(`${path}/${name}`)) ?? []).map((file) => name + file)));
  return [...names, ...deeper.flat()].filter((name) => !name.endsWith('/'));
}

const MOST_LISTED = 16;

/** What is known of a path where nothing is. */
export interface Nowhere {
  /** What messages say that there is. */
  got: string;
  /** Whether something is there that may have been meant. */
  close: boolean;
}

/** That nothing is at `path`, and what is near it; undefined in runtimes without files. */
export async function nowhere(path: string): Promise<Nowhere | undefined> {
  if ((await platform.list('.')) === undefined) return undefined;
  const [, parent = '', last] = /^(.*[/\\])?([^/\\]*)[/\\]*$/s.exec(path) as unknown as [string, string | undefined, string];
  const names = ((await platform.list(parent || '.')) ?? []).map((name) => name.replace(/\/$/, ''));
  const meant = nearest(last, names);
  const got = 'no such directory here';
  if (meant !== undefined) return { got: `${got} (did you mean ${parent}${meant}?)`, close: true };
  if (parent === '' || names.length === 0) return { got, close: false };
  return { got: `${got} (${parent} holds ${quoteList(names)})`, close: true };
}

import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { TextEncoder } from '../base/globals.ts';
import { checkOptions, NAMED, type OptionTable, proved, SIGNAL } from '../base/options.ts';

/** Options of `save_pretrained`. */
export interface SaveOptions {
  /** Stops the writing; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

const SAVE_OPTIONS: OptionTable<SaveOptions> = { signal: SIGNAL };

/** A file to write: its path within a directory, and its bytes. */
export type SavedFile = readonly [path: string, pieces: Iterable<Uint8Array>];

/** Files that would be read instead of those that are written, and what is allowed in their place. */
export interface Rivals {
  names: readonly string[];
  allowed: string;
}

/** A file that holds a text. */
export const textFile = (path: string, text: string): SavedFile => [path, [new TextEncoder().encode(text)]];

/**
 * Writes files into a directory, which is made if need be, each whole or not at all and in their order; answers their paths. Throws a `source` error
 * where rivals of them lie there, before anything is written.
 */
export async function saveFiles(
  folder: string,
  files: readonly SavedFile[],
  rivals: Rivals,
  given: SaveOptions | undefined,
): Promise<string[]> {
  const options = checkOptions('save_pretrained()', given, SAVE_OPTIONS);
  const home = proved('save_pretrained(): folder', folder, { ...NAMED, expected: 'a path' }).replace(/(?<=.)[/\\]+$/, '');
  options.signal?.throwIfAborted();
  const folders = new Set(['', ...files.map(([file]) => file.slice(0, Math.max(0, file.lastIndexOf('/'))))]);
  for (const path of folders) await refuseRivals(within(home, path), rivals);
  for (const [path, pieces] of files) await platform.write(within(home, path), pieces, options);
  return files.map(([path]) => within(home, path));
}

/** The path of what is at `path` within a folder. */
export const within = (folder: string, path: string): string => (folder && path ? `${folder}/${path}` : folder || path);

async function refuseRivals(folder: string, { names, allowed }: Rivals): Promise<void> {
  await platform.makeFolder(folder);
  const found = ((await platform.list(folder)) ?? []).filter((name) => names.includes(name));
  if (found.length === 0) return;
  throw new TraceletError('source', {
    what: folder,
    expected: `no ${allowed}`,
    got: found.join(', '),
    cure: 'Remove what would be read instead, or save to a directory of its own',
  });
}

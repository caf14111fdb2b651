import { platform } from '#platform';
import { within } from '../../sources/saving.ts';

/** A place for files by name, such as `ab/abcd.ndjson`. */
export interface Store {
  /** Throws a `source` error where nothing can be written. */
  open(options: { signal?: AbortSignal }): Promise<void>;
  has(path: string, options: { signal?: AbortSignal }): Promise<boolean>;
  /** Writes a file whole or not at all. */
  put(path: string, pieces: Iterable<Uint8Array>, options: { signal?: AbortSignal }): Promise<void>;
}

/** A folder of the file system, made if need be. */
export function folderStore(folder: string): Store {
  const made = new Set<string>();
  const make = async (path: string): Promise<void> => {
    if (made.has(path)) return;
    await platform.makeFolder(path);
    made.add(path);
  };
  return {
    open: () => make(folder),
    has: async (path) => (await platform.kindOf(within(folder, path))) === 'file',
    async put(path, pieces, options) {
      const file = within(folder, path);
      await make(file.slice(0, file.lastIndexOf('/')));
      await platform.write(file, pieces, options);
    },
  };
}

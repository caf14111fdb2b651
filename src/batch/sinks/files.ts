import type { FileFormat } from './format.ts';
import type { Sink } from './sink.ts';
import type { Store } from './store.ts';

/** Files so many hexadecimal digits of whose names are that of their folder. */
const FOLDER_DIGITS = 2;

/** A file a shard, replaced whole, in one of 256 folders. */
export function fileSink(store: Store, { extension, encode }: FileFormat): Sink {
  const pathOf = (id: string): string => `${id.slice(0, FOLDER_DIGITS)}/${id}.${extension}`;
  return {
    open: (options) => store.open(options),
    has: (id, options) => store.has(pathOf(id), options),
    write: async ({ id, rows }, options) => store.put(pathOf(id), await encode(rows), options),
  };
}

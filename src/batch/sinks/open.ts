import { TraceletError } from '../../base/error.ts';
import { fileSink } from './files.ts';
import type { FileFormat } from './format.ts';
import type { Sink } from './sink.ts';
import { folderStore } from './store.ts';

/** Formats of files by their names; what each needs is loaded when it is asked for. */
export const FORMATS: Readonly<Record<string, () => Promise<FileFormat>>> = {
  ndjson: async () => (await import('./ndjson.ts')).ndjson,
};

/** Options of {@link openSink}. */
export interface SinkOptions {
  /** Of files: `ndjson` unless given, or `parquet`. */
  format?: string;
}

/** A sink by its place: the path of a folder. Throws `value` errors. */
export async function openSink(place: string, { format = 'ndjson' }: SinkOptions = {}): Promise<Sink> {
  const load = FORMATS[format];
  if (!load)
    throw new TraceletError('value', { what: 'the format of a sink', expected: `one of ${Object.keys(FORMATS).join(', ')}`, got: format });
  return fileSink(folderStore(place), await load());
}

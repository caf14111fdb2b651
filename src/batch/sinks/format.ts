import type { BatchRow } from './sink.ts';

/** How the rows of a shard become a file. */
export interface FileFormat {
  /** What names of files end with, without a dot. */
  extension: string;
  /** The bytes of the file, in pieces. */
  encode(rows: readonly BatchRow[]): Promise<Iterable<Uint8Array>>;
}

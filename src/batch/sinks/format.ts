import type { BatchRow } from './sink.ts';

/** How the rows of a shard become a file. */
export interface FileFormat {
  /** What names of files end with, without a dot. */
  extension: string;
  encode(rows: readonly BatchRow[]): Promise<Uint8Array>;
}

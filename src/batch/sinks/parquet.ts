import { loaded } from '../loaded.ts';
import type { FileFormat } from './format.ts';
import type { BatchRow } from './sink.ts';

/** A row is `id`, and of `embedding`, a list of floats, and `error`, JSON, the one that there is. */
const SCHEMA = [
  { name: 'root', num_children: 3 },
  { name: 'id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'embedding', converted_type: 'LIST', repetition_type: 'OPTIONAL', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
  { name: 'error', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
] as const;

interface Column {
  name: string;
  of: (row: BatchRow) => unknown;
  codec?: 'UNCOMPRESSED';
  encoding?: 'PLAIN';
  statistics?: boolean;
}

/** How columns are written; vectors do not compress. */
const COLUMNS: readonly Column[] = [
  { name: 'id', of: ({ id }) => id },
  {
    name: 'embedding',
    of: (row) => ('error' in row ? null : Array.from(row.embedding)),
    codec: 'UNCOMPRESSED',
    encoding: 'PLAIN',
    statistics: false,
  },
  { name: 'error', of: (row) => ('error' in row ? JSON.stringify(row.error) : null) },
];

/** Parquet files. Throws an `unsupported` error where hyparquet-writer is not installed. */
export async function parquet(): Promise<FileFormat> {
  const { parquetWriteBuffer } = await loaded(() => import('hyparquet-writer'), 'hyparquet-writer');
  return {
    extension: 'parquet',
    async encode(rows) {
      const columnData = COLUMNS.map(({ of, ...column }) => ({ ...column, data: rows.map(of) }));
      return [new Uint8Array(parquetWriteBuffer({ columnData, schema: [...SCHEMA] }))];
    },
  };
}

import { TraceletError } from '../../base/error.ts';
import { checkOptions, NAMED, proved } from '../../base/options.ts';
import { untilAborted } from '../../base/signal.ts';
import { loaded } from '../loaded.ts';
import type { BatchRecord } from '../record.ts';
import { FIELDS, type Fields, recordOf } from './fields.ts';

/**
 * The texts of a Parquet file by its path or address, compressed by other means than Snappy where hyparquet-compressors is installed. Only the columns that are asked for are read, a group of rows at a time.
 * Throws `source` errors, `format` errors for other files, `value` errors that tell the row, and an `unsupported` error where hyparquet is not installed.
 */
export async function* parquet(place: string, options?: Fields): AsyncGenerator<BatchRecord> {
  const path = proved('parquet(): place', place, NAMED);
  const fields = checkOptions('parquet()', options, FIELDS);
  const { text = 'text', pair, id, signal } = fields;
  const library = await loaded(() => import('hyparquet'), 'hyparquet');
  const compressors = await import('hyparquet-compressors').then(
    ({ compressors }) => compressors,
    () => undefined,
  );
  const open = async () => {
    const file = await (/^https?:/.test(path) ? library.asyncBufferFromUrl({ url: path }) : library.asyncBufferFromFile(path));
    return { file, metadata: await library.parquetMetadataAsync(file) };
  };
  const { file, metadata } = await untilAborted(signal, open()).catch((cause) => refuse(path, cause, signal));
  const names = library.parquetSchema(metadata).children.map(({ element }) => element.name);
  const columns = [text, pair, id ?? 'id'].filter((name) => name !== undefined && names.includes(name)) as string[];
  for (let [group, start] = [0, 0]; group < metadata.row_groups.length; group++) {
    const rowEnd = start + Number(metadata.row_groups[group].num_rows);
    const reading = library.parquetReadObjects({ file, metadata, columns, compressors, rowStart: start, rowEnd });
    const rows = await untilAborted(signal, reading).catch((cause) => refuse(path, cause, signal));
    for (const row of rows) yield recordOf(row, fields, `${path}, row ${start++}`);
  }
}

function refuse(what: string, cause: unknown, signal: AbortSignal | undefined): never {
  signal?.throwIfAborted();
  const { code, message } = cause as NodeJS.ErrnoException;
  throw new TraceletError(code === undefined ? 'format' : 'source', {
    what,
    expected: 'a Parquet file',
    got: code ?? message,
    cure: /codec/.test(message) ? 'npm install hyparquet-compressors' : undefined,
    cause,
  });
}

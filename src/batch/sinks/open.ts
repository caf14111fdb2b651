import { Socket } from 'node:net';
import { TraceletError } from '../../base/error.ts';
import { checkOptions, NAMED, proved } from '../../base/options.ts';
import { oneOf } from '../../base/schema.ts';
import { loaded } from '../loaded.ts';
import { pause } from '../pause.ts';
import { fileSink } from './files.ts';
import type { FileFormat } from './format.ts';
import { httpStore } from './http.ts';
import { ndjson } from './ndjson.ts';
import { parquet } from './parquet.ts';
import { postgresTable, TABLE_OPTIONS, type TableOptions } from './postgres.ts';
import { s3Store } from './s3.ts';
import type { Sink } from './sink.ts';
import { folderStore, type Store } from './store.ts';

/** Formats of files by their names; what a format needs is loaded when it is asked for. */
const FORMATS = { ndjson: async () => ndjson, parquet } satisfies Record<string, () => Promise<FileFormat>>;
const FORMAT_NAMES = Object.keys(FORMATS) as (keyof typeof FORMATS)[];

/** Options of {@link openSink}. */
export interface SinkOptions extends TableOptions {
  /** Of files: `ndjson` unless given. */
  format?: keyof typeof FORMATS;
}

const SINK_OPTIONS = { ...TABLE_OPTIONS, format: oneOf(FORMAT_NAMES) };

/** Stores of files by what their addresses begin with; any other place is a folder. */
const STORES: readonly (readonly [begins: RegExp, open: (place: string) => Store | Promise<Store>])[] = [
  [/^s3:/, s3Store],
  [/^https?:/, (place) => httpStore(place, fetch)],
  [/^(?!\w\w+:\/\/)/, folderStore],
];

const POSTGRES = /^postgres(?:ql)?:/;

/**
 * A sink by its place: a folder, `s3://bucket/prefix`, an address under which files can be PUT, or `postgres://…`. Throws `value` errors, and
 * `unsupported` errors where a package is not installed that it takes.
 */
export async function openSink(place: string, options?: SinkOptions): Promise<Sink> {
  const at = proved('openSink(): place', place, NAMED);
  const { format = 'ndjson', ...table } = checkOptions<SinkOptions>('openSink()', options, SINK_OPTIONS);
  if (POSTGRES.test(at)) return openTable(at, table);
  const [, open] = STORES.find(([begins]) => begins.test(at)) ?? [];
  if (open) return fileSink(await open(at), await FORMATS[format]());
  throw new TraceletError('value', {
    what: 'the place of a sink',
    expected: 'a folder, s3:, http:, https: or postgres:',
    got: at.slice(0, at.indexOf('/')),
  });
}

async function openTable(address: string, options: TableOptions): Promise<Sink> {
  const { Pool } = await loaded(() => import('pg'), 'pg');
  const sockets = new Set<Socket>();
  const stream = (): Socket => {
    const socket = new Socket();
    sockets.add(socket.once('close', () => sockets.delete(socket)));
    return socket;
  };
  const pool = new Pool({ connectionString: address, stream, ...POOL });
  pool.on('error', () => {}); // the next query says so
  const close = async (): Promise<void> => {
    const late = new AbortController();
    await Promise.race([pool.end(), pause(FAREWELL_MS, late.signal)]).finally(() => late.abort());
    for (const socket of sockets) socket.destroy();
  };
  return { ...postgresTable(pool, options), close };
}

/** A server that has gone without a word is found out, and statements are tried again. */
const POOL = { max: 4, keepAlive: true, connectionTimeoutMillis: 30_000, query_timeout: 300_000 };
/** How long statements under way may take once the sink is closed. */
const FAREWELL_MS = 2000;

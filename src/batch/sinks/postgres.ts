import { TraceletError } from '../../base/error.ts';
import { checkOptions, type OptionTable, proved } from '../../base/options.ts';
import { kind, oneOf } from '../../base/schema.ts';
import { reasonOf } from '../queue.ts';
import type { BatchRow, Sink } from './sink.ts';

/** What runs a query: a `Pool` or `Client` of pg, or PGlite. */
export interface QueryRunner {
  query(sql: string, parameters?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** Options of {@link postgresTable}. */
export interface TableOptions {
  /** `embeddings` unless given, or one in a schema, such as `public.embeddings`. What is not there is made. */
  table?: string;
  /** Of the column of vectors: pgvector's `vector` unless given, or its `halfvec`, or `real[]`, which needs no extension. */
  type?: VectorType;
}

type VectorType = 'vector' | 'halfvec' | 'real[]';

/** How vectors of a type are written, how its column is declared, and which extension it takes. */
const TYPES: Readonly<Record<VectorType, { ends: string; column: (width: number) => string; extension?: string }>> = {
  vector: { ends: '[]', column: (width) => `vector(${width})`, extension: 'vector' },
  halfvec: { ends: '[]', column: (width) => `halfvec(${width})`, extension: 'vector' },
  'real[]': { ends: '{}', column: () => 'real[]' },
};

const NAME = /^[\p{L}_][\p{L}\d_$]{0,47}(?:\.[\p{L}_][\p{L}\d_$]{0,47})?$/u;
export const TABLE_OPTIONS: OptionTable<TableOptions> = {
  table: kind(
    'the name of a table of up to 48 letters, digits and _, in a schema or not',
    (value) => typeof value === 'string' && NAME.test(value),
  ),
  type: oneOf(Object.keys(TYPES) as VectorType[]),
};
const CLIENT = kind<QueryRunner>('a Pool or Client of pg', (value) => typeof (value as QueryRunner)?.query === 'function');

/** Of this sink, so that only one worker makes tables at a time. */
const LOCK = 1953653091;

/**
 * Rows of a table of PostgreSQL: `id` text, the primary key, `embedding`, and `error` jsonb in place of it. A shard is one statement, or several where it is large: its rows,
 * and with the last of them its id in the table `<table>_shards`. Throws `value` errors, `source` errors where the database
 * refuses, as one does that is read-only, and an `unsupported` error where the extension cannot be had.
 */
export function postgresTable(client: QueryRunner, options?: TableOptions): Sink {
  const runner = proved('postgresTable(): client', client, CLIENT);
  const { table = 'embeddings', type = 'vector' } = checkOptions('postgresTable()', options, TABLE_OPTIONS);
  const { ends, column, extension } = TYPES[type];
  const [rows, shards] = [quoted(table), quoted(`${table}_shards`)];
  const ask: QueryRunner['query'] = (sql, parameters) =>
    runner.query(sql, parameters).catch((cause) => Promise.reject(refused(table, cause)));
  const make = (ddl: string): Promise<unknown> => ask(`DO $$ BEGIN PERFORM pg_advisory_xact_lock(${LOCK}); ${ddl}; END $$`);
  let width: number | undefined;

  /** The column of vectors is as wide as the first one. */
  async function widen(row: BatchRow | undefined): Promise<void> {
    if (width !== undefined || !row || 'error' in row) return;
    await make(`ALTER TABLE ${rows} ADD COLUMN IF NOT EXISTS embedding ${column(row.embedding.length)}`);
    width = row.embedding.length;
  }

  return {
    async open() {
      if (extension)
        await make(`CREATE EXTENSION IF NOT EXISTS ${extension}`).catch((error) => {
          throw OF_EXTENSIONS.includes((error.cause as Failed).code) ? withoutExtension(extension, error.cause) : error;
        });
      await make(`CREATE TABLE IF NOT EXISTS ${shards} (shard text PRIMARY KEY)`);
      await make(`CREATE TABLE IF NOT EXISTS ${rows} (id text PRIMARY KEY, error jsonb)`);
    },
    has: async (id) => (await ask(`SELECT 1 FROM ${shards} WHERE shard = $1`, [id])).rows.length > 0,
    async write({ id, rows: all }) {
      await widen(all.find((row) => 'embedding' in row));
      const columns = COLUMNS.filter(({ name }) => name !== 'embedding' || width !== undefined);
      const names = columns.map(({ name }) => name);
      const most = Math.max(1, Math.floor(MOST_NUMBERS / ((width ?? 0) + OTHER_NUMBERS)));
      for (let at = 0; at < all.length; at += most) {
        const piece = all.slice(at, at + most);
        const isLast = at + most >= all.length;
        await ask(
          `WITH shard AS (INSERT INTO ${shards} SELECT $1::text WHERE $2::boolean ON CONFLICT DO NOTHING)
           INSERT INTO ${rows} (${names})
           SELECT DISTINCT ON (id) ${columns.map(({ name, cast = type }) => `${name}::${cast}`)}
           FROM unnest(${columns.map((_, i) => `$${i + 3}::text[]`)}) AS row (${names})
           ON CONFLICT (id) DO UPDATE SET ${names.map((name) => `${name} = EXCLUDED.${name}`)}`,
          [id, isLast, ...columns.map(({ of }) => piece.map((row) => of(row, ends)))],
        );
      }
    },
  };
}

/** Numbers of a statement, at about twelve characters each, and how many the rest of a row counts for: no string is longer than engines take. */
const [MOST_NUMBERS, OTHER_NUMBERS] = [2 ** 23, 64];

interface Column {
  name: string;
  /** The type of its values, but for that of vectors, which is chosen. */
  cast?: string;
  /** As text; the ends of a list are those of the type of vectors. */
  of: (row: BatchRow, ends: string) => string | null;
}

const COLUMNS: readonly Column[] = [
  { name: 'id', cast: 'text', of: ({ id }) => id },
  { name: 'embedding', of: (row, [open, close]) => ('error' in row ? null : `${open}${row.embedding.join()}${close}`) },
  { name: 'error', cast: 'jsonb', of: (row) => ('error' in row ? JSON.stringify(row.error) : null) },
];

const quoted = (name: string): string =>
  name
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');

/** What drivers of PostgreSQL throw. */
type Failed = Error & { code?: string };

/** SQLSTATE of an extension that there is not, or that this user may not make. */
const OF_EXTENSIONS: readonly (string | undefined)[] = ['0A000', '58P01', '42501'];

const refused = (table: string, cause: Failed): TraceletError =>
  new TraceletError('source', { what: `the table ${table}`, expected: 'a database that takes rows', got: reasonOf(cause), cause });

const withoutExtension = (name: string, cause: Error): TraceletError =>
  new TraceletError('unsupported', {
    what: 'the database',
    expected: `the extension ${name}`,
    got: cause.message,
    cure: "Install pgvector, or store vectors as type 'real[]'",
    cause,
  });

import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createRelay } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type BatchRow, openSink, postgresTable, type Sink } from '../../src/batch/index.ts';
import { ndjson } from '../../src/batch/sinks/ndjson.ts';
// @ts-expect-error a script without types
import { startPostgres } from './servers.mjs';
import { isSigned } from './signature.ts';
import { describeWith, type Server } from './support.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinks-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ROWS: readonly BatchRow[] = [
  { id: 'a', embedding: Float32Array.of(0.1, -2.5e-20, 3e9) },
  { id: 'Ü "quoted" \\ {}', embedding: Float32Array.of(1 / 3, 0, -0) },
  { id: 'bad', error: { code: 'value', message: 'texts[2]: expected "{less}", got more' } },
];
const SHARD = { id: 'abcd'.repeat(8), rows: ROWS };
const numbers = (values: Iterable<number>): number[] => Array.from(values, (value) => value + 0);

const filesIn = (sink: string): string[] =>
  readdirSync(sink, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name));

/** Proves what holds for every sink. `read` gives its rows. */
async function expectKept(
  sink: Sink,
  read: () => Promise<{ id: string; embedding?: Iterable<number> | null; error?: unknown }[]>,
): Promise<void> {
  await sink.open?.({});
  expect(await sink.has?.(SHARD.id, {})).toBe(false);
  await sink.write({ id: 'other', rows: [ROWS[2]] }, {});
  for (const _ of ['once', 'twice']) await sink.write(SHARD, {});
  expect(await sink.has?.(SHARD.id, {})).toBe(true);
  const rows = await read();
  expect(rows.length).toBe(ROWS.length);
  for (const row of ROWS) {
    const kept = rows.find(({ id }) => id === row.id);
    if ('error' in row) expect(kept).toMatchObject({ error: row.error });
    else expect(numbers(kept?.embedding ?? []).map(Math.fround)).toEqual(numbers(row.embedding));
  }
  await sink.close?.();
}

describe('a folder', () => {
  const own = (files: string[]): string => files.find((file) => file.includes(SHARD.id)) as string;

  test('of NDJSON', async () => {
    const place = join(folder, 'ndjson');
    await expectKept(await openSink(place), async () =>
      readFileSync(own(filesIn(place)), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
  });

  test('of Parquet', async () => {
    const place = join(folder, 'parquet');
    await expectKept(await openSink(place, { format: 'parquet' }), async () => {
      const rows = await parquetReadObjects({ file: await asyncBufferFromFile(own(filesIn(place))) });
      return rows.map(({ id, embedding, error }) => ({ id, embedding, error: error && JSON.parse(error) }));
    });
  });

  test('leaves no part of a file behind a write that is stopped', async () => {
    const place = join(folder, 'stopped');
    const sink = await openSink(place);
    await sink.open?.({});
    await expect(sink.write(SHARD, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
    expect(filesIn(place)).toEqual([]);
  });

  test('that cannot be made is an error before anything is computed', async () => {
    writeFileSync(join(folder, 'file'), '');
    const sink = await openSink(join(folder, 'file', 'within'));
    await expect(sink.open?.({})).rejects.toMatchObject({ code: 'source' });
  });
});

test('NDJSON is written in pieces, as files may be longer than strings', async () => {
  const message = 'ü'.repeat(1000);
  const rows: readonly BatchRow[] = Array.from({ length: 3000 }, (_, i) => ({ id: `${i}`, error: { code: 'value', message } }));
  const pieces = [...(await ndjson.encode(rows))];
  expect(pieces.length).toBeGreaterThan(1);
  const lines = Buffer.concat(pieces).toString().trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).id)).toEqual(rows.map(({ id }) => id));
});

describe('a bucket', () => {
  const SECRET = 'not a secret';
  const held = new Map<string, Buffer>();
  let failing = false;
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const { method, url = '' } = request;
    if (failing) response.writeHead(503).end('slow down');
    else if (!isSigned(request, body, SECRET)) response.writeHead(401).end();
    else if (method === 'PUT') response.end(void held.set(url, body));
    else response.writeHead(held.has(url) ? 200 : 404).end();
  });

  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  function environment(secret = SECRET): void {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret);
    vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  test('gets signed files', async () => {
    environment();
    await expectKept(await openSink('s3://bucket/some/where'), async () => {
      expect([...held.keys()]).toContain(`/bucket/some/where/ab/${SHARD.id}.ndjson`);
      return `${held.get(`/bucket/some/where/ab/${SHARD.id}.ndjson`)}`
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    });
  });

  test('that refuses is a source error that says how', async () => {
    environment('another');
    const sink = await openSink('s3://bucket');
    await expect(sink.write(SHARD, {})).rejects.toMatchObject({ code: 'source', message: expect.stringContaining('status 401') });
    failing = true;
    await expect(sink.has?.(SHARD.id, {})).rejects.toMatchObject({ message: expect.stringContaining('status 503') });
    failing = false;
  });

  test('needs keys', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    await expect(openSink('s3://bucket')).rejects.toMatchObject({ code: 'value', message: expect.stringContaining('AWS_ACCESS_KEY_ID') });
  });
});

test('a table gets a large shard in several statements, and the shard with the last', async () => {
  const asked: { sql: string; parameters: unknown[] }[] = [];
  const query = async (sql: string, parameters: unknown[] = []) => {
    if (parameters.length > 1) asked.push({ sql, parameters });
    return { rows: [] };
  };
  const embedding = new Float32Array(4000);
  const rows = Array.from({ length: 5000 }, (_, i) => ({ id: `${i}`, embedding }));
  await postgresTable({ query }, { type: 'real[]' }).write({ id: 'large', rows }, {});
  expect(asked.map(({ parameters: [id, isLast] }) => [id, isLast])).toEqual([
    ['large', false],
    ['large', false],
    ['large', true],
  ]);
  expect(asked.flatMap(({ parameters: [, , ids] }) => ids)).toEqual(rows.map(({ id }) => id));
});

describe('pgvector', () => {
  test('in PGlite', async () => {
    const client = await PGlite.create({ extensions: { vector } });
    await expectKept(postgresTable(client), async () => {
      const { rows } = await client.query<{ id: string; embedding: string; error: unknown }>(
        'SELECT id, embedding::text, error FROM embeddings',
      );
      return rows.map((row) => ({ ...row, embedding: JSON.parse(row.embedding ?? '[]') }));
    });
    const { rows } = await client.query<{ type: string }>(
      "SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'embeddings'::regclass AND attname = 'embedding'",
    );
    expect(rows).toEqual([{ type: 'vector(3)' }]);
    await expect(postgresTable(client).write({ id: 'wide', rows: [{ id: 'a', embedding: Float32Array.of(1) }] }, {})).rejects.toThrow(
      'dimensions',
    );
    await client.close();
  });
});

/** What a client of PostgreSQL says when it ends, and what a server says that ends as well: an error with severity, code and message. */
const TERMINATE = 'X'.charCodeAt(0);
const FIELDS = Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0');
const SHUTDOWN = Buffer.concat([Buffer.from('E'), Uint8Array.of(0, 0, 0, FIELDS.length + 4), FIELDS]);

describeWith('PostgreSQL', 'postgres', () => {
  let server: Server;
  let pool: Pool;
  beforeAll(async () => {
    server = await startPostgres();
    pool = new Pool({ connectionString: server.address });
    pool.on('error', () => {}); // the server may go down before its connections are closed
  });
  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  });

  test('with lists of numbers', async () => {
    await expectKept(await openSink(server.address, { type: 'real[]', table: 'public.lists' }), async () => {
      const { rows } = await pool.query('SELECT * FROM public.lists');
      return rows;
    });
  });

  test('workers that make tables at once', async () => {
    const sinks = await Promise.all(Array.from({ length: 4 }, () => openSink(server.address, { type: 'real[]', table: 'many' })));
    await Promise.all(sinks.map((sink) => sink.open?.({})));
    await Promise.all(
      sinks.map((sink, i) => sink.write({ id: `${i}`, rows: [{ id: `${i}`, embedding: Float32Array.of(i) }, ROWS[2]] }, {})),
    );
    expect((await pool.query('SELECT id FROM many ORDER BY id')).rows.map(({ id }) => id)).toEqual(['0', '1', '2', '3', 'bad']);
    await Promise.all(sinks.map((sink) => sink.close?.()));
  });

  test('whose server goes down while it is closed', async () => {
    const { hostname, port } = new URL(server.address);
    const between = createRelay((client) => {
      const backend = connect(Number(port), hostname).on('data', (piece) => client.write(piece));
      client.on('data', (piece) => (piece[0] === TERMINATE ? client.end(SHUTDOWN) : backend.write(piece)));
      client.on('close', () => backend.destroy());
    }).listen(0);
    const relayed = server.address.replace(port, `${(between.address() as AddressInfo).port}`);
    const sink = await openSink(relayed, { type: 'real[]', table: 'closed' });
    await sink.open?.({});
    await sink.close?.();
    await once(between.close(), 'close');
  });

  test('without pgvector says what to do', async () => {
    const { rows } = await pool.query("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'");
    const sink = await openSink(server.address);
    if (rows.length > 0) await sink.open?.({});
    else await expect(sink.open?.({})).rejects.toMatchObject({ code: 'unsupported', cure: expect.stringContaining('real[]') });
    await sink.close?.();
  });
});

test.each([
  [['ftp://host/x'], 'a folder, s3:, http:, https: or postgres:'],
  [['x', { format: 'csv' }], '"ndjson", "parquet"'],
  [['postgres://x', { table: 'a"b' }], 'the name of a table'],
  [['postgres://x', { type: 'text' }], '"vector", "halfvec", "real[]"'],
  [[7], 'a string'],
])('openSink(...%j) is refused', async (args, message) => {
  await expect(openSink(...(args as [string]))).rejects.toMatchObject({ code: 'value', message: expect.stringContaining(message) });
});

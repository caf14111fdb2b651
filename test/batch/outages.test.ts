import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openSink, type QueuePlace, type Sink, status, submit, work } from '../../src/batch/index.ts';
// @ts-expect-error a script without types
import { programAt, startRedis } from './servers.mjs';
import { type Bench, bench, corpus, describeWith, SERVERS, type Server } from './support.ts';

const DONE = { untilDone: true, lock: 500 } as const;
const [REDIS, POSTGRES] = SERVERS;

/** A sink in memory, which does something before its first write. */
function memory(first: () => Promise<void> = async () => {}) {
  const ids = new Map<string, readonly string[]>();
  let isFirst = true;
  const sink: Sink = {
    has: async (id) => ids.has(id),
    async write({ id, rows }) {
      if (isFirst) {
        isFirst = false;
        await first();
      }
      ids.set(
        id,
        rows.map((row) => row.id),
      );
    },
  };
  return { sink, ids: () => [...ids.values()].flat().sort() };
}

/** What stands between workers and a server: `passes` tells of each piece of clients whether it may pass, and may end the connection. */
async function relay(target: () => string, passes: (piece: Buffer, end: () => void) => boolean = () => true) {
  const sockets = new Set<Socket>();
  const relayed = createServer((client) => {
    const backend = connect(Number(new URL(target()).port), '127.0.0.1');
    const end = (): void => [client, backend].forEach((each) => void each.destroy());
    for (const socket of [client, backend]) sockets.add(socket.on('error', () => {}).on('close', end));
    client.on('data', (piece: Buffer) => passes(piece, end) && backend.write(piece));
    backend.on('data', (piece) => client.write(piece));
  }).listen(0, '127.0.0.1');
  await once(relayed, 'listening');
  const address = new URL(target());
  address.port = `${(relayed.address() as AddressInfo).port}`;
  const close = (): void => {
    relayed.close();
    for (const socket of sockets) socket.destroy();
  };
  return { address: address.href, close };
}

let at: Bench;
beforeAll(async () => {
  at = await bench();
});
afterAll(() => at?.remove());

/** Submits texts, and proves that each id is in the sink once though something happens during the first write. */
async function survives(place: QueuePlace, trouble: () => Promise<void>): Promise<Error[]> {
  const texts = corpus(40);
  const { shards } = await submit(place, texts.map((text, id) => ({ id, text })), at.traced, { shardTokens: 60 }); // biome-ignore format: one row
  const { sink, ids } = memory(trouble);
  const troubles: Error[] = [];
  await work(place, at.traced, sink, { ...DONE, trouble_callback: (error) => troubles.push(error) });
  expect(ids()).toEqual(texts.map((_, id) => `${id}`).sort());
  expect((await status(place)).shards).toEqual({ waiting: 0, active: 0, failed: 0, done: shards });
  return troubles;
}

/** What a Redis answers to a command. */
const redisAt =
  ({ address }: Server) =>
  (...args: string[]): string =>
    execFileSync(programAt('redis-cli'), ['-p', new URL(address).port, ...args], { encoding: 'utf8', stdio: 'pipe' });

describeWith('Redis', REDIS.program, () => {
  let server: Server;
  beforeAll(async () => {
    server = await REDIS.start();
  });
  afterAll(() => server?.stop());
  const cli = (...args: string[]): string => redisAt(server)(...args);

  test('that has no memory left refuses a submission in words, which goes on when there is some', async () => {
    const place = { queue: server.address, name: 'memory' };
    cli('config', 'set', 'maxmemory', '1');
    await expect(submit(place, corpus(10), at.traced)).rejects.toMatchObject({
      code: 'source',
      message: expect.stringMatching(/^the queue memory: expected a server that answers, got .*OOM/),
    });
    cli('config', 'set', 'maxmemory', '0');
    await survives(place, async () => {});
  });

  test('that has no memory left in the middle of a shard, and then some', async () => {
    const troubles = await survives({ queue: server.address, name: 'full' }, async () => {
      cli('config', 'set', 'maxmemory', '1');
      setTimeout(() => cli('config', 'set', 'maxmemory', '0'), 1500);
    });
    expect(troubles.map(({ message }) => message).join()).toContain('OOM');
  });

  test('that reads what it has from disk for a while, and says so', async () => {
    const slow: Server = await startRedis({ 'key-load-delay': 50_000, 'loading-process-events-interval-bytes': 1024 });
    const ask = redisAt(slow);
    try {
      await survives({ queue: slow.address, name: 'loading' }, async () => {
        ask('bgrewriteaof');
        await vi.waitFor(() => expect(ask('info', 'persistence')).toContain('aof_rewrite_in_progress:0'), { timeout: 10_000 });
        await slow.kill();
        const started = slow.start();
        await vi.waitFor(() => expect(ask('dbsize')).toContain('LOADING'), { timeout: 10_000 });
        await started;
      });
    } finally {
      await slow.stop();
    }
  });

  test('that becomes a replica in the middle of a shard, and a primary again', async () => {
    const troubles = await survives({ queue: server.address, name: 'replica' }, async () => {
      cli('replicaof', '127.0.0.1', '1');
      setTimeout(() => cli('replicaof', 'no', 'one'), 1500);
    });
    expect(troubles.map(({ message }) => message).join()).toContain('READONLY');
  });

  test('whose place another one takes: connections to the old one, now a replica, are let go of', async () => {
    const other = await REDIS.start();
    let primary = server;
    const between = await relay(() => primary.address);
    cli('flushall');
    cli('config', 'set', 'repl-diskless-sync-delay', '0');
    const ofOther = redisAt(other);
    ofOther('replicaof', '127.0.0.1', new URL(server.address).port);
    try {
      await survives({ queue: between.address, name: 'failover' }, async () => {
        await vi.waitFor(
          () => {
            expect(ofOther('info', 'replication')).toContain('master_link_status:up');
            expect(ofOther('dbsize')).toBe(cli('dbsize'));
          },
          { timeout: 30_000 },
        );
        ofOther('replicaof', 'no', 'one');
        cli('replicaof', '127.0.0.1', new URL(other.address).port);
        primary = other;
      });
    } finally {
      between.close();
      await other.stop();
    }
  });
});

describeWith('PostgreSQL', POSTGRES.program, () => {
  let server: Server;
  beforeAll(async () => {
    server = await POSTGRES.start();
  });
  afterAll(() => server?.stop());

  const endAll = async (): Promise<void> => {
    const client = new Client(server.address);
    await client.connect();
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL');
    await client.end();
  };

  test('that ends every connection in the middle of a shard', async () => {
    await survives({ queue: server.address, name: 'ended' }, endAll);
  });

  test('that is read-only refuses in words, and in the middle of a shard it is waited for', async () => {
    const admin = new Client(server.address);
    await admin.connect();
    await admin.query('SET default_transaction_read_only = off');
    const readOnly = async (state: 'on' | 'off'): Promise<void> => {
      await admin.query(`ALTER SYSTEM SET default_transaction_read_only = ${state}`);
      await admin.query('SELECT pg_reload_conf()');
    };
    const place = { queue: server.address, name: 'readonly' };
    const texts = corpus(40);
    await submit(place, texts.map((text, id) => ({ id, text })), at.traced, { shardTokens: 60 }); // biome-ignore format: one row
    const table = { type: 'real[]', table: 'readonly' } as const;
    const sink = await openSink(server.address, table);
    let isFirst = true;
    const write: Sink['write'] = async (...given) => {
      if (isFirst) {
        isFirst = false;
        await readOnly('on');
        const message = expect.stringMatching(/^the table \w+: expected a database that takes rows, got .* in a read-only transaction/);
        for (const type of ['real[]', 'vector'] as const) {
          const another = await openSink(server.address, { ...table, type, table: 'another' });
          await expect(another.open?.({})).rejects.toMatchObject({ code: 'source', message });
          await another.close?.();
        }
        setTimeout(() => void readOnly('off'), 1500);
      }
      await sink.write(...given);
    };
    const troubles: string[] = [];
    await work(place, at.traced, { ...sink, write }, { ...DONE, trouble_callback: ({ message }) => troubles.push(message) });
    expect(troubles.join()).toContain('read-only');
    const { rows } = await admin.query('SELECT id FROM readonly');
    await admin.end();
    expect(rows.map(({ id }) => id).sort()).toEqual(texts.map((_, id) => `${id}`).sort());
    expect((await status(place)).shards).toMatchObject({ waiting: 0, active: 0, failed: 0 });
  });

  test('whose connections break in the middle of a statement of the sink', async () => {
    let cuts = 3;
    const between = await relay(
      () => server.address,
      (piece, end) => {
        if (!piece.includes('INSERT INTO "cut"') || cuts-- <= 0) return true;
        end();
        return false;
      },
    );
    const place = { queue: server.address, name: 'cut' };
    const texts = corpus(40);
    await submit(place, texts.map((text, id) => ({ id, text })), at.traced, { shardTokens: 60 }); // biome-ignore format: one row
    const sink = await openSink(between.address, { type: 'real[]', table: 'cut' });
    await work(place, at.traced, sink, DONE);
    const client = new Client(server.address);
    await client.connect();
    const { rows } = await client.query('SELECT id FROM cut');
    await client.end();
    expect(cuts).toBeLessThan(1);
    expect(rows.map(({ id }) => id).sort()).toEqual(texts.map((_, id) => `${id}`).sort());
    between.close();
  });

  test('that stands still lets a worker be stopped', async () => {
    const place = { queue: server.address, name: 'still' };
    await submit(place, corpus(10), at.traced);
    const stop = new AbortController();
    let isStill = false;
    const between = await relay(
      () => server.address,
      () => !isStill,
    );
    const sink = await openSink(between.address, { type: 'real[]', table: 'still' });
    const write: Sink['write'] = async (...given) => {
      isStill = true;
      setTimeout(() => stop.abort(new Error('enough')), 100);
      await sink.write(...given);
    };
    await expect(work(place, at.traced, { ...sink, write }, { signal: stop.signal })).rejects.toThrow('enough');
    expect((await status(place)).shards).toMatchObject({ waiting: 1, active: 0 });
    between.close();
  });
});

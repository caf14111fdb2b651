import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonl, openSink, status, submit, work } from '../../src/batch/index.ts';
import { missing, type Server, startPostgres, startRedis } from './servers.mjs';
import { type Bench, bench, corpus, expectVectors, faulty, rowsIn } from './support.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

const LOCK_MS = 500;

const SERVERS = [
  { name: 'Redis', program: 'redis-server', start: startRedis },
  { name: 'PostgreSQL', program: 'postgres', start: startPostgres },
];

describe.each(SERVERS)('a queue in $name', ({ program, start }) => {
  const why = missing(program);
  if (why) return test.skip(why);
  let server: Server;
  let { folder, traced, file, remove }: Partial<Bench> = {};

  beforeAll(async () => {
    [server, { folder, traced, file, remove }] = await Promise.all([start(), bench()]);
  });
  afterAll(async () => {
    remove?.();
    await server?.stop();
  });

  /** Texts in a queue of their own, and a sink. */
  async function submitted(name: string, texts: readonly string[]) {
    const [source, sink] = [join(folder, `${name}.jsonl`), join(folder, name)];
    writeFileSync(source, texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
    const place = { queue: server.address, name };
    const { shards } = await submit(place, jsonl(source), traced, { shardTokens: 200 });
    const fault = { ...place, model: file, sink, lock: LOCK_MS };
    const finish = async () => {
      await work(place, traced, await openSink(sink), { untilDone: true, lock: LOCK_MS });
      expect((await status(place)).shards).toEqual({ waiting: 0, active: 0, failed: 0, done: shards });
      return rowsIn(sink);
    };
    return { fault, finish, place, sink, source, shards };
  }

  test.each(['computing', 'writing'] as const)('a worker that is killed while it is %s', async (fault) => {
    const texts = corpus(60);
    const { fault: settings, finish, place } = await submitted(fault, texts);
    const { child, said, ended } = faulty({ ...settings, fault });
    await said(fault);
    expect((await status(place)).shards.active).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await ended;
    await expectVectors(await finish(), texts, texts.map(hash), traced);
  });
});

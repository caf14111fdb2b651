import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonl, openSink, type SubmitOptions, status, submit, type WorkOptions, work } from '../../src/batch/index.ts';
import { type Bench, bench, corpus, describeWith, expectVectors, faulty, type Row, rowsIn, type SERVERS, type Server } from './support.ts';

const LOCK_MS = 500;
const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** What may go wrong around a queue, on one of the servers. */
export const describeFaults = ({ name: kind, program, start }: (typeof SERVERS)[number]): void =>
  describeWith(`a queue in ${kind}`, program, () => {
    let server: Server;
    let at: Bench;

    beforeAll(async () => {
      [server, at] = await Promise.all([start(), bench()]);
    });
    afterAll(async () => {
      at?.remove();
      await server?.stop();
    });

    /** Texts in a queue of their own, and a sink for them. */
    async function submitted(name: string, texts: readonly string[], options: SubmitOptions = {}) {
      const [source, sink] = [join(at.folder, `${name}.jsonl`), join(at.folder, name)];
      writeFileSync(source, texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
      const place = { queue: server.address, name };
      const { shards } = await submit(place, jsonl(source), at.traced, { shardTokens: 200, ...options });
      const fault = { ...place, model: at.file, sink, lock: LOCK_MS };
      const finish = async (more: WorkOptions = {}): Promise<Row[]> => {
        await work(place, at.traced, await openSink(sink), { untilDone: true, lock: LOCK_MS, ...more });
        expect((await status(place)).shards).toEqual({ waiting: 0, active: 0, failed: 0, done: shards });
        return rowsIn(sink);
      };
      const expectAll = async (rows: readonly Row[]): Promise<void> => expectVectors(rows, texts, texts.map(hash), at.traced);
      return { fault, finish, place, shards, sink, expectAll };
    }

    test.each(['computing', 'writing'] as const)('a worker is killed while it is %s', async (fault) => {
      const { fault: settings, finish, place, shards, expectAll } = await submitted(fault, corpus(60));
      const { child, said, ended } = faulty({ ...settings, fault });
      await said(fault);
      expect((await status(place)).shards.done).toBeLessThan(shards);
      child.kill('SIGKILL');
      await ended;
      await expectAll(await finish());
    });

    test('the server is killed in the middle of a shard', async () => {
      const { place, finish, sink, expectAll } = await submitted('server', corpus(60));
      const files = await openSink(sink);
      let killed = false;
      const write: typeof files.write = async (shard, options) => {
        if (!killed) {
          killed = true;
          await server.kill();
          await server.start();
        }
        await files.write(shard, options);
      };
      const troubles: Error[] = [];
      await work(
        place,
        at.traced,
        { ...files, write },
        { untilDone: true, lock: LOCK_MS, trouble_callback: (error) => troubles.push(error) },
      );
      expect(troubles).not.toEqual([]);
      await expectAll(await finish());
    });

    test('a worker whose server has gone can be stopped, and goes on when it is back', async () => {
      const { place, finish, expectAll } = await submitted('gone', corpus(60));
      const stop = new AbortController();
      const write = async (_: unknown, { signal }: { signal?: AbortSignal }): Promise<void> => {
        await server.kill();
        stop.abort(new Error('stop'));
        signal?.throwIfAborted();
      };
      await expect(work(place, at.traced, write, { signal: stop.signal, lock: LOCK_MS, concurrency: 1 })).rejects.toThrow('stop');
      await server.start();
      await expectAll(await finish());
    });

    test('a submission whose server has gone can be stopped', async () => {
      const stop = new AbortController();
      async function* texts() {
        yield* corpus(30);
        await server.kill();
        setImmediate(() => stop.abort(new Error('stop')));
        yield* corpus(60).slice(30);
      }
      const place = { queue: server.address, name: 'cut' };
      const ended = await submit(place, texts(), at.traced, { shardTokens: 60, signal: stop.signal }).catch((error) => error);
      expect(ended).toMatchObject({ message: expect.stringMatching(/^stop$|terminated|ECONN/) });
      await server.start();
      expect(await submit(place, corpus(60), at.traced, { shardTokens: 60 })).toMatchObject({ texts: 60 });
      const { shards } = await status(place);
      await work(place, at.traced, await openSink(join(at.folder, 'cut')), { untilDone: true, lock: LOCK_MS });
      expect((await status(place)).shards).toMatchObject({ done: shards.waiting, failed: 0 });
      await expectVectors(rowsIn(join(at.folder, 'cut')), corpus(60), corpus(60).map(hash), at.traced);
    });

    test('a shard is delivered to two workers', async () => {
      const { fault, finish, sink, expectAll } = await submitted('twice', corpus(60));
      const { child, said, ended } = faulty({ ...fault, fault: 'paused' });
      await said('paused');
      child.kill('SIGSTOP');
      const before = await finish();
      child.kill('SIGCONT');
      child.kill('SIGUSR2');
      expect(await ended).toMatchObject({ status: 0 });
      expect(rowsIn(sink)).toEqual(before);
      await expectAll(before);
    });

    test('a text that cannot be embedded takes no other with it', async () => {
      const texts = [...corpus(20), 'a '.repeat(2000), ...corpus(40).slice(20)];
      const { finish } = await submitted('poisoned', texts);
      const rows = await finish();
      const errors = rows.filter((row) => 'error' in row);
      expect(errors).toMatchObject([{ id: hash(texts[20]), error: { code: 'value', message: expect.stringContaining('tokens') } }]);
      const good = texts.toSpliced(20, 1);
      await expectVectors(
        rows.filter((row) => 'embedding' in row),
        good,
        good.map(hash),
        at.traced,
      );
    });

    test('a text that ends its workers is found and left out', async () => {
      const texts = [...corpus(12, 4), 'a specif name', ...corpus(16, 4).slice(12)];
      const { fault, finish } = await submitted('deadly', texts);
      for (let deaths = 1; ; deaths++) {
        const { status } = await faulty({ ...fault, word: 'specif' }).ended;
        if (status !== 'SIGKILL') break;
        expect(deaths).toBeLessThan(8);
      }
      const rows = await finish();
      expect(rows.filter((row) => 'error' in row)).toMatchObject([{ id: hash('a specif name'), error: { code: 'worker' } }]);
      const good = texts.toSpliced(12, 1);
      await expectVectors(
        rows.filter((row) => 'embedding' in row),
        good,
        good.map(hash),
        at.traced,
      );
    });

    const mounted = (folder: string, options: string): boolean => {
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
        return true;
      } catch {
        return false;
      }
    };

    test.for([
      ['is full', 'size=16k', 'ENOSPC'],
      ['is read-only', 'size=10m,ro', 'EROFS'],
    ])('the disk of the sink %s, and then is not', async ([, options, code], context) => {
      const { sink, place, finish, expectAll } = await submitted(code, corpus(120));
      mkdirSync(sink);
      if (!mounted(sink, options)) context.skip('a file system can be mounted by root alone');
      try {
        const files = await openSink(sink);
        const stop = new AbortController();
        const refused = work(place, at.traced, files, {
          signal: stop.signal,
          lock: LOCK_MS,
          trouble_callback: (error) => error.message.includes(code) && stop.abort(error),
        });
        await expect(refused).rejects.toThrow(code);
        expect((await status(place)).shards).toMatchObject({ active: 0, failed: 0 });
        execFileSync('mount', ['-o', 'remount,size=10m,rw', sink]);
        await expectAll(await finish());
      } finally {
        execFileSync('umount', [sink]);
      }
    });
  });

import { Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { advise, type BatchRow, processor, prometheus, type QueuePlace, type Sink, status, submit, work } from '../../src/batch/index.ts';
import { embedderOf, folderOf } from '../support/sentence.ts';
import { type Bench, bench, corpus, describeWith, SERVERS, type Server } from './support.ts';

/** A sink in memory, by shard as files are. */
function memory() {
  const shards = new Map<string, readonly BatchRow[]>();
  const sink: Sink = {
    write: async ({ id, rows }) => void shards.set(id, rows),
    has: async (id) => shards.has(id),
  };
  return { sink, shards, rows: () => [...shards.values()].flat() };
}

const DONE = { untilDone: true } as const;

for (const { name: kind, program, start } of SERVERS)
  describeWith(kind, program, () => {
    let server: Server;
    let at: Bench;
    beforeAll(async () => {
      [server, at] = await Promise.all([start(), bench()]);
    });
    afterAll(async () => {
      at?.remove();
      await server?.stop();
    });
    const placed = (name: string): QueuePlace => ({ queue: server.address, name });

    test('what was submitted is not submitted again, whatever became of it', async () => {
      const place = placed('again');
      const texts = [...corpus(30), ...corpus(10)];
      const first = await submit(place, texts, at.traced, { shardTokens: 60 });
      expect(first).toMatchObject({ added: first.shards, texts: 30, repeated: 10 });
      const { sink, shards, rows } = memory();
      expect(await work(place, at.traced, sink, DONE)).toEqual({ shards: first.shards, texts: 30, tokens: first.tokens, failed: 0 });
      expect(await submit(place, texts, at.traced, { shardTokens: 60 })).toMatchObject({ shards: first.shards, added: 0 });
      expect(await work(place, at.traced, sink, DONE)).toMatchObject({ shards: 0 });
      expect([shards.size, rows().length]).toEqual([first.shards, 30]);
      expect(await submit(place, [...texts, 'one more'], at.traced, { shardTokens: 60 })).toMatchObject({ added: 1 });
    });

    test('what is submitted twice at once is there once', async () => {
      const place = placed('at once');
      const both = await Promise.all([1, 2].map(() => submit(place, corpus(30), at.traced, { shardTokens: 60 })));
      const { sink, rows } = memory();
      await Promise.all([1, 2].map(() => work(place, at.traced, sink, DONE)));
      expect((await status(place)).shards).toEqual({ waiting: 0, active: 0, failed: 0, done: both[0].shards });
      expect(new Set(rows().map(({ id }) => id)).size).toBe(rows().length);
      expect(rows().length).toBe(30);
    });

    test('a source without texts is no work', async () => {
      const place = placed('empty');
      expect(await submit(place, [], at.traced)).toEqual({ shards: 0, added: 0, texts: 0, tokens: 0, repeated: 0 });
      expect(await work(place, at.traced, async () => {}, DONE)).toMatchObject({ shards: 0 });
      const found = await status(place);
      expect(found).toMatchObject({ tokensLeft: 0, secondsLeft: 0 });
      expect(advise(found, { until: new Date(Date.now() + 3_600_000), model: at.traced })).toMatchObject({ workers: 0, hours: 0 });
    });

    test('vectors are those of embed() with the same options', async () => {
      const texts = [...corpus(6), 'a '.repeat(400)];
      const options = { truncate: true, truncate_dim: 8, normalize: true, prompt: 'query: ' };
      await submit(placed('options'), texts, at.traced, options);
      const { sink, rows } = memory();
      await work(placed('options'), at.traced, sink, DONE);
      const want: number[][] = (await at.traced.embed(texts, options)).tolist();
      expect(rows().map((row) => 'embedding' in row && [...row.embedding])).toEqual(want);
    });

    test('characters that databases refuse come through', async () => {
      const texts = ['\0 a', 'half \ud83d of a pair', '😀', ''];
      await submit(placed('characters'), texts, at.traced, {});
      const { sink, rows } = memory();
      await work(placed('characters'), at.traced, sink, DONE);
      const want: number[][] = (await at.traced.embed(texts)).tolist();
      expect(rows().map((row) => 'embedding' in row && [...row.embedding])).toEqual(want);
    });

    test('a shard that the sink has is not computed again', async () => {
      const { sink, rows } = memory();
      const counted = { ...sink, write: async () => expect.unreachable('is not written') };
      await submit(placed('has'), corpus(8), at.traced);
      await work(placed('has'), at.traced, sink, DONE);
      await submit(placed('has anew'), corpus(8), at.traced);
      expect(await work(placed('has anew'), at.traced, counted, DONE)).toMatchObject({ shards: 1, texts: 8, failed: 0 });
      expect(rows().length).toBe(8);
    });

    test('a stopped worker gives its shards back', async () => {
      const place = placed('stopped');
      await submit(place, corpus(30), at.traced, { shardTokens: 60 });
      const stop = new AbortController();
      let closed = 0;
      const sink: Sink = {
        write: async (_, { signal }) => {
          stop.abort(new Error('enough'));
          signal?.throwIfAborted();
        },
        close: async () => void closed++,
      };
      await expect(work(place, at.traced, sink, { signal: stop.signal })).rejects.toThrow('enough');
      expect(closed).toBe(1);
      const { shards } = await status(place);
      expect(shards).toMatchObject({ active: 0, done: 0, failed: 0 });
      const kept = memory();
      await work(place, at.traced, kept.sink, DONE);
      expect(kept.rows().length).toBe(30);
    });

    test('a sink that fails for long fails its shards, which are tried again when they are submitted again', async () => {
      const place = placed('failing');
      await submit(place, corpus(5), at.traced, { attempts: 1 });
      const troubles: string[] = [];
      const stop = new AbortController();
      const failing = async () => Promise.reject(new Error('no room'));
      const trouble_callback = ({ message }: Error) => void troubles.push(message);
      const working = work(place, at.traced, failing, { sinkPatience: 1, signal: stop.signal, trouble_callback });
      let found = await status(place);
      while (!found.failure) found = await status(place);
      stop.abort(new Error('stop'));
      await expect(working).rejects.toThrow('stop');
      expect(found.failure).toBe('no room');
      expect(await submit(place, corpus(5), at.traced)).toMatchObject({ shards: 1, added: 0 });
      const { sink, rows } = memory();
      await work(place, at.traced, sink, DONE);
      expect(rows().length).toBe(5);
    });

    test('a worker with another model ends, and the shard waits for one with its own', async () => {
      const place = placed('other');
      await submit(place, corpus(5), at.traced);
      const other = await embedderOf(folderOf('cls'));
      await expect(work(place, other, async () => {}, DONE)).rejects.toMatchObject({
        code: 'value',
        message: expect.stringContaining('another model'),
      });
      expect((await status(place)).shards).toMatchObject({ done: 0, failed: 0, active: 0, waiting: 1 });
      other.dispose();
    });

    test('what is no shard fails, and the others go on', async () => {
      const place = placed('junk');
      const { sink, rows } = memory();
      await submit(place, corpus(5), at.traced);
      const { openQueue } = await import('../../src/batch/queue.ts');
      const queue = await openQueue(place);
      await queue.add('shard', { nonsense: true } as never, { attempts: 5 });
      await queue.close();
      await work(place, at.traced, sink, DONE);
      expect(rows().length).toBe(5);
      expect(await status(place)).toMatchObject({ shards: { done: 1, failed: 1 }, failure: expect.stringContaining('a shard of texts') });
    });

    test('submitting waits until workers have made room', async () => {
      const place = placed('room');
      const told: number[] = [];
      const progress_callback = ({ shards }: { shards: number }) => void told.push(shards);
      const submitting = submit(place, corpus(20), at.traced, { shardTokens: 30, waiting: 2, progress_callback });
      while ((await status(place)).shards.waiting < 2);
      for (let i = 0; i < 5; i++) expect((await status(place)).shards.waiting).toBe(2);
      const [stop, { sink, rows }] = [new AbortController(), memory()];
      const working = work(place, at.traced, sink, { signal: stop.signal }).catch((error) => error);
      const { shards } = await submitting;
      while ((await status(place)).shards.done < shards);
      stop.abort('done');
      expect(await working).toBe('done');
      expect(told.at(-1)).toBe(shards);
      expect(rows().length).toBe(20);
    });

    test('its numbers say how far it is, how fast, and how many workers are enough', async () => {
      const place = placed('numbers');
      const { shards, tokens } = await submit(place, corpus(40), at.traced, { shardTokens: 60 });
      const until = new Date(Date.now() + 3_600_000);
      const before = await status(place);
      expect(before).toMatchObject({ shards: { waiting: shards, active: 0, done: 0, failed: 0 }, workers: 0, tokensPerSecond: undefined });
      expect(before.tokensLeft).toBe(tokens);
      expect(() => advise(before, { until })).toThrow('Pass { model } or { tokensPerSecond }');
      expect(advise(before, { until, model: at.traced })).toMatchObject({ workers: 1, from: 'estimated' });
      let during = before;
      let held = 0;
      const sink = async (): Promise<void> => {
        if (++held === shards) during = await status(place);
      };
      await work(place, at.traced, sink, { ...DONE, concurrency: 1 });
      expect(during).toMatchObject({ shards: { done: shards - 1, active: 1 }, workers: 1 });
      expect(advise(during, { until })).toMatchObject({ workers: 1, from: 'measured' });
      expect(await status(place)).toMatchObject({
        shards: { waiting: 0, active: 0, done: shards, failed: 0 },
        tokensLeft: 0,
        secondsLeft: 0,
      });
      expect(await prometheus(place)).toContain(`bullmq_job_count{queue="numbers", state="completed"} ${shards}`);
    });

    test('a processor runs in a BullMQ worker of your own', async () => {
      const place = placed('own');
      const { shards } = await submit(place, corpus(10), at.traced);
      const { sink, rows } = memory();
      const { openWorker } = await import('../../src/batch/queue.ts');
      const worker = await openWorker(place, processor(at.traced, sink), {}, { heard: (error) => expect.unreachable(error.message) });
      expect(worker).toBeInstanceOf(Worker);
      while ((await status(place)).shards.done < shards);
      await worker.close();
      expect(rows().length).toBe(10);
    });

    test('locks are renewed while a shard is computed in this thread', async () => {
      const place = placed('locks');
      await submit(place, corpus(3000, 7), at.traced, { shardTokens: 1_000_000 });
      const { sink, rows } = memory();
      const { openWorker } = await import('../../src/batch/queue.ts');
      const settings = { lockDuration: 30_000, lockRenewTime: 50 };
      const worker = await openWorker(place, processor(at.traced, sink), settings, { heard: () => {} });
      let renewed = 0;
      worker.on('locksRenewed', () => renewed++);
      while ((await status(place)).shards.done < 1);
      await worker.close();
      expect(renewed).toBeGreaterThan(0);
      expect(rows().length).toBe(3000);
    });
  });

describe('how many workers are enough', () => {
  const now = { shards: { waiting: 900, active: 100, done: 0, failed: 0 }, workers: 4, shard: { texts: 500, tokens: 60_000, failed: 0 } };
  const found = { ...now, tokensLeft: 60_000_000, tokensPerSecond: 8000, secondsLeft: 7500, failure: undefined };
  const soon = (): Date => new Date(Date.now() + 3_600_000);

  test('follows from what was measured', () =>
    expect(advise(found, { until: soon() })).toMatchObject({ workers: 9, tokensPerSecond: 2000, from: 'measured' }));
  test('follows from what is given', () =>
    expect(advise(found, { until: soon(), tokensPerSecond: 500 })).toMatchObject({ workers: 34, from: 'given' }));
  test('is never more than there are shards', () => {
    const few = { ...found, shards: { ...now.shards, waiting: 3, active: 0 } };
    expect(advise(few, { until: soon(), tokensPerSecond: 1 }).workers).toBe(3);
  });
  test.each([
    [{}, '{ until }'],
    [{ until: new Date(0) }, 'a Date that is not over'],
    [{ until: soon(), tokensPerSecond: 0 }, 'above 0'],
    [{ until: soon(), model: {} }, 'a traced model'],
  ])('%j is refused', (options, message) => expect(() => advise(found, options as never)).toThrow(message));
});

describe('wrong calls', () => {
  const nowhere = { queue: 'redis://user:secret@127.0.0.1:1' };
  let at: Bench;
  beforeAll(async () => {
    at = await bench();
  });
  afterAll(() => at?.remove());

  test.each([
    [{}, 'expected { queue }'],
    [{ queue: 'http://x' }, 'redis:, rediss:, postgres: or postgresql:'],
    [{ queue: '' }, 'the address of a server'],
    [{ queue: 'redis://x', nmae: 'x' }, 'Did you mean name?'],
    [7, 'an object'],
  ])('the queue %j is refused', async (place, message) => {
    await expect(status(place as QueuePlace)).rejects.toMatchObject({ code: 'value', message: expect.stringContaining(message) });
  });

  test('a server that is not there is an error at once, and no secret is told', async () => {
    const calls: Promise<unknown>[] = [status(nowhere), submit(nowhere, ['a'], at.traced), work(nowhere, at.traced, async () => {})];
    for (const secret of ['user:secret@127.0.0.1:1/x', '127.0.0.1:1/x?password=secret'])
      calls.push(status({ queue: `postgres://${secret}` }));
    for (const ended of await Promise.allSettled(calls)) {
      expect(ended).toMatchObject({ status: 'rejected', reason: { code: 'source', message: expect.stringContaining('ECONNREFUSED') } });
      expect(JSON.stringify(ended)).not.toContain('secret');
    }
  });

  test.each([
    ['a model that is none', () => submit(nowhere, ['a'], {} as never), 'a traced model'],
    ['an option that is none', () => submit(nowhere, ['a'], at.traced, { trunctae: true } as never), 'Did you mean truncate?'],
    ['truncate and chunk', () => submit(nowhere, ['a'], at.traced, { truncate: true, chunk: true }), 'truncate or chunk'],
    ['a sink that is none', () => work(nowhere, at.traced, {} as never), 'a sink, or a function'],
    ['a lock that is none', () => work(nowhere, at.traced, async () => {}, { lock: -1 }), 'lock'],
  ])('%s is refused', async (_, call, message) => {
    await expect(call()).rejects.toMatchObject({ code: 'value', message: expect.stringContaining(message) });
  });

  test('a signal that came before is obeyed', async () => {
    const signal = AbortSignal.abort(new Error('before'));
    for (const call of [
      status(nowhere, { signal }),
      submit(nowhere, ['a'], at.traced, { signal }),
      work(nowhere, at.traced, async () => {}, { signal }),
    ])
      await expect(call).rejects.toThrow('before');
  });
});

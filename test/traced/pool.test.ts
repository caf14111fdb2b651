import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { nextTask } from '../../src/base/slices.ts';
import { jit, type Tensor, tensor } from '../../src/index.ts';
import { allOf, shareOf } from '../../src/text/batches.ts';
import { dynamic, embedding, inputsOf, killing, load, slowFile, watched, whole, withoutSharing, x } from '../support/pool.ts';
import { SILENT } from '../support/silent.ts';
import { expectSameBits, problem } from '../support/tiny.ts';
import { until } from '../support/until.ts';

/** What has a worker exit when it hears so, before the listener of its own hears anything. */
const EXITS = `
  import { parentPort } from 'node:worker_threads';
  const { on } = parentPort;
  parentPort.on = (name, listener) => {
    on.call(parentPort, name, (way) => way === 'exit' && process.exit(3));
    return on.call(parentPort, name, listener);
  };`;

describe.each([
  ['in one memory', () => {}],
  ['with copies of the weights', withoutSharing],
] as const)('a pool %s', (_, prepare) => {
  test('gives the same bits as calls in place', async () => {
    prepare();
    for (const kernels of ['baseline', 'debug'] as const) {
      const place = await jit.load(await dynamic, { kernels });
      const pool = await load(await dynamic, { workers: 2, kernels });
      expect(pool.workers).toBe(2);
      for (const shape of [
        [1, 9],
        [3, 17],
        [8, 128],
        [1, 1],
      ] as [number, number][])
        expectSameBits(await pool.run(inputsOf(...shape)), place(inputsOf(...shape)), `${shape}`);
    }
  });

  test('loses and swaps no answers', async () => {
    prepare();
    const pool = await load(await dynamic, { workers: 2 });
    let random = 7;
    const upTo = (most: number): number => {
      random = (random * 48271) % 2147483647;
      return random % most;
    };
    const calls = Array.from({ length: 200 }, (_, seed) => {
      const inputs = inputsOf(1 + upTo(4), 1 + upTo(100), seed);
      const stop = upTo(3) === 0 ? new AbortController() : undefined;
      const outputs = upTo(2) ? ['pooler_output'] : undefined;
      if (stop) setTimeout(() => stop.abort(), upTo(400));
      return { inputs, stop, outputs, run: pool.run(inputs, { signal: stop?.signal, outputs }) };
    });
    const results = await Promise.allSettled(calls.map(({ run }) => run));
    for (const [i, { inputs, stop, outputs }] of calls.entries()) {
      const result = results[i];
      if (result.status === 'rejected') expect([stop?.signal.aborted, result.reason.name]).toEqual([true, 'AbortError']);
      else expectSameBits(result.value.pooler_output, whole(inputs).pooler_output, `call ${i}`);
      if (result.status === 'fulfilled') expect(result.value.length).toBe(outputs ? 1 : 2);
    }
    const kept = results.filter(({ status }) => status === 'fulfilled').length;
    expect(kept).toBeGreaterThanOrEqual(calls.filter(({ stop }) => !stop).length);
    expectSameBits(await pool.run(inputsOf(1, 5)), whole(inputsOf(1, 5)));
  });

  test('embeds the same bits as in place', async () => {
    prepare();
    const file = await embedding();
    const place = await jit.load(file);
    const pool = await load(file, { workers: 2 });
    const words = ['a', 'b', 'cat', 'dog', 'sat', '.'];
    const texts = Array.from({ length: 60 }, (_, i) =>
      Array.from({ length: 1 + ((i * 7) % 25) }, (_, j) => words[(i + j * j) % 6]).join(' '),
    );
    const want = await place.embed(texts);
    expectSameBits(await pool.embed(texts), want);
    const each: number[] = [];
    for await (const { index, embedding } of pool.embedEach(texts, { batchTokens: 64 })) {
      expect(embedding).toEqual(want.data.slice(index * 16, index * 16 + 16));
      each.push(index);
    }
    expect(each).toEqual(texts.map((_, i) => i));
    const stop = AbortSignal.timeout(1);
    await expect(pool.embed(new Array(3000).fill(texts[24]), { signal: stop })).rejects.toMatchObject({ name: 'TimeoutError' });
    expectSameBits(await pool.run(texts[3]), place(texts[3]));
  });

  test.each(['terminate', 'throw', 'exit'] as const)('goes on after a worker dies (%s)', async (way) => {
    prepare();
    const seen = watched(EXITS);
    const pool = await load<Tensor>(await slowFile, { workers: 1 });
    const want = await pool.run(x);
    const run = pool.run(x, { signal: new AbortController().signal });
    const waiting = pool.run(x);
    await seen.asked(2);
    if (way === 'terminate') seen.ends[0]();
    else seen.post[0](way);
    for (const call of [run, waiting]) expectSameBits(await call, want);
    expect(seen.died[0]).toMatch(
      {
        terminate: /^a worker that ended \(exit code 1\)/,
        throw: /^a worker that failed \(.*'in' operator/,
        exit: /^a worker that ended \(exit code 3\)/,
      }[way],
    );
    expectSameBits(await pool.run(x), want);
    expect(seen.count).toBe(2);
  });

  test('runs calls again whose workers are killed, and has lost none in the end', async () => {
    prepare();
    const seen = watched();
    const pool = await load(await dynamic, { workers: 2 });
    const deaths = killing(seen, 3);
    const calls = Array.from({ length: 4 }, (_, seed) => inputsOf(1 + (seed % 4), 5 + seed, seed));
    const kept = structuredClone(calls.map(({ input_ids }) => input_ids.data));
    const answers = await Promise.all(calls.map((inputs) => pool.run(inputs)));
    for (const [i, inputs] of calls.entries()) expectSameBits(answers[i].pooler_output, whole(inputs).pooler_output, `call ${i}`);
    expect(calls.map(({ input_ids }) => input_ids.data)).toEqual(kept);
    expect(deaths()).toBe(3 * calls.length);
  });

  test('fails a call that ends each worker that has it, and no other', async () => {
    prepare();
    const seen = watched();
    const pool = await load(await dynamic, { workers: 1 });
    let deaths = 0;
    seen.kills = (message) => {
      const isDeadly = 'call' in message && message.call.inputs[0].shape[1] === 7;
      deaths += Number(isDeadly);
      return isDeadly;
    };
    const runs = [5, 7, 6].map((length) => pool.run(inputsOf(1, length)));
    const { message } = await problem('worker', () => runs[1]);
    expect(message).toContain('got a worker that was killed');
    for (const [at, length] of [
      [0, 5],
      [2, 6],
    ])
      expectSameBits(await runs[at], whole(inputsOf(1, length)));
    expect(deaths).toBe(4);
  });

  test('starts a worker again that is killed before it is ready', async () => {
    prepare();
    const seen = watched();
    let kills = 3;
    seen.kills = (message) => 'setup' in message && kills-- > 0;
    const pool = await load(await dynamic, { workers: 1 });
    expect([pool.workers, seen.count]).toEqual([1, 4]);
    expectSameBits(await pool.run(inputsOf(1, 5)), whole(inputsOf(1, 5)));
  });

  test('runs a call that was stopped no more when its worker dies', async () => {
    prepare();
    const seen = watched();
    const pool = await load(await dynamic, { workers: 1 });
    const stop = new AbortController();
    let asked = 0;
    seen.kills = (message) => {
      if (!('call' in message)) return false;
      asked++;
      stop.abort();
      return true;
    };
    await expect(pool.run(inputsOf(1, 5), { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
    seen.kills = undefined;
    expectSameBits(await pool.run(inputsOf(1, 5)), whole(inputsOf(1, 5)));
    expect(asked).toBe(1);
  });

  test('fails the call for which no worker starts again, and that one alone', async () => {
    prepare();
    const seen = watched();
    const pool = await load<Tensor>(await slowFile, { workers: 1 });
    const want = await pool.run(x);
    seen.ends[0]();
    await until(() => expect(seen.died.length).toBe(1));
    seen.refused = 'a worker that does not start';
    expect((await problem('worker', () => pool.run(x))).message).toContain('a worker that does not start');
    seen.refused = undefined;
    expectSameBits(await pool.run(x), want);
  });

  test('hands errors over as they are', async () => {
    prepare();
    const pool = await load(await dynamic, { workers: 1 });
    const wrong = { ...inputsOf(1, 4), input_ids: tensor([[1, 2, 3, 400]]) };
    const here = await problem('value', () => whole(wrong));
    const there = await problem('value', () => pool.run(wrong));
    expect([there.message, there.what, there.name]).toEqual([here.message, here.what, here.name]);
    await problem('shape', () => pool.run(inputsOf(1, 129)));
    await problem('value', () => pool.run(inputsOf(1, 4), { outputs: ['nothing'] }));
    expectSameBits(await pool.run(inputsOf(1, 4)), whole(inputsOf(1, 4)));
  });

  test('stops calls, those that wait at once', async () => {
    prepare();
    const seen = watched();
    const pool = await load<Tensor>(await slowFile, { worker: true });
    const [first, second] = [new AbortController(), new AbortController()];
    const runs = [first, second].map(({ signal }) => pool.run(x, { signal }));
    second.abort();
    await expect(runs[1]).rejects.toMatchObject({ name: 'AbortError' });
    await seen.asked(1);
    first.abort();
    await expect(runs[0]).rejects.toMatchObject({ name: 'AbortError' });
    await expect(pool.run(x, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expectSameBits(await pool.run(x), (await jit.load<Tensor>(await slowFile))(x));
    expect(seen.failed, 'of its start, the call that was stopped in its middle, and the last').toEqual([false, true, false]);
  });

  test('is no longer waited for, and leaves no worker, when the signal ends its loading', async () => {
    prepare();
    const seen = watched(SILENT);
    const stop = new AbortController();
    const loading = jit.load(await dynamic, { workers: 2, signal: stop.signal });
    await until(() => expect(seen.count).toBe(2));
    stop.abort('enough');
    await expect(loading).rejects.toBe('enough');
    await until(() => expect(seen.died.length).toBe(2));
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  test('ends its workers, and the calls, at dispose()', async () => {
    prepare();
    const seen = watched();
    const pool = await load<Tensor>(await slowFile, { workers: 2 });
    const runs = Array.from({ length: 4 }, () => pool.run(x));
    await seen.asked(2);
    pool.dispose();
    for (const run of runs) await problem('disposed', () => run);
    await problem('disposed', () => pool.run(x));
    await until(() => expect(seen.died.length).toBe(2));
    expect(seen.count).toBe(2);
  });
});

test('workers end when nothing refers to the pool any more', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const seen = watched();
  await (async () => {
    const pool = await jit.load(await dynamic, { workers: 2 });
    expectSameBits(await pool.run(inputsOf(1, 5)), whole(inputsOf(1, 5)));
  })();
  await until(() => {
    collect();
    expect(seen.died.length).toBe(2);
  });
});

describe('several calls of embed at once', () => {
  const capacity = { batch: [1, 64], sequence: [1, 512], batchTokens: 16384 } as const;

  test('are short enough for all to have some, and fill no strict batch up in vain', () => {
    const lengths = new Array(100).fill(10);
    expect(shareOf(capacity, lengths, 1)).toBe(capacity);
    expect(shareOf(capacity, lengths, 2).batchTokens).toBe(250);
    expect(shareOf(capacity, lengths, 64).batchTokens).toBe(64);
    expect(shareOf({ ...capacity, batch: [8, 8] }, lengths, 2).batchTokens).toBe(16384);
  });

  test('end with the first that fails', async () => {
    const begun: number[] = [];
    const done: number[] = [];
    let release = () => {};
    const first = new Promise<void>((resolve) => {
      release = resolve;
    });
    const run = allOf([0, 1, 2, 3, 4, 5], 2, async (thing, goesOn) => {
      begun.push(thing);
      await (thing === 0 ? first : nextTask());
      if (thing === 2) throw new Error('no more');
      if (goesOn()) done.push(thing);
    });
    await expect(run).rejects.toThrow('no more');
    release();
    for (let i = 0; i < 10; i++) await nextTask();
    expect([begun, done]).toEqual([[0, 1, 2], [1]]);
  });
});

import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { platform } from '#platform';
import { nextTask } from '../../src/base/slices.ts';
import { F, jit, type TracePool } from '../../src/index.ts';
import { MEMORY_BASE } from '../../src/kernels/binaries.ts';
import type { Threads } from '../../src/platform/platform.ts';
import { Queue } from '../../src/traced/pool/queue.ts';
import { dynamic, inputsOf, load, watched, whole, withoutSharing } from '../support/pool.ts';
import { Computed, expectSameBits, fileOf, floats, problem } from '../support/tiny.ts';
import { until } from '../support/until.ts';

describe('memory', () => {
  const megabytes = ({ instance: { memory } }: TracePool<unknown>): number => (memory.grow(0) * MEMORY_BASE) / 2 ** 20;

  test('holds the weights once', async () => {
    const wide = new Computed((t) => Array.from({ length: 4 }, (_, i) => F.linear(t, weights[i])).reduce((a, b) => F.add(a, b)));
    const weights = [1, 2, 3, 4].map((seed) => floats([512, 512], seed));
    const file = await fileOf(await jit.trace(wide, [floats([4, 512])], { check_trace: false }));
    const pool = await load(file, { workers: 4 });
    expect(pool.plan().weights).toBeGreaterThan(4 * 2 ** 20);
    await Promise.all(Array.from({ length: 8 }, () => pool.run(floats([4, 512]))));
    expect(megabytes(pool)).toBeLessThan(6);
  });

  test('of activations is there for each worker, and grows with what is asked', async () => {
    const pool = await load(await dynamic, { workers: 2 });
    for (let length = 1; length <= 128; length += 6)
      await Promise.all(
        [1, 5, 8].map(async (batch) => expectSameBits(await pool.run(inputsOf(batch, length)), whole(inputsOf(batch, length)))),
      );
    const most = whole.plan({ batch: 8, sequence: 128 }).arena / 2 ** 20;
    expect(most).toBeGreaterThan(2);
    expect(megabytes(pool)).toBeLessThan(whole.plan().weights / 2 ** 20 + 2 * 4 * most + 1);
  });

  test('of a worker that died goes to the one in its place', async () => {
    const seen = watched();
    const pool = await load(await dynamic, { workers: 1 });
    await pool.run(inputsOf(8, 128));
    const before = megabytes(pool);
    for (let i = 0; i < 4; i++) {
      seen.ends[i]();
      await until(() => expect(seen.died.length).toBe(i + 1));
      await pool.run(inputsOf(8, 128));
    }
    expect(megabytes(pool)).toBe(before);
  });

  test('of the thread that asks lies apart', async () => {
    const pool = await load(await dynamic, { workers: 2 });
    const runs = [1, 2, 3, 4, 5, 6].map((seed) => pool.run(inputsOf(2, 40, seed)));
    const all = Promise.allSettled(runs);
    for (let going = true; going; ) {
      expect(pool.verify('baseline').exact).toBe(true);
      going = await Promise.race([all.then(() => false), nextTask().then(() => true)]);
    }
    for (const [i, run] of runs.entries()) expectSameBits(await run, whole(inputsOf(2, 40, i + 1)));
  });
});

describe('a pool says what it is', () => {
  const lastLine = (pool: TracePool<unknown>): string | undefined => pool.explain().split('\n').at(-1);

  test('and what it has', async () => {
    const pool = await load(await dynamic, { workers: 2 });
    expect(lastLine(pool)).toBe('2 workers, one copy of the weights in all: so many were asked for');
    expect([pool.inputs, pool.outputs, pool.dynamic, pool.graph]).toEqual([whole.inputs, whole.outputs, whole.dynamic, whole.graph]);
    expect(Buffer.compare(await fileOf(pool), await dynamic)).toBe(0);
  });

  test('and that it cannot be called at once', async () => {
    const pool = await load(await dynamic, { worker: true });
    expect(lastLine(pool)).toBe('1 worker, one copy of the weights in all: so many were asked for');
    expect((await problem('value', () => pool(inputsOf(1, 4)))).message).toContain('Await run(…)');
  });

  test('and why it has as many workers', async () => {
    const { count } = (await platform.workers()) as Threads;
    const pool = await load(await dynamic, { workers: 'auto' });
    expect(pool.workers).toBe(Math.min(8, count));
    withoutSharing();
    expect(lastLine(await load(await dynamic, { workers: 2 }))).toMatch(
      /^2 workers, a copy of the weights in each: .*not cross-origin isolated/,
    );
  });

  test.each(['there are none', 'none start'])('and runs in place where %s', async (reason) => {
    if (reason === 'none start') watched().refused = 'edge workers have none';
    else vi.spyOn(platform, 'workers').mockResolvedValue('edge workers have none');
    const pool = await load(await dynamic, { workers: 2 });
    expect([pool.workers, pool.concurrency]).toEqual([0, 1]);
    expect(lastLine(pool)).toMatch(/^no workers, so that calls run in place: .*edge workers have none/);
    for (const shape of [
      [1, 9],
      [8, 100],
    ] as [number, number][])
      expectSameBits(await pool.run(inputsOf(...shape)), whole(inputsOf(...shape)));
    await problem('value', () => pool(inputsOf(1, 4)));
  });
});

test('options that make no sense are refused', async () => {
  const file = await dynamic;
  const refused = async (options: jit.JitLoadOptions): Promise<string> => (await problem('value', () => jit.load(file, options))).message;
  expect(await refused({ workers: 0 })).toContain("workers: expected a whole number from 1 to 64, or 'auto'");
  expect(await refused({ workers: 2, threads: 2 })).toContain('expected workers or threads');
  expect((await jit.load(file, { worker: false })).explain()).toMatch(/^1 thread: /m);
});

test('a process does not wait for workers that have nothing to do', async () => {
  const program = `
    import { F, jit, nn, ones } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
    const traced = await jit.trace(new nn.Linear(300, 300), [ones([64, 300])]);
    const file = new Blob([...(await jit.serialize(traced))]);
    const pool = await jit.load(await file.arrayBuffer(), { workers: 2 });
    const runs = await Promise.all([1, 2, 3].map(() => pool.run(ones([64, 300]))));
    console.log(pool.workers, runs.map(({ shape }) => shape.join()).join(' '));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    timeout: 120_000,
  });
  expect(stdout).toBe('2 64,300 64,300 64,300\n');
});

test('a queue serves in the order of asking', async () => {
  const queue = new Queue(['one']);
  const said: string[] = [];
  const stop = new AbortController();
  const [first, ...others] = ['a', 'b', 'c'].map((name) =>
    queue.take(name === 'b' ? stop.signal : undefined).then(
      () => said.push(name),
      () => said.push(`not ${name}`),
    ),
  );
  await first;
  stop.abort();
  queue.give('one');
  await Promise.all(others);
  expect(said).toEqual(['a', 'not b', 'c']);
});

test('a queue listens to signals of those who wait, and of nobody else', async () => {
  const queue = new Queue(['one']);
  const { signal } = new AbortController();
  const listeners = () => getEventListeners(signal, 'abort').length;
  await queue.take(signal);
  expect(listeners()).toBe(0);
  const served = queue.take(signal);
  const away = queue.take(signal);
  expect(listeners()).toBe(2);
  queue.give('one');
  await served;
  expect(listeners()).toBe(1);
  queue.close('closed');
  await expect(away).rejects.toBe('closed');
  expect(listeners()).toBe(0);
});

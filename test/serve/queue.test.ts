import { afterEach, describe, expect, test, vi } from 'vitest';
import { type SentenceTransformer, TraceletError } from '../../src/index.ts';
import { TokenQueue } from '../../src/serve/queue.ts';
import { capacityOf } from '../../src/text/inputs.ts';
import { killing, watched as watchedWorkers } from '../support/pool.ts';
import { asking, embedder, got, inWorkers, posted } from '../support/serving.ts';
import { until } from '../support/until.ts';

const model: SentenceTransformer = await embedder();
const { traced } = model;

afterEach(() => vi.restoreAllMocks());

const text = (i: number): string => `Text number ${i} ${'goes on '.repeat(i % 7)}`;
const many = (count: number): string[] => Array.from({ length: count }, (_, i) => text(i));

/** What is run, call by call, as numbers of rows; held back until let go. */
function watched({ held = false } = {}) {
  const run = traced.runner.run.bind(traced.runner);
  const calls: number[] = [];
  let go: () => void = () => {};
  const gate = held ? new Promise<void>((resolve) => (go = resolve)) : undefined;
  const signals: AbortSignal[] = [];
  vi.spyOn(traced.runner, 'run').mockImplementation(async (inputs, options = {}) => {
    calls.push(inputs.input_ids.shape[0]);
    signals.push(options.signal as AbortSignal);
    if (calls.length === 1) await gate;
    return run(inputs, options);
  });
  return { calls, signals, go };
}

describe('requests that come together', () => {
  test('run together, and each has the bits that it has alone', async () => {
    const { ask } = asking({ model });
    const alone: number[][][] = [];
    for (const each of many(12)) alone.push(await ask('/embed', { inputs: each }));
    const { calls } = watched();
    expect(await Promise.all(many(12).map((inputs) => ask('/embed', { inputs })))).toEqual(alone);
    expect(calls.reduce((sum, rows) => sum + rows, 0)).toBe(12);
    expect(calls.length).toBeLessThan(4);
  });

  test('never have more tokens than a batch may', async () => {
    const { ask, get } = asking({ model }, { max_batch_tokens: 40, max_batch_requests: 3 });
    const want = await asking({ model }).ask('/embed', { inputs: many(30) });
    const { calls } = watched();
    expect(await ask('/embed', { inputs: many(30) })).toEqual(want);
    expect(Math.max(...calls)).toBeLessThanOrEqual(3);
    const lines = (await get('/metrics')).split('\n');
    const counted = (end: string) =>
      Number(lines.find((line) => line.startsWith(`te_batch_next_tokens_bucket{le="${end}"}`))?.split(' ')[1]);
    expect(counted('64')).toBe(counted('+Inf'));
  });

  test('have the next batch running before answers of the last are handed out', async () => {
    const queue = new TokenQueue(traced, { max_batch_requests: 1 }, { waiting() {}, batch() {} });
    const { calls } = watched();
    const begun: number[] = [];
    const row = { ids: Int32Array.from(traced.tokenizer.encode('Hello')), unpooled: 0, own: 1 };
    const settings = { capacity: capacityOf(traced), tokenizer: traced.tokenizer, outputs: ['sentence_embedding'], what: 'the test' };
    const { runRows } = queue.runnerFor({ ticket: 0, client: '', ran: () => begun.push(calls.length) });
    await runRows?.([row, row, row], settings, () => {});
    expect(begun).toEqual([2, 3, 3]);
  });

  test('are answered in workers as in place', async () => {
    const pool = await inWorkers(model, 2);
    expect(pool.workers).toBe(2);
    const want = await asking({ model }).ask('/embed', { inputs: many(40) });
    const { ask, get } = asking({ pool });
    const all = Promise.all(Array.from({ length: 4 }, () => ask('/embed', { inputs: many(40) })));
    expect(await get('/health')).toBe('');
    expect(await all).toEqual([want, want, want, want]);
    pool.dispose();
  });
});

describe('fairness', () => {
  test('a client with one text is answered before another that has sent many', async () => {
    const { answer } = asking({ model }, { max_batch_tokens: 64 });
    const done: string[] = [];
    const send = async (client: string, inputs: unknown): Promise<void> => {
      const response = await answer(posted('/embed', { inputs }, { headers: { 'x-forwarded-for': client } }));
      expect(response.status).toBe(200);
      done.push(client);
    };
    const { go, calls } = watched({ held: true });
    const greedy = send('10.0.0.1', many(200));
    await until(() => expect(calls.length).toBe(1));
    const modest = send('10.0.0.2', 'Hello');
    go();
    await Promise.all([greedy, modest]);
    expect(done).toEqual(['10.0.0.2', '10.0.0.1']);
  });

  test('requests of a client are run in the order in which they came', async () => {
    const { ask, get } = asking({ model }, { max_batch_requests: 1 });
    const { go } = watched({ held: true });
    const order: number[] = [];
    const all = Promise.all(many(6).map(async (inputs, i) => order.push((await ask('/embed', { inputs })) && i)));
    await until(async () => expect(await get('/metrics')).toContain('\nte_queue_size 5\n'));
    go();
    await all;
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('clients that leave', () => {
  test('cost nothing once they have left', async () => {
    const { answer, get } = asking({ model }, { max_batch_requests: 1 });
    const { calls, go } = watched({ held: true });
    const stays = answer(posted('/embed', { inputs: 'first' }));
    await until(() => expect(calls.length).toBe(1));
    const leaving = new AbortController();
    const left = answer(posted('/embed', { inputs: many(50) }, { signal: leaving.signal }));
    const last = answer(posted('/embed', { inputs: 'last' }));
    await until(async () => expect(await get('/metrics')).toContain('\nte_queue_size 51\n'));
    leaving.abort();
    expect((await left).status).toBe(499);
    go();
    expect([(await stays).status, (await last).status]).toEqual([200, 200]);
    expect(calls.length).toBe(2);
  });

  test('stop what runs for them alone', async () => {
    const { answer } = asking({ model });
    const { calls, signals, go } = watched({ held: true });
    const leaving = new AbortController();
    const left = answer(posted('/embed', { inputs: many(50) }, { signal: leaving.signal }));
    await until(() => expect(calls.length).toBe(1));
    expect(signals[0].aborted).toBe(false);
    leaving.abort();
    expect((await left).status).toBe(499);
    expect(signals[0].aborted).toBe(true);
    go();
  });
});

describe('too many requests', () => {
  test('are refused with a time to come again, and there is room afterwards', async () => {
    const { answer, ask } = asking({ model }, { max_concurrent_requests: 2 });
    const { calls, go } = watched({ held: true });
    const first = [1, 2].map(() => answer(posted('/embed', { inputs: 'Hello' })));
    await until(() => expect(calls.length).toBe(1));
    for (const [path, body, of] of [
      ['/embed', { inputs: 'Hello' }, { error: 'Model is overloaded', error_type: 'Overloaded' }],
      ['/v1/embeddings', { input: 'Hello', model: 'x' }, { error: { type: 'rate_limit_error' }, code: 429, type: 'Overloaded' }],
    ] as const) {
      const response = await answer(posted(path, body));
      expect(response.status).toBe(429);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(await response.json()).toMatchObject(of);
    }
    expect((await answer(got('/health'))).status).toBe(200);
    go();
    for (const each of first) expect((await each).status).toBe(200);
    await ask('/embed', { inputs: 'Hello' });
  });
});

describe('what fails', () => {
  const POISONED = ['Hello', 'butter', 'A man', 'food'];
  const poison = traced.tokenizer.encode('butter')[1];
  const holdsPoison = (ids: ArrayLike<unknown>): boolean => Array.from(ids).includes(poison);
  const died = new TraceletError('worker', { what: 'a worker of the trace', expected: 'an answer', got: 'its end' });

  test('is run again where a worker died, and then an error of the model', async () => {
    const { ask, fail } = asking({ model });
    const want = await ask('/embed', { inputs: 'Hello' });
    const run = traced.runner.run.bind(traced.runner);
    let failures = 1;
    const failing = vi.spyOn(traced.runner, 'run').mockImplementation(async (...given) => {
      if (failures-- > 0) throw died;
      return run(...given);
    });
    expect(await ask('/embed', { inputs: 'Hello' })).toEqual(want);
    expect(failing).toHaveBeenCalledTimes(2);
    failures = Infinity;
    const { status, body } = await fail('/embed', { inputs: 'Hello' });
    expect([status, body.error_type]).toEqual([424, 'Backend']);
    expect(failing).toHaveBeenCalledTimes(4);
  });

  test('fails by itself, and nothing that ran beside it', async () => {
    const { answer } = asking({ model });
    const run = traced.runner.run.bind(traced.runner);
    vi.spyOn(traced.runner, 'run').mockImplementation(async (inputs, options) => {
      if (holdsPoison(inputs.input_ids.data)) throw new TraceletError('kernels', { what: 'kernels', expected: 'an answer', got: 'a trap' });
      return run(inputs, options);
    });
    const responses = await Promise.all(POISONED.map((inputs) => answer(posted('/embed', { inputs }))));
    expect(responses.map(({ status }) => status)).toEqual([200, 424, 200, 200]);
  });

  test('is no request, however often workers are killed', async () => {
    const seen = watchedWorkers();
    const pool = await inWorkers(model, 2);
    const texts = many(6);
    const { ask } = asking({ pool }, { max_batch_requests: 3 });
    const want = await asking({ model }).ask('/embed', { inputs: texts });
    const deaths = killing(seen, 3);
    expect((await Promise.all(texts.map((inputs) => ask('/embed', { inputs })))).flat()).toEqual(want);
    expect(await ask('/embed', { inputs: texts })).toEqual(want);
    expect(deaths()).toBeGreaterThanOrEqual(12);
    pool.dispose();
  });

  test('is the text that ends each worker that has it: after the first death those beside it run without it', async () => {
    const seen = watchedWorkers();
    const pool = await inWorkers(model, 1);
    const { answer } = asking({ pool });
    const rows: [count: number, isDeadly: boolean][] = [];
    seen.kills = (message) => {
      if (!('call' in message)) return false;
      const [ids] = message.call.inputs;
      const isDeadly = holdsPoison(ids.data);
      rows.push([ids.shape[0], isDeadly]);
      return isDeadly;
    };
    const responses = await Promise.all(POISONED.map((inputs) => answer(posted('/embed', { inputs }))));
    expect(responses.map(({ status }) => status)).toEqual([200, 424, 200, 200]);
    expect(await responses[1].json()).toMatchObject({ error_type: 'Backend' });
    expect(rows[0]).toEqual([4, true]);
    expect(rows.slice(1).sort()).toEqual([...Array(3).fill([1, false]), ...Array(4).fill([1, true])]);
    pool.dispose();
  });

  test('is what holds numbers that are none', async () => {
    const broken = await embedder();
    const { runner } = broken.traced;
    const run = runner.run.bind(runner);
    vi.spyOn(runner, 'run').mockImplementation(async (...given) => {
      const answer = await run(...given);
      answer[0].tensor.data[1] = Number.NaN;
      return answer;
    });
    const { status, body } = await asking({ broken }).fail('/embed', { inputs: 'Hello' });
    expect([status, body.error_type]).toEqual([424, 'Backend']);
  });
});

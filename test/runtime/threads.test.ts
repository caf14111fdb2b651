import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { platform } from '#platform';
import { BertModel, F, jit, type ModelOutput, nn, type Tensor, type TracedModule, tensor } from '../../src/index.ts';
import { allocateMemory, instantiate, kernelModule, MEMORY_BASE } from '../../src/kernels/binaries.ts';
import { OPS } from '../../src/ops/table.ts';
import { nodeThreads } from '../../src/platform/nodethreads.ts';
import type { Threads } from '../../src/platform/platform.ts';
import { sharing } from '../../src/platform/shared.ts';
import { quantize } from '../../src/quantize/index.ts';
import { Team, type TeamCall } from '../../src/runtime/threads/team.ts';
import { SILENT } from '../support/silent.ts';
import { Computed, expectSameBits, floats, problem, tinyConfig } from '../support/tiny.ts';
import { until } from '../support/until.ts';

const MANY = [2, 3, 4];

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function fileOf(traced: TracedModule<unknown>): Promise<Uint8Array> {
  return new Uint8Array(await new Blob([...(await jit.serialize(traced))] as BlobPart[]).arrayBuffer());
}

function inputsOf(batch: number, length: number): Record<string, Tensor> {
  const made = (value: (i: number, r: number) => number) =>
    tensor(Array.from({ length: batch }, (_, r) => Array.from({ length }, (_, i) => value(i, r))));
  return { input_ids: made((i, r) => 1 + ((7 * i + 31 * r) % 90)), attention_mask: made((i, r) => (i < length - 3 * r ? 1 : 0)) };
}

/** Large enough for its ops to be split. */
const model = (): BertModel =>
  new BertModel(
    tinyConfig({
      vocab_size: 100,
      hidden_size: 96,
      num_hidden_layers: 2,
      num_attention_heads: 6,
      intermediate_size: 384,
      max_position_embeddings: 128,
    }),
    { seed: 4 },
  );

/** Watches the workers that start from now on, whose script is `script` if it is given. */
function watched(script?: URL): { ends: (() => void)[]; died: string[] } {
  const seen = { ends: [] as (() => void)[], died: [] as string[] };
  const threads = platform.threads;
  vi.spyOn(platform, 'threads').mockImplementation(() => {
    const host = script ? nodeThreads(script) : (threads() as Threads);
    return {
      count: host.count,
      start: (heard, died) => {
        const thread = host.start(heard, (why) => {
          seen.died.push(why);
          died(why);
        });
        seen.ends.push(() => thread.end());
        return thread;
      },
    };
  });
  return seen;
}

describe('a binary for a shared memory', () => {
  test.each(['baseline', 'debug'] as const)('%s takes such a memory, and no other', (variant) => {
    const module = kernelModule(variant, true) as WebAssembly.Module;
    const env = (shared: boolean) => ({ env: { abort: () => {}, memory: allocateMemory(MEMORY_BASE, 'test', shared) } });
    expect(Object.keys(new WebAssembly.Instance(module, env(true)).exports)).toEqual(expect.arrayContaining(Object.keys(OPS)));
    expect(() => new WebAssembly.Instance(module, env(false))).toThrow(WebAssembly.LinkError);
    expect(() => new WebAssembly.Instance(kernelModule(variant) as WebAssembly.Module, env(true))).toThrow(WebAssembly.LinkError);
  });

  const MAGIC = [0, 97, 115, 109, 1, 0, 0, 0];
  const memory = (...limits: number[]) => [...MAGIC, 2, 5 + limits.length, 1, 1, 109, 1, 110, 2, ...limits].map((b) => b);
  test('whatever its limits were', () => {
    const wanted = [...MAGIC, 2, 11, 1, 1, 109, 1, 110, 2, 3, 1, 128, 128, 4];
    expect([...sharing(Uint8Array.from(memory(0, 1)))]).toEqual(wanted);
    expect([...sharing(Uint8Array.from(memory(1, 1, 200, 1)))]).toEqual(wanted);
    expect(WebAssembly.validate(Uint8Array.from(wanted))).toBe(true);
  });

  test('which has to import one', () => {
    expect(() => sharing(Uint8Array.from(MAGIC))).toThrow(RangeError);
  });
});

describe('the same bits for every number of threads', () => {
  const shapes = [
    [1, 1],
    [1, 14],
    [1, 17],
    [1, 128],
    [3, 17],
  ] as const;
  test.each(shapes)('%i texts of %i tokens', async (batch, length) => {
    const inputs = inputsOf(batch, length);
    const traced = await jit.trace(model(), inputs);
    const small = [8, 4].map(async (bits) => (await quantize(traced, { bits: bits as 8 | 4, calibrate: [inputs] })).traced);
    for (const each of [traced, ...(await Promise.all(small))]) {
      const want = each(inputs) as ModelOutput;
      const file = await fileOf(each);
      for (const threads of MANY) {
        const loaded = await jit.load(file, { threads });
        expect(loaded.threads).toBe(threads);
        for (let again = 0; again < 3; again++) expectSameBits(loaded(inputs).last_hidden_state, want.last_hidden_state);
        expect(loaded.verify('baseline').exact).toBe(true);
        expect(Buffer.compare(await fileOf(loaded), file), 'saved again').toBe(0);
        loaded.dispose();
      }
    }
  });

  test('jit.trace takes a number too', async () => {
    const inputs = inputsOf(1, 17);
    const [one, two] = await Promise.all([jit.trace(model(), inputs), jit.trace(model(), inputs, { threads: 2 })]);
    expect([one.threads, two.threads]).toEqual([1, 2]);
    expectSameBits(two(inputs).last_hidden_state, one(inputs).last_hidden_state);
    two.dispose();
  });

  test('profile sees every instruction', async () => {
    const inputs = inputsOf(1, 128);
    const traced = await jit.trace(model(), inputs, { threads: 2 });
    expect(traced.profile(inputs, { seconds: 0.05 }).instructions.length).toBe(traced.plan().instructions.length);
    traced.dispose();
  });
});

describe('runs', () => {
  const x = floats([100, 1000]);
  const slow = async (threads: number): Promise<TracedModule<Tensor>> => {
    const body = (t: Tensor) => Array.from({ length: 240 }).reduce<Tensor>((y) => F.tanh(F.softmax(y)), t);
    return (await jit.trace(new Computed(body), [x], { check_trace: false, threads })) as unknown as TracedModule<Tensor>;
  };

  test('are stopped between instructions, and the next is right', async () => {
    const traced = await slow(3);
    const want = traced(x);
    for (const ms of [0, 5, 20]) {
      const stop = new AbortController();
      const run = traced.run(x, { signal: stop.signal });
      setTimeout(() => stop.abort(), ms);
      await expect(run).rejects.toMatchObject({ name: 'AbortError' });
      expectSameBits(traced(x), want);
    }
    traced.dispose();
  });

  test('of two traces at once do not mix', async () => {
    const traces = await Promise.all([slow(2), slow(3)]);
    const inputs = [floats([100, 1000], 5), floats([100, 1000], 6)];
    const want = traces.map((traced, i) => traced(inputs[i]));
    const { signal } = new AbortController();
    const got = await Promise.all(traces.map((traced, i) => traced.run(inputs[i], { signal })));
    for (const [i, output] of got.entries()) expectSameBits(output, want[i]);
    for (const traced of traces) traced.dispose();
  });

  test('fail when a worker ends, and the next call works', async () => {
    const { ends } = watched();
    const traced = await slow(3);
    const want = traced(x);
    const run = traced.run(x, { signal: new AbortController().signal });
    setTimeout(() => ends[1](), 5);
    expect((await problem('worker', () => run)).message).toMatch(
      /got a worker that (ended \(exit code 1\)|no longer answers)\. Call again/,
    );
    expectSameBits(traced(x), want);
    expect(traced.threads).toBe(1);
    expect(traced.explain()).toMatch(/^1 thread: a worker that (ended|no longer answers)/m);
  });

  test('fail when the trace is disposed meanwhile', async () => {
    const traced = await slow(2);
    const run = traced.run(x, { signal: new AbortController().signal });
    setTimeout(() => traced.dispose(), 5);
    await problem('disposed', () => run);
  });
});

describe('a team', () => {
  const small = (options?: jit.TraceOptions) => jit.trace(new nn.Linear(4, 4), [floats([2, 4])], options);
  const memory = () => allocateMemory(4 * MEMORY_BASE, 'test', true);
  const call = (within: WebAssembly.Memory, op: 'tanh' | 'embedding', args: number[], numbers: Record<string, number>): TeamCall => ({
    op,
    variant: 'baseline',
    kernel: instantiate('baseline', within)[op],
    args,
    row: OPS[op],
    numbers,
    scratch: 0,
  });

  test('fails where a worker no longer answers', async () => {
    const { ends } = watched();
    const shared = memory();
    const team = await Team.start(2, shared, ['baseline'], { patience: 2000 });
    const calls = [call(shared, 'tanh', [MEMORY_BASE, MEMORY_BASE, 32768], { n: 32768 })];
    const run = () => {
      team.begin(calls, 4 * MEMORY_BASE);
      team.step(0, () => 'a call');
      team.finish(true);
    };
    run();
    ends[0]();
    expect((await problem('worker', run)).message).toContain('a worker that no longer answers');
    expect(team.takes(calls)).toBe(false);
  });

  test('fails where a kernel does in a worker', async () => {
    const shared = memory();
    const team = await Team.start(2, shared, ['baseline']);
    const [ids, table, out] = [MEMORY_BASE, MEMORY_BASE + 4096, 2 * MEMORY_BASE];
    const outside = call(shared, 'embedding', [out, ids, table, 64, 512, 0], { rows: 64, cols: 512, vocab: 0 });
    const asleep = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    team.begin([{ ...outside, kernel: asleep }], 4 * MEMORY_BASE);
    expect((await problem('worker', () => team.step(0, () => 'a call'))).message).toContain('a worker that failed');
    expect(() => team.finish(false)).not.toThrow();
  });

  test.each([
    ['jit.load', async (signal: AbortSignal) => jit.load(await fileOf(await small()), { threads: 3, signal })],
    ['jit.trace', (signal: AbortSignal) => small({ threads: 3, signal })],
  ] as const)('that never answers holds %s no longer than its signal says, and its workers end', async (_, begin) => {
    const { ends, died } = watched(new URL(`data:text/javascript,${encodeURIComponent(SILENT)}`));
    const stop = new AbortController();
    const started = begin(stop.signal);
    await until(() => expect(ends.length).toBe(2));
    stop.abort('enough');
    await expect(started).rejects.toBe('enough');
    await until(() => expect(died.length).toBe(2));
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  test('is not left behind by a trace that does not load', async () => {
    const file = await fileOf(await small());
    const { ends } = watched();
    await problem('kernels', () => jit.load(file, { threads: 2, kernels: 'baseline', integers: 'pairs' }));
    expect(ends).toEqual([]);
  });

  test('does not begin where workers do not start', async () => {
    vi.spyOn(platform, 'threads').mockImplementation(() => ({
      count: 2,
      start: (_heard, died) => {
        queueMicrotask(() => died('a worker that does not start'));
        return { post: () => {}, end: () => {} };
      },
    }));
    const traced = await jit.trace(new nn.Linear(4, 4), [floats([2, 4])], { threads: 2 });
    expect(traced.explain()).toMatch(/^1 thread: .*a worker that does not start/m);
    expect((traced(floats([2, 4])) as Tensor).shape).toEqual([2, 4]);
  });
});

describe('workers end', () => {
  test('at dispose()', async () => {
    const seen = watched();
    const traced = await jit.trace(model(), inputsOf(1, 17), { threads: 3 });
    traced(inputsOf(1, 17));
    expect(seen.died).toEqual([]);
    traced.dispose();
    await until(() => expect(seen.died.length).toBe(2));
  });

  test('when nothing refers to the trace any more', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const seen = watched();
    await (async () => {
      const traced = await jit.trace(new nn.Linear(4, 4), [floats([2, 4])], { threads: 2 });
      expect(traced.threads).toBe(2);
    })();
    await until(() => {
      collect();
      expect(seen.died.length).toBe(1);
    });
  });

  test('with the process, which does not wait for them', async () => {
    const program = `
      import { F, jit, nn, ones } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
      const traced = await jit.trace(new nn.Linear(300, 300), [ones([64, 300])], { threads: 3 });
      console.log(traced.threads, traced(ones([64, 300])).shape.join());`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      timeout: 120_000,
    });
    expect(stdout).toBe('3 64,300\n');
  });
});

describe('explain() says why there is one thread', () => {
  const lastLine = async (options: jit.TraceOptions = { threads: 2 }): Promise<string | undefined> => {
    const traced = await jit.trace(new nn.Linear(4, 4), [floats([2, 4])], options);
    const line = traced.explain().split('\n').at(-1);
    traced.dispose();
    return line;
  };

  test('because no more were asked for', async () => {
    expect(await lastLine({})).toBe("1 thread: no more were asked for (threads: 2, or 'auto')");
    expect(await lastLine({ threads: 1 })).toBe("1 thread: no more were asked for (threads: 2, or 'auto')");
  });
  test('because SharedArrayBuffer is missing', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    expect(await lastLine()).toBe('1 thread: SharedArrayBuffer is missing');
  });
  test('because the page is not isolated', async () => {
    vi.stubGlobal('crossOriginIsolated', false);
    expect(await lastLine()).toMatch(
      /not cross-origin isolated \(send Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy/,
    );
  });
  test('because the runtime has none', async () => {
    vi.spyOn(platform, 'threads').mockReturnValue('edge workers have none');
    expect(await lastLine()).toBe('1 thread: edge workers have none');
  });
  test('or how many there are', async () => {
    expect(await lastLine()).toBe('2 threads: so many were asked for');
    const { count } = platform.threads() as Threads;
    expect(await lastLine({ threads: 'auto' })).toMatch(new RegExp(`^${Math.min(8, count)} threads?: the machine runs ${count} at once`));
  });
  test('and what else a call runs on', async () => {
    const traced = await jit.trace(new nn.Linear(4, 4), [floats([2, 4])], { kernels: 'baseline' });
    expect(traced.explain()).toMatch(/^baseline kernels: /);
  });
});

test.each([0, -1, 1.5, 65, '2', Number.NaN, null])('threads: %s is refused', async (threads) => {
  const { message } = await problem('value', () => jit.trace(new nn.Linear(4, 4), [floats([2, 4])], { threads: threads as number }));
  expect(message).toContain("threads: expected a whole number from 1 to 64, or 'auto'");
});

import { afterEach, describe, expect, test, vi } from 'vitest';
import { platform } from '#platform';
import { F, jit, type ModelOutput, nn, type Tensor, type TracedModule } from '../../src/index.ts';
import { allocateMemory, binaryOf, kernelModule, MEMORY_BASE } from '../../src/kernels/binaries.ts';
import { SET_OPS, SETS, type SetName } from '../../src/ops/sets.ts';
import { OP_NAMES } from '../../src/ops/table.ts';
import type { Threads } from '../../src/platform/platform.ts';
import { sharing } from '../../src/platform/shared.ts';
import { quantize } from '../../src/quantize/index.ts';
import { inputsOf, model, watched } from '../support/threads.ts';
import { Computed, expectSameBits, fileOf, floats, problem } from '../support/tiny.ts';

const MANY = [2, 3, 4];

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('a binary for a shared memory', () => {
  const all = (['baseline', 'debug'] as const).flatMap((variant) =>
    [undefined, ...(Object.keys(SETS) as SetName[])].map((set) => [binaryOf(variant, set), set] as const),
  );
  test.each(all)('%s takes such a memory, and no other', (binary, set) => {
    const module = kernelModule(binary, true) as WebAssembly.Module;
    const names = OP_NAMES.filter((name) => SET_OPS.get(name) === set);
    const env = (shared: boolean) => ({ env: { abort: () => {}, memory: allocateMemory(MEMORY_BASE, 'test', shared) } });
    expect(Object.keys(new WebAssembly.Instance(module, env(true)).exports)).toEqual(expect.arrayContaining(names));
    expect(() => new WebAssembly.Instance(module, env(false))).toThrow(WebAssembly.LinkError);
    expect(() => new WebAssembly.Instance(kernelModule(binary) as WebAssembly.Module, env(true))).toThrow(WebAssembly.LinkError);
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

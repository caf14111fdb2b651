import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { platform } from '#platform';
import { jit, nn, type Tensor } from '../../src/index.ts';
import { allocateMemory, instantiate, MEMORY_BASE } from '../../src/kernels/binaries.ts';
import { OPS } from '../../src/ops/table.ts';
import { Team, type TeamCall } from '../../src/runtime/threads/team.ts';
import { SILENT } from '../support/silent.ts';
import { inputsOf, model, watched } from '../support/threads.ts';
import { fileOf, floats, problem } from '../support/tiny.ts';
import { until } from '../support/until.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('a team', () => {
  const small = (options?: jit.TraceOptions) => jit.trace(new nn.Linear(4, 4), [floats([2, 4])], options);
  const memory = () => allocateMemory(4 * MEMORY_BASE, 'test', true);
  const call = (within: WebAssembly.Memory, op: 'tanh' | 'embedding', args: number[], numbers: Record<string, number>): TeamCall => ({
    op,
    binary: 'baseline',
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

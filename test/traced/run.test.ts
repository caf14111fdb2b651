import { describe, expect, test, vi } from 'vitest';
import { F, jit, nn, type Tensor, type TracedModule, tensor } from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { Block, Computed, expectSameBits, floats, problem, tinyBert } from '../support/tiny.ts';

const x = floats([2, 6]);
const traced = await jit.trace(new Block(), [x]);

/** Runs for many milliseconds, in many instructions. */
async function slowTrace(pairs = 240): Promise<TracedModule<Tensor>> {
  const body = (t: Tensor) => Array.from({ length: pairs }).reduce<Tensor>((y) => F.tanh(F.softmax(y)), t);
  return (await jit.trace(new Computed(body), [floats([100, 1000])], { check_trace: false })) as unknown as TracedModule<Tensor>;
}

describe('run', () => {
  test('answers as a call does', async () => {
    expectSameBits(await traced.run([x]), traced(x));
    expectSameBits(await traced.run({ input_0: x }), traced(x));
    expectSameBits(await traced.run(x), traced(x));
    expectSameBits(await traced.run(x, { signal: new AbortController().signal }), traced(x));
  });

  test('gives each of many calls at once its own answer', async () => {
    const inputs = Array.from({ length: 20 }, (_, seed) => floats([2, 6], seed));
    const want = inputs.map((input) => traced(input));
    const got = await Promise.all(inputs.map((input, i) => traced.run(input, i % 2 ? { signal: new AbortController().signal } : {})));
    for (const [i, output] of got.entries()) expectSameBits(output, want[i], `call ${i}`);
  });

  test('lets a long call end before it begins the next', async () => {
    const slow = await slowTrace();
    const inputs = [1, 2, 3].map((seed) => floats([100, 1000], seed));
    const want = inputs.map((input) => slow(input));
    const got = await Promise.all(inputs.map((input) => slow.run(input, { signal: new AbortController().signal })));
    for (const [i, output] of got.entries()) expectSameBits(output, want[i], `call ${i}`);
  });

  test('computes on what the inputs were when it was called', async () => {
    const input = floats([2, 6], 4);
    const want = traced(input);
    const answers = [traced.run(input), traced.run(input)];
    (input.data as Float32Array).fill(0);
    for (const answer of await Promise.all(answers)) expectSameBits(answer, want);
  });

  test('refuses bad inputs, and the queue goes on', async () => {
    const bert = await jit.trace(tinyBert(), [tensor([[1, 2]])]);
    const ids = tensor([[3, 4]]);
    const answers = [bert.run([ids]), bert.run([tensor([[1, 99]])]), bert.run([ids])];
    const settled = await Promise.allSettled(answers);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((settled[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'value' });
    expectSameBits(await answers[2], bert(ids));
    await problem('shape', () => bert.run([tensor([[1, 2, 3]])]));
  });
});

describe('abort', () => {
  test('stops a run whose clock stands still, as in edge workers', async () => {
    const slow = await slowTrace(480);
    const input = floats([100, 1000]);
    const want = slow(input);
    const controller = new AbortController();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
    try {
      const run = slow.run(input, { signal: controller.signal });
      setTimeout(() => controller.abort(new Error('enough')), 0);
      await expect(run).rejects.toThrow('enough');
    } finally {
      clock.mockRestore();
    }
    expectSameBits(slow(input), want);
  });

  test('before a run', async () => {
    await expect(traced.run(x, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    await expect(traced.run(x, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    expectSameBits(await traced.run(x), traced(x));
  });

  test('during a run, between instructions; the trace stays usable', async () => {
    const slow = await slowTrace();
    const input = floats([100, 1000], 3);
    const want = slow(input);
    const controller = new AbortController();
    let looks = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
      if (looks === 20) controller.abort(new Error('enough'));
      return 100 * looks++;
    });
    try {
      await expect(slow.run(input, { signal: controller.signal })).rejects.toThrow('enough');
      expect(looks, 'the clock is looked at after each instruction').toBeLessThan(25);
      looks = 100;
      expectSameBits(await slow.run(input, { signal: new AbortController().signal }), want);
      expect(looks).toBeGreaterThan(100 + 480);
    } finally {
      clock.mockRestore();
    }
    expectSameBits(slow(input), want);
  });

  test('while waiting, without harm to the others', async () => {
    const slow = await slowTrace();
    const input = floats([100, 1000], 3);
    const controller = new AbortController();
    const first = slow.run(input, { signal: new AbortController().signal });
    const second = slow.run(input, { signal: controller.signal });
    const third = slow.run(input);
    controller.abort();
    await expect(second).rejects.toThrow(/abort/i);
    expectSameBits(await third, await first);
  });
});

test('a run that was aborted while it waited answers nothing, however short it is', async () => {
  const chain = (t: Tensor) => Array.from({ length: 100 }).reduce<Tensor>((y) => F.tanh(F.softmax(y)), t);
  const both = await jit.trace((t: Tensor) => ({ short: F.relu(t), long: chain(t) }), [floats([20, 1000])], { check_trace: false });
  const controller = new AbortController();
  const first = both.run(floats([20, 1000]), { signal: new AbortController().signal });
  const second = both.run(floats([20, 1000]), { outputs: ['short'], signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(second).rejects.toThrow('enough');
  await first;
});

test('outputs that are wanted are told apart by their names, commas and all', async () => {
  const both = await jit.trace((t: Tensor) => ({ a: F.relu(t), b: F.tanh(t) }), [floats([2, 3])]);
  await both.run(floats([2, 3]), { outputs: ['a', 'b'] });
  expect((await problem('value', () => both.run(floats([2, 3]), { outputs: ['a,b'] }))).message).toMatch(
    /^output "a,b": expected one of a, b/,
  );
});

describe('during a run', () => {
  test('a call at once, and verify(), are refused; afterwards they are not', async () => {
    const slow = await slowTrace();
    const input = floats([100, 1000], 3);
    const want = slow(input);
    const run = slow.run(input, { signal: new AbortController().signal });
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect((await problem('busy', () => slow(input))).message).toMatch(/call during a run.*run\(\.\.\.\), which queues/);
    await problem('busy', () => slow.verify());
    await problem('busy', () => slow.profile(input, { seconds: 0.001 }));
    expectSameBits(await run, want);
    expectSameBits(slow(input), want);
    expect(slow.verify().ok).toBe(true);
  });

  test('and while the next of two is under way', async () => {
    const slow = await slowTrace();
    const inputs = [3, 4].map((seed) => floats([100, 1000], seed));
    const want = inputs.map((input) => slow(input));
    const [first, second] = inputs.map((input) => slow.run(input, { signal: new AbortController().signal }));
    expectSameBits(await first, want[0]);
    await problem('busy', () => slow(inputs[0]));
    expectSameBits(await second, want[1]);
    expectSameBits(slow(inputs[0]), want[0]);
  });

  test('dispose() makes it reject', async () => {
    const slow = await slowTrace();
    const run = slow.run(floats([100, 1000]), { signal: new AbortController().signal });
    await new Promise((resolve) => setTimeout(resolve, 0));
    slow.dispose();
    await problem('disposed', () => run);
  });
});

test('after dispose() every use is refused', async () => {
  const gone = await jit.trace(new Block(), [x]);
  gone.dispose();
  gone.dispose();
  for (const use of [() => gone(x), () => gone.run(x), () => gone.graph, () => gone.code, () => gone.inputs, () => gone.outputs])
    expect((await problem('disposed', use)).message).toMatch(/one after dispose\(\)\. Load it again/);
  for (const use of [() => gone.plan(), () => gone.flops(), () => gone.verify(), () => gone.pad({ input_0: x }), () => jit.serialize(gone)])
    await problem('disposed', use);
});

test('10,000 calls leave the memory as it was, and the answer', async () => {
  const bert = await jit.trace(tinyBert(), [tensor([[1, 2, 3]])]);
  const ids = tensor([[3, 2, 1]]);
  const want = bert(ids);
  const before = bert.instance.memory.buffer.byteLength;
  for (let i = 0; i < 10_000; i++) bert(ids);
  expect(bert.instance.memory.buffer.byteLength).toBe(before);
  expectSameBits(bert(ids), want);
});

test('answers are copies', () => {
  const first = traced(x) as unknown as Tensor;
  const kept = [...(first.data as Float32Array)];
  traced(floats([2, 6], 9));
  expect([...(first.data as Float32Array)]).toEqual(kept);
  (first.data as Float32Array).fill(0);
  expect([...((traced(x) as unknown as Tensor).data as Float32Array)]).toEqual(kept);
});

describe('profile', () => {
  test('times every instruction of the plan, and calls answer as before', () => {
    const before = traced(x);
    const { instructions, calls, kernels, integers, peaks } = traced.profile(undefined, { seconds: 0.01, kernels: 'baseline' });
    expect(kernels).toBe('baseline');
    expect(calls).toBeGreaterThanOrEqual(3);
    expect(instructions.map(({ ms, peak, ...cost }) => cost)).toEqual(traced.plan().instructions);
    for (const { ms, peak } of instructions) expect([ms >= 0, peak >= 0]).toEqual([true, true]);
    expect([integers, peaks.integer, peaks.float > 0]).toEqual([undefined, undefined, true]);
    expectSameBits(traced(x), before);
  });

  test('of integers says in which form they are multiplied, and what that could reach', async () => {
    const dense = new nn.Linear(64, 8, { seed: 1 });
    const { traced: quantised } = await quantize(await jit.trace((t: Tensor) => dense(t), [floats([2, 64])]));
    for (const kernels of ['baseline', undefined] as const) {
      const found = quantised.profile([floats([2, 64])], { seconds: 0.01, kernels });
      expect(kernels ? ['dot16'] : ['dot16', 'dot8', 'pairs']).toContain(found.integers);
      expect([found.peaks.integer && found.peaks.integer > 0, found.peaks.float > 0]).toEqual([true, true]);
      for (const { ms, peak } of found.instructions) expect([ms >= 0, peak >= 0]).toEqual([true, true]);
    }
  });
});

import { describe, expect, test } from 'vitest';
import { F, jit, type Tensor } from '../../src/index.ts';
import { Tensor as Elements } from '../../src/tensor/tensor.ts';
import { type Call, f, floats, type Program, Running, type Value, whole } from '../support/atenprograms.ts';
import { Computed, problem } from '../support/tiny.ts';

/** Programs whose numbers are made of sizes: a trace computes them in every call. */

const WEIGHTS = { weight: floats([4, 4], 3) };
const holdsAt = (batch: number, length: number) => ({
  inputs: {
    x: floats([batch, length, 4], batch + length),
    ids: whole(
      [batch, length],
      Array.from({ length: batch * length }, (_, i) => i % 7),
    ),
  },
  weights: WEIGHTS,
});
const DYNAMIC = {
  dynamic: { batch: [1, 6], length: [1, 40] },
  dynamic_axes: { input_0: { 0: 'batch', 1: 'length' }, input_1: { 0: 'batch', 1: 'length' } },
} as const;
const SIZES = [[1, 1], [1, 5], [3, 1], [2, 2], [5, 23], [4, 7], [6, 40], [5, 3]] as const; // biome-ignore format: pairs

const tracedOf = async (module: unknown, dummies: Tensor[]): Promise<(...given: Tensor[]) => Tensor> =>
  (await jit.trace(module as never, dummies as never, DYNAMIC as never)) as never;

/** A trace at one size answers as the program does at all. */
async function expectTraced(program: Program): Promise<void> {
  const module = new Running(program, holdsAt(2, 3));
  const at = (batch: number, length: number): Tensor[] => Object.values(holdsAt(batch, length).inputs);
  const traced = await tracedOf(module, at(2, 3));
  for (const [batch, length] of SIZES) {
    const [got, want] = [traced(...at(batch, length)), module.forward(...at(batch, length))];
    expect(got.shape).toEqual(want.shape);
    const meant = Array.from(want.data as Float32Array, Number);
    const scale = Math.max(1, ...meant.map((value) => (Number.isFinite(value) ? Math.abs(value) : 0)));
    for (const [i, value] of meant.entries())
      if (!Object.is(Number(got.data[i]), value))
        expect(Math.abs(Number(got.data[i]) - value) / scale, `${batch} ${length} [${i}]`).toBeLessThan(1e-6);
  }
}

const size = (call: Call, x: Value, dim: number): number => call('size', x, dim) as number;
const lengthOf = (call: Call, x: Value): number => size(call, x, 1);
const countOf = (call: Call, x: Value): number => size(call, x, 0) * size(call, x, 1);

const PROGRAMS: Readonly<Record<string, Program>> = {
  'a sum over how many it is of': (call, { x }) => call('div', call('sum', x, 1), lengthOf(call, x)),
  'a sum over the root of it': (call, { x }) => call('div', call('sum', x, 1), f(lengthOf(call, x) ** 0.5)),
  'times a power of a size': (call, { x }) => call('mul', x, f(lengthOf(call, x) ** -0.5)),
  'over one less': (call, { x }) => call('div', call('sum', x, 1), f(lengthOf(call, x) - 1)),
  'times two sizes': (call, { x }) => call('mul', x, f(countOf(call, x) * 0.5)),
  'over two sizes': (call, { x }) => call('div', call('sum', x), countOf(call, x)),
  'over a square': (call, { x }) => call('div', x, f(lengthOf(call, x) ** 2)),
  'one size over another': (call, { x }) => call('mul', x, f(size(call, x, 0) / lengthOf(call, x))),
  'a size that may make it 1': (call, { x }) => call('mul', call('relu', x), f(size(call, x, 0) / 4)),
  'a size that may make it 0': (call, { x }) => call('add', call('relu', x), f(size(call, x, 0) - 4)),
  'with a size added': (call, { x }) => call('add', x, f(size(call, x, 0) * 2)),
  'taken from a size': (call, { x }) => call('rsub', x, f(1 / lengthOf(call, x))),
  'a size as a tensor': (call, { x }) => call('maximum', call('abs', x), call('NumToTensor', f(1 / size(call, x, 0)))),
  'whole numbers times a size': (call, { ids }) => call('mul', ids, size(call, ids, 1)),
  'whole numbers and a size': (call, { ids }) => call('add', ids, size(call, ids, 1) * 3 + size(call, ids, 0)),
  'places over how many they are': (call, { x }) =>
    call('mul', x, call('unsqueeze', call('div', call('arange', lengthOf(call, x)), lengthOf(call, x)), 1)),
  'scores of attention over the root of a length': (call, { x }) => {
    const scores = call('mul', call('matmul', x, call('transpose', x, 1, 2)), f(lengthOf(call, x) ** -0.5));
    return call('matmul', call('softmax', scores, -1), x);
  },
  'the one in the middle of a length': (call, { x }) => (call('median', x, 1, false) as Value[])[0],
  'where the one in the middle stands': (call, { x }) => (call('median', x, 1, true) as Value[])[1],
  'a number and no more': (call, { x }) => call('mul', call('ones_like', x), f(lengthOf(call, x) * 0.25)),
  'one number of two sizes': (call, { x }) => call('scalar_tensor', f(countOf(call, x) * 0.25)),
};

describe('numbers that are made of sizes', () => {
  test.each(Object.entries(PROGRAMS))('%s', (_, program) => expectTraced(program));

  test('in a module of its own', async () => {
    const module = new Computed((x: Tensor) => F.scale(F.add(x, new Elements('float32', [1], [Math.sqrt(x.shape[0])])), 1 / x.shape[1]));
    const how = { ...DYNAMIC, dynamic_axes: { input_0: DYNAMIC.dynamic_axes.input_0 } };
    const traced = (await jit.trace(module, [floats([2, 3, 4], 1)], how)) as never as (x: Tensor) => Tensor;
    for (const [batch, length] of SIZES) {
      const x = floats([batch, length, 4], batch);
      const want = (module(x) as Tensor).data;
      for (const [i, value] of Array.from(traced(x).data, Number).entries()) expect(value).toBeCloseTo(Number(want[i]), 5);
    }
  });

  test('are refused in a weight, which is laid out when a trace is loaded', async () => {
    const program: Program = (call, { x, weight }) => call('linear', x, call('mul', weight, f(0.7 / lengthOf(call, x))), null);
    const error = await problem('tracing', () => tracedOf(new Running(program, holdsAt(2, 3)), Object.values(holdsAt(2, 3).inputs)));
    expect(error.message).toMatch(/depends on a dynamic size/);
  });

  test.each<[string, (length: number) => number]>([
    ['halves', (length) => Math.ceil(length / 2)],
    ['a limit', (length) => Math.min(length, 20)],
    ['a step', (length) => (length > 20 ? 1 : 0.5)],
    ['powers of e', (length) => Math.exp(length / 10)],
  ])('are refused where no formula says them: %s', async (_, of) => {
    const program: Program = (call, { x }) => call('mul', x, f(of(lengthOf(call, x))));
    const error = await problem('tracing', () => tracedOf(new Running(program, holdsAt(2, 3)), Object.values(holdsAt(2, 3).inputs)));
    expect(error.message).toMatch(/depends on a dynamic size/);
  });
});

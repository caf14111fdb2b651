import { describe, expect, test } from 'vitest';
import { F, full, jit, type Tensor, type TracedModule, tensor, zeros } from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { floats, problem } from '../support/tiny.ts';

const product = (weight: Tensor): Promise<TracedModule<Tensor>> =>
  jit.trace((x: Tensor) => F.linear(x, weight), [floats([1, 32])]) as never;

describe('what has no size to measure an error by', () => {
  test('is told apart from what is wrong: samples of zeros, weights of zeros', async () => {
    const traced = await product(floats([2, 32]));
    const { report } = await quantize(traced, { calibrate: [[zeros(1, 32)]] });
    expect(report.outputs).toEqual([{ name: 'output', mean: 1, worst: 1 }]);
    expect(report.layers.map(({ error }) => error)).toEqual([0]);
    const blank = await product(zeros(2, 32));
    expect((await quantize(blank)).report.layers.map(({ error }) => error)).toEqual([0]);
  });

  test('is no error of rows of one number, beside a table of the same numbers', async () => {
    const [table, weight] = [floats([1100, 32]), floats([1100, 32])];
    const body = (ids: Tensor, x: Tensor) => ({ word: F.relu(F.embedding(ids, table)), score: F.linear(x, weight) });
    const sample = [tensor([1]), full([1, 32], 0.75)];
    const { layers } = (await quantize(await jit.trace(body, sample), { calibrate: [sample] })).report;
    expect(layers.map(({ op }) => op).sort()).toEqual(['embedding', 'linear']);
    for (const { error } of layers) expect(error).toBeLessThan(0.05);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a sample with %s has no answer to compare', async (value) => {
    const traced = await product(floats([2, 32]));
    const sample = [tensor([[value, ...floats([31]).data]], { dtype: 'float32' })];
    expect((await problem('value', () => quantize(traced, { calibrate: [sample] }))).message).toMatch(
      /an answer to a calibration sample: expected finite numbers, got NaN or infinity/,
    );
  });
});

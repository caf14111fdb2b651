import { describe, expect, test } from 'vitest';
import type { Argument } from '../../src/aten/values.ts';
import { started } from '../support/atencalls.ts';
import { f } from '../support/atenprograms.ts';

describe('losses', () => {
  test('are how far answers are from what was wanted', () => {
    const { floats, ids, call, numbers } = started();
    const [x, y] = [floats([2, 2], [0, 1, 3, 1]), floats([2, 2], [0, 0, 1, 1])];
    const one = (op: string, ...given: Argument[]): number => numbers(call(op, [x, ...given]))[0];
    expect(one('mse_loss', y)).toBeCloseTo(5 / 4, 5);
    expect(one('l1_loss', y, 2)).toBeCloseTo(3, 5);
    expect(one('smooth_l1_loss', y, 2)).toBeCloseTo(2, 5);
    expect(one('huber_loss', y, 2, f(0.5))).toBeCloseTo(0.5 * (1 - 0.25) + 0.5 * (2 - 0.25), 5);
    const softplus = (value: number): number => Math.log1p(Math.exp(value));
    expect(one('binary_cross_entropy_with_logits', y, null, null, 2)).toBeCloseTo(
      softplus(0) + softplus(1) + softplus(-3) + softplus(-1),
      5,
    );
    const rows = [softplus(1), softplus(-2)];
    const wanted = ids([2], [0, 0]);
    expect(one('cross_entropy_loss', wanted)).toBeCloseTo((rows[0] + rows[1]) / 2, 5);
    expect(one('cross_entropy_loss', ids([2], [-100, 0]))).toBeCloseTo(rows[1], 5);
    expect(one('cross_entropy_loss', wanted, floats([2], [3, 1]), 2)).toBeCloseTo(3 * (rows[0] + rows[1]), 5);
    expect(one('kl_div', y, 2)).toBeCloseTo(-(3 + 1), 5);
  });
});

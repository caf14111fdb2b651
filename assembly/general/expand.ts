import { checkApart, checkDims } from '../lib/contract';
import { strided } from '../strided';

/** out[i, j, k, l] = x[i·s0 + j·s1 + k·s2 + l·s3] for i < d0, j < d1, k < d2, l < d3, strides 0 where x is repeated. out overlaps no operand. */
export function expand(out: usize, x: usize, d0: i32, d1: i32, d2: i32, d3: i32, s0: i32, s1: i32, s2: i32, s3: i32): void {
  checkDims(d0, d1, d2, d3);
  checkDims(s0, s1, s2, s3);
  const count = d0 * d1 * d2 * d3;
  if (count > 0) checkApart(out, count, x, 1 + (d0 - 1) * s0 + (d1 - 1) * s1 + (d2 - 1) * s2 + (d3 - 1) * s3);
  strided(out, x, 0, d0, d1, d2, d3, s0, s1, s2, s3);
}

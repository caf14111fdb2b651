import { checkApart, checkDims, checkElements } from '../../lib/contract';
import { bytes, load4, store4 } from '../../lib/simd';
import { lanes } from './lanes';

/** Four elements of a row whose elements lie side by side, or that has one for all. */
// @ts-ignore: decorator
@inline
function next4(p: usize, step: i32, left: i32): v128 {
  return step == 0 ? v128.load32_splat(p) : load4(p, left);
}

/** A row of `count` elements of a result, of rows whose elements are `step` (0 or 1) apart. */
function row(number: i32, out: usize, a: usize, b: usize, c: usize, count: i32, aStep: i32, bStep: i32, cStep: i32): void {
  const aBytes = <usize>aStep << 4;
  const bBytes = <usize>bStep << 4;
  const cBytes = <usize>cStep << 4;
  for (; count > 0; count -= 4, out += 16, a += aBytes, b += bBytes, c += cBytes)
    store4(out, lanes(number, next4(a, aStep, count), next4(b, bStep, count), next4(c, cStep, count)), count);
}

/** An operand of four dimensions and strides, 0 where it is repeated, and the result share no byte. */
function checkOperand(out: usize, count: i32, x: usize, d0: i32, d1: i32, d2: i32, d3: i32, s0: i32, s1: i32, s2: i32, s3: i32): void {
  if (ASC_NO_ASSERT) return;
  checkElements(out | x);
  checkDims(d0, d1, d2, d3);
  checkDims(s0, s1, s2, s3);
  assert(s3 <= 1, 'elements of a row are apart');
  if (count > 0) checkApart(out, count, x, 1 + (d0 - 1) * s0 + (d1 - 1) * s1 + (d2 - 1) * s2 + (d3 - 1) * s3);
}

/** out[i, j, k, l] = f(a[i·a0 + j·a1 + k·a2 + l·a3], b[…], c[…]) for i < d0, j < d1, k < d2, l < d3; strides in elements. */
export function broadcast(
  number: i32,
  out: usize,
  a: usize,
  b: usize,
  c: usize,
  d0: i32,
  d1: i32,
  d2: i32,
  d3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
  c0: i32,
  c1: i32,
  c2: i32,
  c3: i32,
): void {
  const count = d0 * d1 * d2 * d3;
  checkOperand(out, count, a, d0, d1, d2, d3, a0, a1, a2, a3);
  checkOperand(out, count, b, d0, d1, d2, d3, b0, b1, b2, b3);
  checkOperand(out, count, c, d0, d1, d2, d3, c0, c1, c2, c3);
  const width = bytes(d3);
  for (let i = 0; i < d0; i++)
    for (let j = 0; j < d1; j++)
      for (let k = 0; k < d2; k++, out += width)
        row(
          number,
          out,
          a + bytes(i * a0 + j * a1 + k * a2),
          b + bytes(i * b0 + j * b1 + k * b2),
          c + bytes(i * c0 + j * c1 + k * c2),
          d3,
          a3,
          b3,
          c3,
        );
}

import { checkDims, checkElements } from './lib/contract';
import { bytes } from './lib/simd';

/**
 * out[i, j, k, l] = x[offset + i·s0 + j·s1 + k·s2 + l·s3] for i < d0, j < d1, k < d2, l < d3; offset and strides in elements.
 * out overlaps no element of x that is read.
 */
export function strided(
  out: usize,
  x: usize,
  offset: i32,
  d0: i32,
  d1: i32,
  d2: i32,
  d3: i32,
  s0: i32,
  s1: i32,
  s2: i32,
  s3: i32,
): void {
  checkElements(out | x);
  checkDims(d0, d1, d2, d3);
  checkDims(s0, s1, s2, s3);
  checkDims(offset);
  const step = bytes(s3);
  const width = bytes(d3);
  for (let i = 0; i < d0; i++)
    for (let j = 0; j < d1; j++)
      for (let k = 0; k < d2; k++, out += width) {
        let from = x + bytes(offset + i * s0 + j * s1 + k * s2);
        if (s3 == 1) memory.copy(out, from, width);
        else for (let to = out; to < out + width; to += 4, from += step) store<f32>(to, load<f32>(from));
      }
}

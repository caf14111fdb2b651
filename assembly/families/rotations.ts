import { checkApart, checkDims, checkElements } from '../lib/contract';
import { bytes } from '../lib/simd';
import { cosine, reduce, sine } from '../lib/sine';

/**
 * out[r] = cos(positions[r] · frequencies) · scale, then sin(positions[r] · frequencies) · scale: rows of 2 · half floats. The angle is a
 * float32, as PyTorch has it.
 */
export function rotations(out: usize, positions: usize, frequencies: usize, rows: i32, half: i32, scale: f32): void {
  checkElements(out | positions | frequencies);
  checkDims(rows, half);
  checkApart(out, 2 * rows * half, positions, rows);
  checkApart(out, 2 * rows * half, frequencies, half);
  for (; rows > 0; rows--, positions += 4, out += bytes(half) << 1)
    for (let i = 0; i < half; i++) {
      const at = bytes(i);
      reduce(<f32>load<i32>(positions) * load<f32>(frequencies + at));
      store<f32>(out + at, <f32>cosine() * scale);
      store<f32>(out + bytes(half) + at, <f32>sine() * scale);
    }
}

import { checkApart, checkDims, checkElements, checkInPlace } from '../lib/contract';
import { bytes, load4, store4 } from '../lib/simd';

/**
 * Of each of the first `heads` heads of a row of cols floats, `head_dim` each, the first 2 · half floats are turned: those of the first half
 * with those of the second, by the cosines and sines that `rotation` [rows, 2 · half] has of them. The rest stays. out may be x.
 */
export function rotary(out: usize, x: usize, rotation: usize, rows: i32, cols: i32, heads: i32, head_dim: i32, half: i32): void {
  checkElements(rotation);
  checkDims(rows, cols, heads, half);
  assert(heads * head_dim <= cols && 2 * half <= head_dim, 'heads or turned floats behind the last');
  checkInPlace(out, x, rows * cols);
  checkApart(out, rows * cols, rotation, 2 * rows * half);
  if (out != x) memory.copy(out, x, bytes(rows * cols));
  for (; rows > 0; rows--, out += bytes(cols), rotation += bytes(half) << 1)
    for (let h = 0; h < heads; h++) turn(out + bytes(h * head_dim), rotation, half);
}

function turn(x: usize, cosines: usize, half: i32): void {
  const offset = bytes(half);
  for (; half > 0; half -= 4, x += 16, cosines += 16) {
    const a = load4(x, half);
    const b = load4(x + offset, half);
    const c = load4(cosines, half);
    const s = load4(cosines + offset, half);
    store4(x, f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s)), half);
    store4(x + offset, f32x4.add(f32x4.mul(b, c), f32x4.mul(a, s)), half);
  }
}

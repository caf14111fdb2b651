import { Form, multiply } from './lib/dots';
import { madd } from './lib/simd';

/*
 * What products could reach if they had no memory to read, for the share of it that an instruction reaches. Both store something that
 * depends on all of the work at p, where 32 bytes are read and 48 written.
 */

/** `rounds` times 12 multiply-adds of four lanes: 96 operations a round. */
export function peak(p: usize, rounds: i32): void {
  const x = v128.load(p), y = v128.load(p, 16);
  let c0 = x, c1 = y, c2 = x, c3 = y, c4 = x, c5 = y, c6 = x, c7 = y, c8 = x, c9 = y, c10 = x, c11 = y;
  for (; rounds > 0; rounds--) {
    c0 = madd(x, y, c0); c1 = madd(x, y, c1); c2 = madd(x, y, c2); c3 = madd(x, y, c3);
    c4 = madd(x, y, c4); c5 = madd(x, y, c5); c6 = madd(x, y, c6); c7 = madd(x, y, c7);
    c8 = madd(x, y, c8); c9 = madd(x, y, c9); c10 = madd(x, y, c10); c11 = madd(x, y, c11);
  }
  const low = f32x4.add(f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), f32x4.add(c4, c5));
  v128.store(p, f32x4.add(low, f32x4.add(f32x4.add(f32x4.add(c6, c7), f32x4.add(c8, c9)), f32x4.add(c10, c11))), 32);
}

/** `rounds` times the 8 steps of an integer tile in one of its forms: 128 operations a round in dot16, 256 in dot8, 512 in pairs. */
export function peak_integer(p: usize, form: i32, rounds: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (form == Form.dot8) steps(Form.dot8, p, rounds);
    else steps(Form.pairs, p, rounds);
  } else steps(Form.dot16, p, rounds);
}

// @ts-ignore: decorator
@inline
function steps(form: i32, p: usize, rounds: i32): void {
  const w = v128.load(p), v = v128.load(p, 16);
  const s = v128.and(w, i8x16.splat(127)), t = v128.and(v, i8x16.splat(127));
  let c0 = w, c1 = v, c2 = w, c3 = v, c4 = w, c5 = v, c6 = w, c7 = v;
  for (; rounds > 0; rounds--) {
    c0 = multiply(form, w, v, s, t, c0); c1 = multiply(form, v, w, s, t, c1); c2 = multiply(form, w, v, t, s, c2); c3 = multiply(form, v, w, t, s, c3);
    c4 = multiply(form, w, w, s, t, c4); c5 = multiply(form, v, v, s, t, c5); c6 = multiply(form, w, w, t, s, c6); c7 = multiply(form, v, v, t, s, c7);
  }
  const low = i32x4.add(i32x4.add(c0, c1), i32x4.add(c2, c3));
  v128.store(p, i32x4.add(low, i32x4.add(i32x4.add(c4, c5), i32x4.add(c6, c7))), 32);
}

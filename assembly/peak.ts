import { Form, multiply } from './lib/dots';
import { madd } from './lib/simd';

/*
 * What products could reach if they waited for nothing, for the share of it that an instruction reaches. Both read 96 bytes at p and
 * store 16 that depend on all of the work behind them.
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
  v128.store(p, f32x4.add(low, f32x4.add(f32x4.add(f32x4.add(c6, c7), f32x4.add(c8, c9)), f32x4.add(c10, c11))), 96);
}

/** `rounds` times 8 steps of an integer tile in one of its forms, of weights that change, because engines compute equal products once: 128 operations a round in dot16, 256 in dot8, 512 in pairs. */
export function peak_integer(p: usize, form: i32, rounds: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (form == Form.dot8) steps(Form.dot8, p, rounds);
    else steps(Form.pairs, p, rounds);
  } else steps(Form.dot16, p, rounds);
}

// @ts-ignore: decorator
@inline
function steps(form: i32, p: usize, rounds: i32): void {
  const x0 = v128.load(p), x1 = v128.load(p, 16), x2 = v128.load(p, 32), x3 = v128.load(p, 48);
  let w = v128.load(p, 64), v = v128.load(p, 80);
  let c0 = x0, c1 = x1, c2 = x2, c3 = x3, c4 = x0, c5 = x1, c6 = x2, c7 = x3;
  for (; rounds > 0; rounds--) {
    w = i8x16.add(w, x0);
    v = i8x16.add(v, x1);
    c0 = multiply(form, w, v, x0, x1, c0); c1 = multiply(form, v, w, x0, x1, c1); c2 = multiply(form, w, v, x1, x2, c2); c3 = multiply(form, v, w, x1, x2, c3);
    c4 = multiply(form, w, v, x2, x3, c4); c5 = multiply(form, v, w, x2, x3, c5); c6 = multiply(form, w, v, x3, x0, c6); c7 = multiply(form, v, w, x3, x0, c7);
  }
  v128.store(p, i32x4.add(i32x4.add(i32x4.add(c0, c1), i32x4.add(c2, c3)), i32x4.add(i32x4.add(c4, c5), i32x4.add(c6, c7))), 96);
}

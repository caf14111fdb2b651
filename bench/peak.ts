import { madd } from '../assembly/lib/simd';

/** `rounds` times 12 multiply-adds in registers: what a product could reach if it had no memory to read. 96 flops a round. */
export function peak(p: usize, rounds: i32): void {
  const x = v128.load(p);
  const y = v128.load(p, 16);
  let c0 = x,
    c1 = y,
    c2 = x,
    c3 = y,
    c4 = x,
    c5 = y,
    c6 = x,
    c7 = y,
    c8 = x,
    c9 = y,
    c10 = x,
    c11 = y;
  for (; rounds > 0; rounds--) {
    c0 = madd(x, y, c0);
    c1 = madd(x, y, c1);
    c2 = madd(x, y, c2);
    c3 = madd(x, y, c3);
    c4 = madd(x, y, c4);
    c5 = madd(x, y, c5);
    c6 = madd(x, y, c6);
    c7 = madd(x, y, c7);
    c8 = madd(x, y, c8);
    c9 = madd(x, y, c9);
    c10 = madd(x, y, c10);
    c11 = madd(x, y, c11);
  }
  const low = f32x4.add(f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), f32x4.add(c4, c5));
  v128.store(p, f32x4.add(low, f32x4.add(f32x4.add(f32x4.add(c6, c7), f32x4.add(c8, c9)), f32x4.add(c10, c11))), 32);
}

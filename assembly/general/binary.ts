import { broadcast } from './lib/broadcast';

/** out = f(a, b) of floats, each repeated where its stride is 0 (lib/broadcast.ts). */
export function binary(
  out: usize,
  a: usize,
  b: usize,
  number: i32,
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
): void {
  broadcast(number, out, a, b, a, d0, d1, d2, d3, a0, a1, a2, a3, b0, b1, b2, b3, a0, a1, a2, a3);
}

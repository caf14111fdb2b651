import { broadcast } from './lib/broadcast';
import { CHOOSE } from './lib/lanes';

/** out = condition is 0 ? b : a, elements of 4 bytes whatever they hold, each operand repeated where its stride is 0 (lib/broadcast.ts). */
export function where(
  out: usize,
  condition: usize,
  a: usize,
  b: usize,
  d0: i32,
  d1: i32,
  d2: i32,
  d3: i32,
  c0: i32,
  c1: i32,
  c2: i32,
  c3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
): void {
  broadcast(CHOOSE, out, a, b, condition, d0, d1, d2, d3, a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3);
}

import { Half } from '../lib/half';
import { lookUp } from '../lib/lookup';

/** out[r] = table[ids[r]], added to x[r] unless x is 0: rows of `cols` bfloat16. out may be x. Traps on an id outside [0, vocab), in every build. */
export function embedding_bf16(out: usize, x: usize, ids: usize, table: usize, rows: i32, cols: i32, vocab: i32): void {
  lookUp(Half.bfloat16, out, x, ids, table, rows, cols, vocab);
}

import { checkApart, checkDims, checkElements, checkWide } from './lib/contract';
import { panelBytes, panelOfRows } from './lib/panel';
import { bytes } from './lib/simd';

/**
 * Rearranges a weight x [n, k] into ceil(n / 8) panels of 8 rows (see lib/panel.ts), zeros behind the last row.
 * out holds roundUp(n, 8) · k floats and may be x; scratch holds 8 · k floats.
 */
export function panels(out: usize, x: usize, scratch: usize, n: i32, k: i32): void {
  checkElements(x);
  checkWide(out | scratch);
  checkDims(n, k);
  if (out != x) checkApart(out, ((n + 7) & ~7) * k, x, n * k);
  checkApart(scratch, 8 * k, out, ((n + 7) & ~7) * k);
  const stride = bytes(k);
  const panel = panelBytes(k);
  for (; n > 0; n -= 8, out += panel, x += panel) {
    const rows = min(n, 8);
    let from = x;
    if (out == x) {
      memory.copy(scratch, x, <usize>rows * stride);
      from = scratch;
    }
    panelOfRows(out, from, stride, rows, k);
  }
}

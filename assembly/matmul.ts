import { checkApart, checkDims, checkElements, checkWide } from './lib/contract';
import { panelBytes, panelOfColumns } from './lib/panel';
import { bytes } from './lib/simd';
import { product } from './lib/tile';

/**
 * out[i] = a[i] · b[i] for `batch` matrices a [m, k] and b [k, n], all one behind another. scratch holds roundUp(n, 8) · k floats.
 * Every element is one sum over k in order. out overlaps no operand.
 */
export function matmul(out: usize, a: usize, b: usize, scratch: usize, batch: i32, m: i32, n: i32, k: i32): void {
  checkElements(out | a | b);
  checkWide(scratch);
  checkDims(batch, m, n, k);
  checkApart(out, batch * m * n, a, batch * m * k);
  checkApart(out, batch * m * n, b, batch * k * n);
  checkApart(scratch, ((n + 7) & ~7) * k, out, batch * m * n);
  const panel = panelBytes(k);
  for (; batch > 0; batch--) {
    let to = scratch;
    for (let col = 0; col < n; col += 8, to += panel) panelOfColumns(to, b + bytes(col), bytes(n), min(n - col, 8), k);
    product(out, bytes(n), a, bytes(k), scratch, 0, m, n, k);
    out += bytes(m) * <usize>n;
    a += bytes(m) * <usize>k;
    b += bytes(k) * <usize>n;
  }
}

import { gelu } from '../gelu';
import { gelu_new } from '../gelu_new';
import { relu } from '../relu';
import { sigmoid } from '../sigmoid';
import { silu } from '../silu';
import { tanh } from '../tanh';
import { Activation } from './activation';
import { checkApart, checkDims, checkElements, checkWide, spanOf } from './contract';
import { Half } from './half';
import { bytes } from './simd';
import { product } from './tile';

/** What `linear` does, with a weight of one of the formats of lib/half.ts, for which scratch holds the floats of a panel's stretch. */
export function activatedProduct(
  format: i32,
  out: usize,
  x: usize,
  weight: usize,
  bias: usize,
  activation: i32,
  scratch: usize,
  m: i32,
  n: i32,
  k: i32,
  width: i32,
): void {
  checkElements(out | x | bias);
  checkWide(weight | scratch);
  checkDims(m, n, k);
  const span = spanOf(m, n, width);
  checkApart(out, span, x, m * k);
  checkApart(out, span, weight, (((n + 7) & ~7) * k) >> (format == Half.none ? 0 : 1));
  checkApart(out, span, bias, n);
  assert(activation >= 0 && activation <= 6, 'unknown activation');
  assert(format == Half.none || (k & 1) == 0, 'rows of 16-bit floats are not whole words');
  product(out, bytes(width), x, bytes(k), weight, bias, m, n, k, format, scratch);
  if (n == width) activateWhole(activation, out, m * n);
  else if (activation != Activation.none) for (; m > 0; m--, out += bytes(width)) activateWhole(activation, out, n);
}

function activateWhole(activation: i32, out: usize, n: i32): void {
  if (activation == Activation.gelu) gelu(out, out, n);
  else if (activation == Activation.gelu_new) gelu_new(out, out, n);
  else if (activation == Activation.relu) relu(out, out, n);
  else if (activation == Activation.silu) silu(out, out, n);
  else if (activation == Activation.tanh) tanh(out, out, n);
  else if (activation == Activation.sigmoid) sigmoid(out, out, n);
}

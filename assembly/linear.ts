import { gelu } from './gelu';
import { gelu_new } from './gelu_new';
import { Activation } from './lib/activation';
import { checkApart, checkDims, checkElements, checkWide, spanOf } from './lib/contract';
import { bytes } from './lib/simd';
import { product } from './lib/tile';
import { relu } from './relu';
import { sigmoid } from './sigmoid';
import { silu } from './silu';
import { tanh } from './tanh';

/**
 * out = activation(x · weightᵀ + bias): x [m, k], weight [n, k] as `pack` leaves it, bias [n] or 0, out [m, n].
 * `activation` is a number of the `epilogue` column; its result has the bits of that op applied afterwards.
 * Every element is one sum over k in order to which the bias is added, so a row's bits do not depend on m. out overlaps no operand.
 * Its rows are `width` floats apart, n unless they are columns of a wider result.
 */
export function linear(out: usize, x: usize, weight: usize, bias: usize, activation: i32, m: i32, n: i32, k: i32, width: i32): void {
  checkElements(out | x | bias);
  checkWide(weight);
  checkDims(m, n, k);
  const span = spanOf(m, n, width);
  checkApart(out, span, x, m * k);
  checkApart(out, span, weight, ((n + 7) & ~7) * k);
  checkApart(out, span, bias, n);
  assert(activation >= 0 && activation <= 6, 'unknown activation');
  product(out, bytes(width), x, bytes(k), weight, bias, m, n, k);
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

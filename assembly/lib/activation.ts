import { normalTail4 } from './erf';
import { exp4 } from './exp';
import { held, load4, madd, store4 } from './simd';
import { tanh4 } from './tanh';

/** The numbers by which `linear` knows its activation: the `epilogue` column of the op table. */
export const enum Activation {
  none = 0,
  gelu = 1,
  gelu_new = 2,
  relu = 3,
  silu = 4,
  tanh = 5,
  sigmoid = 6,
  /** These are no epilogues. */
  quick_gelu,
  mish,
  relu6,
  gelu_10,
}

let SQRT_2_OVER_PI: v128 = held(0.7978845608);
let CUBIC: v128 = held(0.044715);
let HALF: v128 = held(0.5);
let ONE: v128 = held(1);

/** x · Φ(x). Relative accuracy on both sides, as far as Φ is a normal float32; gelu(-∞) is NaN, as -∞ · 0 in PyTorch. */
// @ts-ignore: decorator
@inline
function gelu4(x: v128): v128 {
  const tail = normalTail4(f32x4.abs(x));
  const below = f32x4.lt(x, f32x4.splat(0));
  return f32x4.mul(x, v128.bitselect(tail, f32x4.sub(ONE, tail), below));
}

/** 0.5 · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))); NaN at -∞, as in PyTorch. */
// @ts-ignore: decorator
@inline
function geluNew4(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), x);
  const inner = f32x4.mul(SQRT_2_OVER_PI, madd(CUBIC, cube, x));
  return f32x4.mul(f32x4.mul(HALF, x), f32x4.add(ONE, tanh4(inner)));
}

// @ts-ignore: decorator
@inline
function onePlusExpMinus(x: v128): v128 {
  return f32x4.add(ONE, exp4(f32x4.neg(x)));
}

/** x · tanh(log(1 + exp(x))) as x · n / (n + 2), where n = exp(x) · (exp(x) + 2); far below 0 it is silu, whose exp(-x) is a normal float32. */
// @ts-ignore: decorator
@inline
function mish4(x: v128): v128 {
  const e = exp4(f32x4.min(x, f32x4.splat(30)));
  const n = f32x4.mul(e, f32x4.add(e, f32x4.splat(2)));
  const y = f32x4.mul(x, f32x4.div(n, f32x4.add(n, f32x4.splat(2))));
  return v128.bitselect(f32x4.div(x, onePlusExpMinus(x)), y, f32x4.lt(x, f32x4.splat(-20)));
}

/** The activation of every lane. Inlined with a constant number, only that activation's code remains. */
// @ts-ignore: decorator
@inline
export function activate(activation: i32, x: v128): v128 {
  if (activation == Activation.gelu) return gelu4(x);
  if (activation == Activation.gelu_new) return geluNew4(x);
  if (activation == Activation.relu) return f32x4.max(x, f32x4.splat(0));
  if (activation == Activation.silu) return f32x4.div(x, onePlusExpMinus(x));
  if (activation == Activation.tanh) return tanh4(x);
  if (activation == Activation.quick_gelu) return f32x4.div(x, onePlusExpMinus(f32x4.mul(x, f32x4.splat(1.702))));
  if (activation == Activation.mish) return mish4(x);
  if (activation == Activation.relu6) return f32x4.min(f32x4.max(x, f32x4.splat(0)), f32x4.splat(6));
  if (activation == Activation.gelu_10) return f32x4.min(f32x4.max(gelu4(x), f32x4.splat(-10)), f32x4.splat(10));
  if (activation == Activation.sigmoid) return f32x4.div(ONE, onePlusExpMinus(x));
  return x;
}

/** out[i] = activation(x[i]) for n elements; out may be x. */
// @ts-ignore: decorator
@inline
export function activateAll(activation: i32, out: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, out += 16, x += 16) store4(out, activate(activation, load4(x, n)), n);
}

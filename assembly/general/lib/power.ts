import { logOfAny } from '../../lib/log';

const LOG2E: f64 = 1.4426950408889634;
const LN2: f64 = 0.6931471805599453;

/** exp(x) in float64 as far as a float32 of it tells: relative error below 1e-12 wherever that is finite and not 0. */
function expOf(x: f64): f64 {
  if (!(x > -110)) return x != x ? x : 0;
  if (x > 90) return Infinity;
  const n = nearest<f64>(x * LOG2E);
  const r = x - n * LN2;
  let sum: f64 = 1;
  for (let i: f64 = 12; i > 0; i--) sum = 1 + (sum * r) / i;
  return sum * reinterpret<f64>((<i64>n + 1023) << 52);
}

/** x to the power y, as C's pow: 1 for y 0 and for x 1, NaN for x below 0 and y not whole. */
export function powerOf(x: f32, y: f32): f32 {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return x + y;
  const size = abs<f32>(x);
  const whole = floor<f32>(y) == y;
  const odd = whole && abs<f32>(y) < 16777216 && (<i32>y & 1) != 0;
  const negative = reinterpret<i32>(x) < 0;
  if (abs<f32>(y) == Infinity) return size == 1 ? 1 : (size > 1) == (y > 0) ? Infinity : 0;
  if (size == 0 || size == Infinity) {
    const result: f32 = (size == 0) == (y < 0) ? Infinity : 0;
    return negative && odd ? -result : result;
  }
  if (negative && !whole) return NaN;
  const result = <f32>expOf(<f64>y * logOfAny(size));
  return negative && odd ? -result : result;
}

/** What the bits of √½ lack to those of 1: added, the exponent field counts from √½ on. */
const TO_ONE: u64 = 0x00095f619980c433;

/**
 * The natural logarithm of a finite x > 0 in float64.
 *
 *   x = 2ⁿ · m, √½ <= m < √2;  log m = 2 artanh(z), z = (m - 1) / (m + 1), by its series to z¹³: relative error below 1e-11
 */
// @ts-ignore: decorator
@inline
function logOfFinite(x: f64): f64 {
  const bits = reinterpret<u64>(x);
  const n = <i32>((bits + TO_ONE) >> 52) - 1023;
  const m = reinterpret<f64>(bits - (<u64>n << 52));
  const z = (m - 1) / (m + 1);
  const w = z * z;
  const series = 1 + w * (1.0 / 3 + w * (1.0 / 5 + w * (1.0 / 7 + w * (1.0 / 9 + w * (1.0 / 11 + w * (1.0 / 13))))));
  return <f64>n * 0.6931471805599453 + 2 * z * series;
}

/** The natural logarithm of s >= 1 (a sum of exponentials whose largest is 1), correctly rounded but for rare ties; NaN for NaN. */
export function logOf(s: f32): f32 {
  return s < Infinity ? <f32>logOfFinite(<f64>s) : s;
}

/** The natural logarithm of any x: -∞ of 0, NaN below it and of NaN. */
export function logOfAny(x: f32): f64 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN;
  return x == Infinity ? Infinity : logOfFinite(<f64>x);
}

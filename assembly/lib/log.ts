/** What the bits of √½ lack to those of 1: added, the exponent field counts from √½ on. */
const TO_ONE: u64 = 0x00095f619980c433;

/**
 * The natural logarithm of s >= 1 (a sum of exponentials whose largest is 1), correctly rounded but for rare ties; NaN for NaN.
 *
 *   s = 2ⁿ · m, √½ <= m < √2;  log m = 2 artanh(z), z = (m - 1) / (m + 1), by its series to z¹³: relative error below 1e-11
 */
export function logOf(s: f32): f32 {
  if (!(s < Infinity)) return s;
  const bits = reinterpret<u64>(<f64>s);
  const n = <i32>((bits + TO_ONE) >> 52) - 1023;
  const m = reinterpret<f64>(bits - (<u64>n << 52));
  const z = (m - 1) / (m + 1);
  const w = z * z;
  const series = 1 + w * (1.0 / 3 + w * (1.0 / 5 + w * (1.0 / 7 + w * (1.0 / 9 + w * (1.0 / 11 + w * (1.0 / 13))))));
  return <f32>(<f64>n * 0.6931471805599453 + 2 * z * series);
}

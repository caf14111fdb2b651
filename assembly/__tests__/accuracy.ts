/** Units in the last place of float32 between `got` and `wanted`; 0 where both are NaN or the same infinity. */
export function ulps(got: f32, wanted: f64): f64 {
  if (isNaN(wanted)) return isNaN(got) ? 0 : Infinity;
  const nearest = <f32>wanted;
  if (!isFinite(nearest)) return got == nearest ? 0 : Infinity;
  const exponent = max<i32>((reinterpret<i32>(nearest) >>> 23) & 255, 1) - 127;
  return Math.abs(<f64>got - wanted) / Math.pow(2, exponent - 23);
}

/** erfc by its series below 2 and its continued fraction above; relative error below 1e-13. */
export function erfc(x: f64): f64 {
  if (x < 0) return 2 - erfc(-x);
  if (x < 2) {
    let term = x;
    let total = x;
    for (let n: f64 = 1; n < 60; n += 1) {
      term *= (-x * x) / n;
      total += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = x;
  for (let n: f64 = 100; n > 0; n -= 1) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

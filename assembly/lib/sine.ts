/*
 * Sine and cosine of a float32 in float64: the angle is brought to a quarter turn around 0, where Taylor's series ends soon.
 */

const QUARTER: f64 = 1.5707963267948966;
/** What QUARTER lacks of π/2. */
const REST: f64 = 6.123233995736766e-17;

let quarters: i32 = 0;
let square: f64 = 0;
let rest: f64 = 0;

/** Sets the angle of `sine` and `cosine`; its magnitude is below 2^30. */
export function reduce(angle: f64): void {
  const turns = nearest<f64>(angle * (1 / QUARTER));
  point(<i32>turns, angle - turns * QUARTER - turns * REST);
}

/** Sets it as so many quarter turns and an angle of at most an eighth of a turn. */
export function point(turns: i32, angle: f64): void {
  quarters = turns;
  rest = angle;
  square = angle * angle;
}

function nearSine(): f64 {
  const x = square;
  return rest * (1 + x * (-1 / 6.0 + x * (1 / 120.0 + x * (-1 / 5040.0 + x * (1 / 362880.0 + x * (-1 / 39916800.0))))));
}

function nearCosine(): f64 {
  const x = square;
  return 1 + x * (-0.5 + x * (1 / 24.0 + x * (-1 / 720.0 + x * (1 / 40320.0 + x * (-1 / 3628800.0 + x * (1 / 479001600.0))))));
}

function at(quarter: i32): f64 {
  const value = (quarter & 1) == 0 ? nearSine() : nearCosine();
  return (quarter & 2) == 0 ? value : -value;
}

/** The sine of the angle that was set. */
export function sine(): f64 {
  return at(quarters);
}

/** The cosine of the angle that was set. */
export function cosine(): f64 {
  return at(quarters + 1);
}

import { ABS, CEIL, COS, ERF, EXP, FLOOR, LOG, ROUND, RSQRT, SIGN, SIN, SQRT, TRUNC } from '../../src/ops/functions';
import { checkInPlace } from '../lib/contract';
import { exp4 } from '../lib/exp';
import { logOfAny } from '../lib/log';
import { load4, store4 } from '../lib/simd';
import { erfOf4 } from './lib/erf';
import { trigonometric } from './lib/sine';

/** Functions of one number that are computed one by one. */
function scalar(number: i32, x: f32): f32 {
  return number == LOG ? <f32>logOfAny(x) : trigonometric(number == SIN, x);
}

function eachLane(number: i32, x: v128): v128 {
  let out = f32x4.splat(scalar(number, f32x4.extract_lane(x, 0)));
  out = f32x4.replace_lane(out, 1, scalar(number, f32x4.extract_lane(x, 1)));
  out = f32x4.replace_lane(out, 2, scalar(number, f32x4.extract_lane(x, 2)));
  return f32x4.replace_lane(out, 3, scalar(number, f32x4.extract_lane(x, 3)));
}

// @ts-ignore: decorator
@inline
function signOf(x: v128): v128 {
  const one = f32x4.splat(1);
  const size = v128.and(f32x4.ne(x, f32x4.splat(0)), one);
  return v128.bitselect(x, v128.bitselect(x, size, f32x4.splat(-0.0)), f32x4.ne(x, x));
}

// @ts-ignore: decorator
@inline
function lanes(number: i32, x: v128): v128 {
  switch (number) {
    case ABS:
      return f32x4.abs(x);
    case EXP:
      return exp4(x);
    case SQRT:
      return f32x4.sqrt(x);
    case RSQRT:
      return f32x4.div(f32x4.splat(1), f32x4.sqrt(x));
    case ERF:
      return erfOf4(x);
    case FLOOR:
      return f32x4.floor(x);
    case CEIL:
      return f32x4.ceil(x);
    case ROUND:
      return f32x4.nearest(x);
    case TRUNC:
      return f32x4.trunc(x);
    case SIGN:
      return signOf(x);
    case LOG:
    case SIN:
    case COS:
      return eachLane(number, x);
  }
  return unreachable();
}

/** out[i] = f(x[i]); out may be x. */
export function unary(out: usize, x: usize, number: i32, n: i32): void {
  checkInPlace(out, x, n);
  for (; n > 0; n -= 4, out += 16, x += 16) store4(out, lanes(number, load4(x, n)), n);
}

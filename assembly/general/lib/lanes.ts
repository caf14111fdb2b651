import {
  ADD,
  DIV,
  EQ,
  FLOOR_DIVIDE,
  GE,
  GT,
  LE,
  LOGICAL_AND,
  LOGICAL_OR,
  LOGICAL_XOR,
  LT,
  MAXIMUM,
  MINIMUM,
  MUL,
  NE,
  POW,
  REMAINDER,
  SUB,
} from '../../../src/ops/functions';
import { powerOf } from './power';

/** What is added to the number of a comparison whose operands are whole numbers, and the number of a choice by a condition. */
export const WHOLE: i32 = 256;
export const CHOOSE: i32 = 512;

// @ts-ignore: decorator
@inline
function flag(bits: v128): v128 {
  return v128.and(bits, i32x4.splat(1));
}

// @ts-ignore: decorator
@inline
function truth(x: v128): v128 {
  return f32x4.ne(x, f32x4.splat(0));
}

function power(a: v128, b: v128): v128 {
  let out = f32x4.splat(powerOf(f32x4.extract_lane(a, 0), f32x4.extract_lane(b, 0)));
  out = f32x4.replace_lane(out, 1, powerOf(f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 1)));
  out = f32x4.replace_lane(out, 2, powerOf(f32x4.extract_lane(a, 2), f32x4.extract_lane(b, 2)));
  return f32x4.replace_lane(out, 3, powerOf(f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 3)));
}

/** a - ⌊a / b⌋ · b in float64, of the two lower lanes, which has the sign of b. */
// @ts-ignore: decorator
@inline
function remainderOf(a: v128, b: v128): v128 {
  const x = f64x2.promote_low_f32x4(a);
  const y = f64x2.promote_low_f32x4(b);
  return f32x4.demote_f64x2_zero(f64x2.sub(x, f64x2.mul(f64x2.floor(f64x2.div(x, y)), y)));
}

// @ts-ignore: decorator
@inline
function quotientOf(a: v128, b: v128): v128 {
  return f32x4.demote_f64x2_zero(f64x2.floor(f64x2.div(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b))));
}

// @ts-ignore: decorator
@inline
function upper(x: v128): v128 {
  return v128.shuffle<f32>(x, x, 2, 3, 2, 3);
}

// @ts-ignore: decorator
@inline
function beside(low: v128, high: v128): v128 {
  return v128.shuffle<f32>(low, high, 0, 1, 4, 5);
}

/** What the function of that number makes of four lanes each; comparisons answer whole numbers, 0 and 1. */
// @ts-ignore: decorator
@inline
export function lanes(number: i32, a: v128, b: v128, c: v128): v128 {
  switch (number) {
    case ADD:
      return f32x4.add(a, b);
    case SUB:
      return f32x4.sub(a, b);
    case MUL:
      return f32x4.mul(a, b);
    case DIV:
      return f32x4.div(a, b);
    case POW:
      return power(a, b);
    case MINIMUM:
      return f32x4.min(a, b);
    case MAXIMUM:
      return f32x4.max(a, b);
    case FLOOR_DIVIDE:
      return beside(quotientOf(a, b), quotientOf(upper(a), upper(b)));
    case REMAINDER:
      return beside(remainderOf(a, b), remainderOf(upper(a), upper(b)));
    case EQ:
      return flag(f32x4.eq(a, b));
    case NE:
      return flag(f32x4.ne(a, b));
    case LT:
      return flag(f32x4.lt(a, b));
    case LE:
      return flag(f32x4.le(a, b));
    case GT:
      return flag(f32x4.gt(a, b));
    case GE:
      return flag(f32x4.ge(a, b));
    case LOGICAL_AND:
      return flag(v128.and(truth(a), truth(b)));
    case LOGICAL_OR:
      return flag(v128.or(truth(a), truth(b)));
    case LOGICAL_XOR:
      return flag(v128.xor(truth(a), truth(b)));
    case WHOLE + EQ:
      return flag(i32x4.eq(a, b));
    case WHOLE + NE:
      return flag(i32x4.ne(a, b));
    case WHOLE + LT:
      return flag(i32x4.lt_s(a, b));
    case WHOLE + LE:
      return flag(i32x4.le_s(a, b));
    case WHOLE + GT:
      return flag(i32x4.gt_s(a, b));
    case WHOLE + GE:
      return flag(i32x4.ge_s(a, b));
    case WHOLE + LOGICAL_AND:
      return flag(v128.and(i32x4.ne(a, i32x4.splat(0)), i32x4.ne(b, i32x4.splat(0))));
    case WHOLE + LOGICAL_OR:
      return flag(i32x4.ne(v128.or(a, b), i32x4.splat(0)));
    case WHOLE + LOGICAL_XOR:
      return flag(v128.xor(i32x4.ne(a, i32x4.splat(0)), i32x4.ne(b, i32x4.splat(0))));
    case CHOOSE:
      return v128.bitselect(a, b, i32x4.ne(c, i32x4.splat(0)));
  }
  return unreachable();
}

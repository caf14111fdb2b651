import { cosine, point, reduce, sine } from '../../lib/sine';

const FAR: f32 = 268435456;
const QUARTER: f64 = 1.5707963267948966;

/** Binary digits of 2 / π behind the point, 64 each. */
function digits(i: i32): u64 {
  if (i == 0) return 0xa2f9836e4e441529;
  if (i == 1) return 0xfc2757d1f534ddc0;
  return i == 2 ? 0xdb6295993c439041 : 0xfe5163abdebbc561;
}

/** 64 of them from the one with number `at` on. */
function digitsFrom(at: i32): u64 {
  const shift = <u64>(at & 63);
  const first = digits(at >> 6);
  return shift == 0 ? first : (first << shift) | (digits((at >> 6) + 1) >> (64 - shift));
}

/**
 * The angle, from FAR on and finite, in quarter turns: m · 2ᵉ · 2/π modulo 4, for which the digits of 2/π do that stand for less than 4 of them (Payne and
 * Hanek). The two upper bits of `turns` count quarters.
 */
function reduceFar(angle: f32): void {
  const bits = reinterpret<u32>(angle);
  const from = (<i32>(bits >> 23) & 255) - 152;
  const m = <u64>((bits & 0x7fffff) | 0x800000);
  const turns = m * digitsFrom(from) + ((m * (digitsFrom(from + 64) >> 32)) >> 32);
  const nearest = (turns + (1 << 61)) >> 62;
  point(<i32>nearest, <f64>(<i64>(turns - (nearest << 62))) * (QUARTER / 4611686018427387904.0));
}

/** The sine or cosine of any angle; NaN of infinity. */
export function trigonometric(isSine: bool, angle: f32): f32 {
  const size = abs<f32>(angle);
  if (!(size < Infinity)) return NaN;
  if (size >= FAR) reduceFar(size);
  else reduce(<f64>size);
  return isSine ? copysign<f32>(1, angle) * <f32>sine() : <f32>cosine();
}

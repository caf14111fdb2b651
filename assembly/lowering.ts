/** What `lowering` answers: how this engine computes i32x4.relaxed_dot_i8x16_i7x16_add_s. */
const enum Lowering {
  /** There is no such instruction here. */
  none = 0,
  /** As several steps that saturate at 16 bits: two dots in 16 bits before widening are faster. */
  saturating = 1,
  /** As one instruction for unsigned by signed bytes (VNNI). */
  unsigned = 2,
  /** As signed bytes: one instruction on ARM (SDOT), unknown steps elsewhere. */
  signed = 3,
}

/** Tells by an operand outside the range that the instruction promises anything for, which lowerings treat each in its way. */
export function lowering(): i32 {
  if (!ASC_FEATURE_RELAXED_SIMD) return Lowering.none;
  const sum = i32x4.extract_lane(i32x4.relaxed_dot_i8x16_i7x16_add_s(i8x16.splat(127), i8x16.splat(-1), i32x4.splat(0)), 0);
  if (sum == 4 * 127 * 255) return Lowering.unsigned;
  return sum == 2 * 32767 ? Lowering.saturating : Lowering.signed;
}

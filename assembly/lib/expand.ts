/** out[i] = x[i] · factor for `cols` int8. x may end where out does: elements are taken front to back, so nothing is overwritten unread. */
export function expandRow(out: usize, x: usize, factor: f32, cols: i32): void {
  const factors = f32x4.splat(factor);
  for (; cols >= 16; cols -= 16, x += 16, out += 64) {
    const all = v128.load(x);
    const low = i16x8.extend_low_i8x16_s(all);
    const high = i16x8.extend_high_i8x16_s(all);
    v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(low)), factors));
    v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(low)), factors), 16);
    v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(high)), factors), 32);
    v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(high)), factors), 48);
  }
  for (; cols > 0; cols--, x++, out += 4) store<f32>(out, <f32>load<i8>(x) * factor);
}

/** The largest magnitude of n int8 elements, 0 for none: whether weights are small enough for products that must not saturate. */
export function largest(x: usize, n: i32): i32 {
  let top = i8x16.splat(0);
  for (; n >= 16; n -= 16, x += 16) top = i8x16.max_u(top, i8x16.abs(v128.load(x)));
  let most = 0;
  for (; n > 0; n--, x++) most = max(most, abs(<i32>load<i8>(x)));
  for (let lane = 0; lane < 4; lane++) {
    const word = i32x4.extract_lane(top, 0);
    for (let shift = 0; shift < 32; shift += 8) most = max(most, (word >> shift) & 255);
    top = v128.shuffle<i32>(top, top, 1, 2, 3, 0);
  }
  return most;
}

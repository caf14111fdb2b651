import { Tensor } from '../../tensor/tensor.ts';

/** The id of padding in words and positions alike, whatever a configuration says. */
export const PADDING = 1;
/** Buckets of distances, half of them for keys behind their query. */
export const BUCKETS = 32;
/** Keys further away are in the same bucket as this one. */
export const FURTHEST = 128;

/** The bucket of a key that stands `distance` behind its query, as `relative_position_bucket` has it: in float32, which decides where one begins. */
export function bucketOf(distance: number): number {
  const half = BUCKETS / 2;
  const exact = half / 2;
  const behind = distance > 0 ? half : 0;
  const far = Math.abs(distance);
  if (far < exact) return behind + far;
  const { fround, log } = Math;
  const share = fround(fround(log(fround(far / exact))) / fround(log(FURTHEST / exact)));
  return behind + Math.min(half - 1, exact + Math.trunc(fround(share * (half - exact))));
}

/** The buckets of all distances up to the furthest, from that before a query on: int32 [2 · FURTHEST + 1]. */
export const buckets = (): Tensor<'int32'> =>
  new Tensor(
    'int32',
    [2 * FURTHEST + 1],
    Int32Array.from({ length: 2 * FURTHEST + 1 }, (_, i) => bucketOf(i - FURTHEST)),
  );

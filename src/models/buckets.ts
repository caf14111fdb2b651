import { Tensor } from '../tensor/tensor.ts';

/** How distances between tokens are put into buckets, which biases of scores belong to. */
export interface Buckets {
  /** How many there are; half of them are for keys behind their query, unless only keys up to it are seen. */
  count: number;
  /** Keys further away are in the same bucket as this one. */
  furthest: number;
  /** Whether only keys up to their query are seen; false unless given. */
  is_causal?: boolean;
}

/** How many of the buckets of one side hold a single distance each. */
export const exactBuckets = ({ count, is_causal = false }: Omit<Buckets, 'furthest'>): number =>
  Math.floor((is_causal ? count : Math.floor(count / 2)) / 2);

/** The bucket of a key that stands `distance` behind its query, as `_relative_position_bucket` of T5 has it: in float32, which decides where one begins. */
export function bucketOf(distance: number, buckets: Buckets): number {
  const { count, furthest, is_causal = false } = buckets;
  const side = is_causal ? count : Math.floor(count / 2);
  const exact = exactBuckets(buckets);
  const behind = !is_causal && distance > 0 ? side : 0;
  const far = is_causal ? Math.max(-distance, 0) : Math.abs(distance);
  if (far < exact) return behind + far;
  const { fround, log } = Math;
  const share = fround(fround(log(fround(far / exact))) / fround(log(furthest / exact)));
  return behind + Math.min(side - 1, exact + Math.trunc(fround(share * (side - exact))));
}

/** The buckets of all distances up to the furthest, from that before a query on: int32 [2 · furthest + 1]. */
export const bucketsOf = (buckets: Buckets): Tensor<'int32'> =>
  new Tensor(
    'int32',
    [2 * buckets.furthest + 1],
    Int32Array.from({ length: 2 * buckets.furthest + 1 }, (_, i) => bucketOf(i - buckets.furthest, buckets)),
  );

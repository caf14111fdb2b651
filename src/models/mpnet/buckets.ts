import type { Buckets } from '../buckets.ts';

/** The id of padding in words and positions alike, whatever a configuration says. */
export const PADDING = 1;
/** Those of all distances, whatever a configuration says. */
export const BUCKETS: Buckets = { count: 32, furthest: 128 };

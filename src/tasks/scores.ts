/** What makes scores of logits. */
export type ScoreFunction = 'sigmoid' | 'softmax' | 'none';

/** 1 / (1 + e^-x), which neither end overflows. */
export const sigmoid = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

/** Shares of e^x that add up to 1. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const scores = new Float64Array(logits.length);
  let peak = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) peak = Math.max(peak, logits[i]);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    scores[i] = Math.exp(logits[i] - peak);
    sum += scores[i];
  }
  for (let i = 0; i < scores.length; i++) scores[i] /= sum;
  return scores;
}

export const SCORES: Readonly<Record<ScoreFunction, (logits: ArrayLike<number>) => ArrayLike<number>>> = {
  sigmoid: (logits) => Float64Array.from(logits, sigmoid),
  softmax,
  none: (logits) => logits,
};

/** The index of the largest, the first of equals. */
export function largest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** Indexes of the `count` largest in their order, the first of equals first. */
export function topIndexes(values: ArrayLike<number>, count: number): number[] {
  const first: number[] = [];
  const most = Math.min(count, values.length);
  for (let i = 0; i < values.length; i++) {
    if (first.length === most && !(values[i] > values[first[most - 1]])) continue;
    let low = 0;
    for (let high = first.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (values[first[middle]] >= values[i]) low = middle + 1;
      else high = middle;
    }
    first.splice(low, 0, i);
    if (first.length > most) first.pop();
  }
  return first;
}

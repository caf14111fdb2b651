/** Tokens of a row from `start` to `end`, that one included, and how likely they are the answer. */
export interface Span {
  start: number;
  end: number;
  score: number;
}

/** Shares of e^x of the tokens that may be in an answer, and 0 for all others. */
export function shares(logits: ArrayLike<number>, allowed: readonly boolean[]): Float64Array {
  let peak = Number.NEGATIVE_INFINITY;
  for (const [i, may] of allowed.entries()) if (may) peak = Math.max(peak, logits[i]);
  const out = Float64Array.from(allowed, (may, i) => (may ? Math.exp(logits[i] - peak) : 0));
  const sum = out.reduce((all, value) => all + value, 0);
  return out.map((value) => value / sum);
}

/** The `count` likeliest spans of at most `longest` tokens, the best first. */
export function bestSpans(starts: Float64Array, ends: Float64Array, longest: number, count: number): Span[] {
  const best: Span[] = [];
  for (let start = 0; start < starts.length; start++) {
    if (starts[start] === 0) continue;
    const last = Math.min(ends.length, start + longest);
    for (let end = start; end < last; end++) {
      const score = starts[start] * ends[end];
      if (score === 0 || (best.length === count && score <= best[count - 1].score)) continue;
      const at = best.findIndex((other) => other.score < score);
      best.splice(at < 0 ? best.length : at, 0, { start, end, score });
      if (best.length > count) best.pop();
    }
  }
  return best;
}

const { TRACELET_DEPTH: depth = '0.25' } = process.env;

/** The share of wrong arguments and mutants that a run tries: a quarter, unless TRACELET_DEPTH says otherwise. Continuous integration tries all. */
export const DEPTH = Number(depth);
if (!(DEPTH > 0 && DEPTH <= 1)) throw new Error(`TRACELET_DEPTH: expected a share, above 0 and at most 1, got ${depth}`);

/** That share of a count, and one at least. */
export const shareOf = (count: number): number => Math.max(1, Math.round(count * DEPTH));

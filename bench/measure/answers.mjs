/** Inputs that are the same in every run, and the comparison that comes before any timing. */

/**
 * @typedef {import('../../dist/index.js').Tensor} Tensor
 * @typedef {readonly ArrayLike<number>[]} Answer the elements of each output
 */

const CLS = 101;
const SEP = 102;
const FIRST_WORD = 1996;
const WORDS = 28000;

/** Ids of a text of `count` tokens: words drawn by a linear congruence between [CLS] and [SEP], or the first of these alone. @param {number} count @param {number} [seed] */
export function tokenIds(count, seed = 1) {
  let state = seed;
  const words = Array.from({ length: Math.max(0, count - 2) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return FIRST_WORD + (state % WORDS);
  });
  return [CLS, ...words, SEP].slice(0, count);
}

/** The elements of each output of a model or trace. @param {unknown} output @returns {Answer} */
export function answerOf(output) {
  const tensors = 'data' in /** @type {object} */ (output) ? [output] : Array.from(/** @type {Iterable<Tensor>} */ (output));
  return tensors.map((tensor) => /** @type {ArrayLike<number>} */ (/** @type {Tensor} */ (tensor).data));
}

/** The largest absolute difference; NaN if anything is missing or not a number. @param {Answer} got @param {Answer} want */
export function largestDifference(got, want) {
  let worst = got.length === want.length ? 0 : Number.NaN;
  want.forEach((values, output) => {
    if (got[output]?.length !== values.length) worst = Number.NaN;
    else for (let i = 0; i < values.length; i++) worst = Math.max(worst, Math.abs(got[output][i] - values[i]));
  });
  return worst;
}

/**
 * Compares every case with the first, and throws if one is further from it than `tolerance`.
 * @param {Readonly<Record<string, () => unknown>>} cases @param {number} tolerance @returns {Promise<Map<string, number>>}
 */
export async function compare(cases, tolerance) {
  const [reference] = Object.keys(cases);
  const want = answerOf(await cases[reference]());
  /** @type {Map<string, number>} */
  const differences = new Map();
  for (const [name, run] of Object.entries(cases)) {
    const difference = largestDifference(answerOf(await run()), want);
    if (!(difference <= tolerance)) throw new Error(`${name} differs from ${reference} by ${difference}, more than ${tolerance}`);
    differences.set(name, difference);
  }
  return differences;
}

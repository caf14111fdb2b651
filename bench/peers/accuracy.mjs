/** How far answers are from those of the reference, and how far they may be. */
import { largestDifference } from '../measure/answers.mjs';

/** @typedef {{ difference: number, cosineError: number }} Accuracy the largest absolute difference of any output, and 1 - cosine of the first */

/** Largest difference of a float32 runtime. */
export const TOLERANCE = 1e-4;
/** Least cosine of quantised ones. */
export const LEAST_COSINE = { int8: 0.99, int4: 0.95 };

/** @param {Float32Array} values */
const norm = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** 1 - cosine, which keeps its digits where the two are nearly the same. @param {Float32Array} got @param {Float32Array} want */
function cosineError(got, want) {
  const [a, b] = [norm(got), norm(want)];
  return got.reduce((sum, value, i) => sum + (value / a - want[i] / b) ** 2, 0) / 2;
}

/** @param {readonly Float32Array[]} got @param {readonly Float32Array[]} want @returns {Accuracy} */
export const accuracyOf = (got, want) => ({ difference: largestDifference(got, want), cosineError: cosineError(got[0], want[0]) });

/** Why an answer is too far off, if it is. @param {import('./cases.mjs').Precision} precision @param {Accuracy} accuracy */
export function tooFar(precision, { difference, cosineError }) {
  if (precision === 'float32') return difference <= TOLERANCE ? undefined : `differs by ${difference}, more than ${TOLERANCE}`;
  const least = LEAST_COSINE[precision];
  return 1 - cosineError >= least ? undefined : `cosine ${1 - cosineError} to float32, less than ${least}`;
}

const UNIT = 1e-3;
/** Vectors shorter than this are not scaled to length 1. */
const LEAST = 1e-12;

/** The mean of vectors with these weights: of length 1 where all of them are. */
export function pool(vectors: readonly Float32Array[], weights: readonly number[]): Float32Array {
  if (vectors.length === 1) return vectors[0];
  const sums = new Float64Array(vectors[0].length);
  for (const [i, vector] of vectors.entries()) for (let j = 0; j < sums.length; j++) sums[j] += weights[i] * vector[j];
  const units = vectors.every((vector) => Math.abs(lengthOf(vector) - 1) < UNIT);
  return divided(sums, units ? lengthOf(sums) || 1 : weights.reduce((sum, weight) => sum + weight, 0));
}

/** `vector` scaled to length 1. */
export const normalized = (vector: Float32Array): Float32Array => divided(vector, Math.max(lengthOf(vector), LEAST));

const divided = (vector: Float32Array | Float64Array, divisor: number): Float32Array => {
  const quotients = new Float32Array(vector.length);
  for (let i = 0; i < vector.length; i++) quotients[i] = vector[i] / divisor;
  return quotients;
};

const lengthOf = (vector: Float32Array | Float64Array): number => {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum);
};

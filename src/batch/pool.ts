const UNIT = 1e-3;

/** The mean of vectors with these weights: of length 1 where all of them are. */
export function pool(vectors: readonly Float32Array[], weights: readonly number[]): Float32Array {
  if (vectors.length === 1) return vectors[0];
  const sums = new Float64Array(vectors[0].length);
  for (const [i, vector] of vectors.entries()) for (let j = 0; j < sums.length; j++) sums[j] += weights[i] * vector[j];
  const units = vectors.every((vector) => Math.abs(lengthOf(vector) - 1) < UNIT);
  const divisor = units ? lengthOf(sums) || 1 : weights.reduce((sum, weight) => sum + weight, 0);
  return Float32Array.from(sums, (sum) => sum / divisor);
}

const lengthOf = (vector: Float32Array | Float64Array): number => {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum);
};

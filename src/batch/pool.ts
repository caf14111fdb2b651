const MODULES = 'modules.json';
const UNIT = 1e-3;

/** Whether the vectors of a model with these files have length 1; of one that does not say so, whether these `vectors` have. */
export function isNormalized(files: ReadonlyMap<string, Uint8Array>, vectors: readonly Float32Array[]): boolean {
  const modules = files.get(MODULES);
  if (modules) return new TextDecoder().decode(modules).includes('Normalize');
  return vectors.every((vector) => Math.abs(lengthOf(vector) - 1) < UNIT);
}

/** The mean of vectors with these weights, of length 1 if asked for. */
export function pool(vectors: readonly Float32Array[], weights: readonly number[], normalized: boolean): Float32Array {
  const sums = new Float64Array(vectors[0].length);
  for (const [i, vector] of vectors.entries()) for (let j = 0; j < sums.length; j++) sums[j] += weights[i] * vector[j];
  const divisor = normalized ? lengthOf(sums) || 1 : weights.reduce((sum, weight) => sum + weight, 0);
  return Float32Array.from(sums, (sum) => sum / divisor);
}

const lengthOf = (vector: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i] * vector[i];
  return Math.sqrt(sum);
};

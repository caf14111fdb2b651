import { INTEGER_STRETCH } from '../ops/limits.ts';
import type { InputStatistics } from './calibrate.ts';
import type { Quantised } from './weights.ts';

const SOME_OUTPUTS = 64;
const STEPS = 127;

/**
 * How far a quantised weight is from the float one, as a share: of the products with rows that were seen (some of them, and some
 * outputs), or of the weight itself where none were.
 */
export function relativeError(values: Float32Array, cols: number, quantised: Quantised, seen: InputStatistics | undefined): number {
  const rows = values.length / cols;
  if (!seen || seen.some.length === 0) return weightError(values, cols, quantised);
  const outputs = Array.from({ length: Math.min(rows, SOME_OUTPUTS) }, (_, i) => Math.floor((i * rows) / Math.min(rows, SOME_OUTPUTS)));
  let [error, size] = [0, 0];
  for (const x of seen.some) {
    const rounded = roundActivations(x, quantised.smooth);
    for (const row of outputs) {
      let [exact, got] = [0, 0];
      for (let c = 0; c < cols; c++) {
        exact += x[c] * values[row * cols + c];
        got += rounded[c] * quantised.integers[row * cols + c];
      }
      error += (got * quantised.scale[row] - exact) ** 2;
      size += exact ** 2;
    }
  }
  return size === 0 ? 0 : Math.sqrt(error / size);
}

function weightError(values: Float32Array, cols: number, { integers, scale, smooth }: Quantised): number {
  let [error, size] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const col = i % cols;
    error += (integers[i] * scale[(i - col) / cols] * (smooth?.[col] ?? 1) - values[i]) ** 2;
    size += values[i] ** 2;
  }
  return size === 0 ? 0 : Math.sqrt(error / size);
}

/** A row as integer products see it. */
function roundActivations(x: Float32Array, smooth: Float32Array | undefined): Float64Array {
  const y = Float64Array.from(x, (value, c) => value * (smooth?.[c] ?? 1));
  for (let at = 0; at < y.length; at += INTEGER_STRETCH) {
    const stretch = y.subarray(at, at + INTEGER_STRETCH);
    const low = stretch.reduce((a, b) => Math.min(a, b));
    const step = (stretch.reduce((a, b) => Math.max(a, b)) - low) / STEPS;
    if (step === 0) continue;
    for (let c = 0; c < stretch.length; c++) stretch[c] = low + step * Math.round((stretch[c] - low) / step);
  }
  return y;
}

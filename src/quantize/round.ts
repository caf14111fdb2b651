import { GROUP, INTEGER_STRETCH } from '../ops/limits.ts';
import { nibbleValue, packGroup } from '../ops/nibbles.ts';
import { stretchesOf } from '../ops/shapes.ts';

/** A float matrix, rows one after the other, and how much an error in each column counts. */
export interface Matrix {
  values: Float32Array;
  rows: number;
  cols: number;
  importance: Float64Array;
}

/** Whole numbers `integers[r, c]` with a scale a row, as kernels see them; `nibbles` and `steps` are how four bits are stored. */
export interface Rounded {
  integers: Int8Array;
  scale: Float32Array;
  nibbles?: Uint8Array;
  steps?: Uint8Array;
}

/** The largest that embeddings take. */
export const MOST_ENTRY = 127;
/** What 7 stands for in a group of the largest step, and so the whole number that stands for a row's peak. */
const MOST_NIBBLE = nibbleValue(7, 255);

/** How far a range is clipped, at most, and in which steps. */
const LEAST_CLIP = 0.5;
const CLIP_STEP = 0.04;

function peakOf(values: Float32Array, from: number, to: number): number {
  let peak = 0;
  for (let i = from; i < to; i++) peak = Math.max(peak, Math.abs(values[i]));
  return peak;
}

/** Rounds each row to whole numbers up to ±most, clipping its range where that makes the weighted square error smaller. */
export function roundRows8(matrix: Matrix, most: number): Rounded {
  const { values, rows, cols } = matrix;
  const integers = new Int8Array(values.length);
  const scale = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const at = row * cols;
    scale[row] = clippedScale(matrix, at, most);
    if (scale[row] === 0) continue;
    for (let i = at; i < at + cols; i++) integers[i] = Math.max(-most, Math.min(most, Math.round(values[i] / scale[row])));
  }
  return { integers, scale };
}

function clippedScale({ values, cols, importance }: Matrix, at: number, most: number): number {
  const peak = peakOf(values, at, at + cols);
  let best = Math.fround(peak / most);
  let least = Number.POSITIVE_INFINITY;
  for (let clip = 1; clip >= LEAST_CLIP; clip -= CLIP_STEP) {
    const scale = Math.fround((peak * clip) / most);
    if (scale === 0) break;
    const inverse = 1 / scale;
    let error = 0;
    for (let c = 0; c < cols && error < least; c++) {
      const whole = Math.max(-most, Math.min(most, Math.round(values[at + c] * inverse)));
      error += importance[c] * (values[at + c] - whole * scale) ** 2;
    }
    if (error >= least) continue;
    least = error;
    best = scale;
  }
  return best;
}

/** Rounds each row to four bits in groups of 32 with the step of least weighted square error. Columns are a multiple of 32. */
export function roundRows4(matrix: Matrix): Rounded {
  const { values, rows, cols } = matrix;
  const scale = new Float32Array(rows);
  const integers = new Int8Array(values.length);
  const nibbles = new Uint8Array(values.length / 2);
  const steps = new Uint8Array(values.length / GROUP);
  const weights = new Int8Array(GROUP);
  for (let row = 0; row < rows; row++) {
    scale[row] = peakOf(values, row * cols, (row + 1) * cols) / MOST_NIBBLE;
    for (let c = 0; c < cols; c += GROUP) {
      const at = row * cols + c;
      const step = bestStep(matrix, at, c, scale[row]);
      for (let i = 0; i < GROUP; i++) {
        weights[i] = step === 0 ? 0 : nearest(values[at + i], scale[row] * step);
        integers[at + i] = nibbleValue(weights[i], step);
      }
      packGroup(weights, nibbles, at / 2);
      steps[at / GROUP] = step;
    }
  }
  return { integers, scale, nibbles, steps };
}

/** The weight of four bits for a value, where 32 stand for `unit`. */
const nearest = (value: number, unit: number): number => {
  const whole = Math.floor((32 * value) / unit + 0.5);
  return whole > 7 ? 7 : whole < -8 ? -8 : whole | 0;
};

function bestStep(matrix: Matrix, at: number, col: number, scale: number): number {
  const peak = peakOf(matrix.values, at, at + GROUP);
  let best = 0;
  let last = 0;
  let least = Number.POSITIVE_INFINITY;
  if (scale === 0) return best;
  for (let clip = 1; clip >= LEAST_CLIP; clip -= CLIP_STEP) {
    const step = Math.max(1, Math.min(255, Math.round((32 * peak * clip) / (7 * scale))));
    if (step === last) continue;
    last = step;
    const error = stepError(matrix, at, col, scale, step, least);
    if (error >= least) continue;
    least = error;
    best = step;
  }
  return best;
}

/** The weighted square error of a group, or what it is where it reaches `least`. */
function stepError({ values, importance }: Matrix, at: number, col: number, scale: number, step: number, least: number): number {
  const unit = scale * step;
  let error = 0;
  for (let i = 0; i < GROUP && error < least; i++) {
    const value = values[at + i];
    const off = value - scale * nibbleValue(nearest(value, unit), step);
    error += importance[col + i] * (off * off);
  }
  return error;
}

/** scale · Σ integers of each row, a line a stretch of columns: [stretches, rows]. */
export function sumsOf({ integers, scale }: Rounded, cols: number): Float32Array {
  const rows = scale.length;
  const sums = new Float32Array(stretchesOf(cols) * rows);
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < cols; c += INTEGER_STRETCH) {
      let sum = 0;
      for (let i = c; i < Math.min(cols, c + INTEGER_STRETCH); i++) sum += integers[row * cols + i];
      sums[(c / INTEGER_STRETCH) * rows + row] = sum * scale[row];
    }
  return sums;
}

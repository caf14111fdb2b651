import { TraceletError } from './error.ts';
import { Embedding, Linear } from './nn/layers.ts';
import type { AnyModule } from './nn/module.ts';
import type { Parameter } from './parameter.ts';

/**
 * Rounds the weights of every Linear and Embedding in `model` to int8 with a scale a row, and gives the model the values
 * that these stand for. A trace of it stores one byte a weight and computes exactly what the model now computes.
 */
export function quantize<M extends AnyModule>(model: M): M {
  const weights = new Map<Parameter, string>();
  for (const [name, module] of model.named_modules())
    if (module instanceof Linear || module instanceof Embedding) weights.set(module.weight, `${name}.weight`);
  for (const [weight, name] of weights) checkFinite(weight.data, name);
  for (const weight of weights.keys()) quantizeRows(weight);
  return model;
}

const LARGEST = 127;

function checkFinite(values: Float32Array, what: string): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new TraceletError('value', { what: `${what}[${at}]`, expected: 'a finite number to quantise', got: `${values[at]}` });
}

/** Symmetric rounding: scale = max|row| / 127, rows of zeros keep scale 0. */
function quantizeRows(weight: Parameter): void {
  const [rows, cols] = weight.shape;
  const values = weight.data;
  const quantised = new Int8Array(values.length);
  const scale = new Float32Array(rows);
  const expanded = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    let peak = 0;
    for (let i = row * cols; i < (row + 1) * cols; i++) peak = Math.max(peak, Math.abs(values[i]));
    scale[row] = peak / LARGEST;
    if (scale[row] === 0) continue;
    for (let i = row * cols; i < (row + 1) * cols; i++) {
      quantised[i] = Math.max(-LARGEST, Math.min(LARGEST, Math.round(values[i] / scale[row])));
      expanded[i] = quantised[i] * scale[row];
    }
  }
  weight.set(expanded);
  weight.quantised = { rows: quantised, scale };
}

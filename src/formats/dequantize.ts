import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { GROUP } from '../ops/limits.ts';
import { unpackNibbles } from '../ops/nibbles.ts';
import type { DType } from '../tensor/dtype.ts';
import { Parameter } from '../tensor/parameter.ts';
import { type Shape, sameShape, type Tensor } from '../tensor/tensor.ts';
import { SCALE, SMOOTH, STEPS, SUMS } from './trace.ts';

/**
 * Puts float32 parameters, made on first use, in the place of integer tensors that have a sibling of scales, and drops what belongs to those
 * alone. `file` is the checkpoint in messages. Throws `checkpoint` errors for siblings that do not fit.
 */
export function dequantize(tensors: Map<string, Tensor>, file: string): void {
  const isQuantised = (name: string, { dtype, size }: Tensor) =>
    (dtype === 'int8' || dtype === 'uint8') && size > 0 && tensors.has(name + SCALE);
  const quantised = [...tensors].filter(([name, tensor]) => isQuantised(name, tensor));
  for (const [name, weight] of quantised) {
    tensors.set(name, floatsOf(tensors, file, name, weight));
    for (const suffix of [SCALE, STEPS, SUMS, SMOOTH]) tensors.delete(name + suffix);
  }
}

function floatsOf(tensors: ReadonlyMap<string, Tensor>, file: string, name: string, weight: Tensor): Tensor {
  const [rows, width] = weight.shape;
  const nibbles = weight.dtype === 'uint8';
  const cols = nibbles ? 2 * width : weight.size / rows;
  const sibling = (suffix: string, shape: Shape, dtype: DType = 'float32'): Tensor => {
    const tensor = tensors.get(name + suffix);
    if (tensor?.dtype === dtype && sameShape(tensor.shape, shape)) return tensor;
    throw new TraceletError('checkpoint', {
      what: `tensor ${describe(name + suffix)} of ${file}`,
      expected: `${dtype} [${shape}] beside ${weight.dtype} [${weight.shape}]`,
      got: tensor ? `${tensor.dtype} [${tensor.shape}]` : 'nothing',
    });
  };
  const scale = sibling(SCALE, [rows]).data as Float32Array;
  const smooth = tensors.has(name + SMOOTH) ? (sibling(SMOOTH, [cols]).data as Float32Array) : undefined;
  const steps = nibbles ? (sibling(STEPS, [rows, cols / GROUP], 'uint8').data as Uint8Array) : undefined;
  return new Parameter(nibbles ? [rows, cols] : weight.shape, (values) => {
    const from = steps ? unpackNibbles(weight.data as Uint8Array, steps) : (weight.data as Int8Array);
    multiply(from, scale, smooth, values);
  });
}

/** Rows of whole numbers, times the scale of their row and, where given, `smooth` of their column. */
function multiply(from: Int8Array, scale: Float32Array, smooth: Float32Array | undefined, to: Float32Array): void {
  const cols = from.length / scale.length;
  for (let row = 0, at = 0; row < scale.length; row++) {
    const step = scale[row];
    if (smooth) for (let col = 0; col < cols; col++, at++) to[at] = from[at] * step * smooth[col];
    else for (const end = at + cols; at < end; at++) to[at] = from[at] * step;
  }
}

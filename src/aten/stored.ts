import { numbersOf } from '../tensor/elements.ts';
import { stridesOf } from '../tensor/shape.ts';
import type { Shape, Tensor } from '../tensor/tensor.ts';
import { placesOf } from './geometry.ts';
import { byDistance, type Knowledge, linearForm, tableOf, uniformForm } from './knowledge.ts';

/** What is known of tensors that a program holds. */

const found = new WeakMap<Tensor, { known: Knowledge | undefined }>();

const remembered = (tensor: Tensor, find: () => Knowledge | undefined): Knowledge | undefined => {
  const known = found.get(tensor) ?? { known: find() };
  found.set(tensor, known);
  return known.known;
};

/** What floats say that are no weights: one number, or a mask by distance, as the triangle of a causal model. */
export const knownWeight = (tensor: Tensor): Knowledge | undefined =>
  remembered(tensor, () => {
    const { shape, size } = tensor;
    const [rows, cols] = shape.slice(-2);
    const values = (size === 1 || (rows === cols && size === rows * cols)) && floatsOf(tensor);
    if (size === 1 && values) return uniformForm(shape, values[0]);
    const isMask = (of: Float32Array): boolean => of.every((value) => value === 0 || value === 1) && of.some((value) => value !== of[0]);
    return values && isMask(values) ? byDistance(values, shape) : undefined;
  });

const floatsOf = (tensor: Tensor): Float32Array => numbersOf(tensor.dtype, tensor.elements) as Float32Array;

/** Numbers of a program, in words where these say them: one number, positions, what follows from distance. */
export const knownNumbers = (tensor: Tensor): Knowledge =>
  remembered(tensor, () => {
    const { shape } = tensor;
    const values = Float64Array.from(numbersOf(tensor.dtype, tensor.elements) as ArrayLike<number | bigint>, Number);
    const table = tableOf(values, shape);
    if ('at' in table) return table;
    return lineOf(values, shape) ?? (shape.length > 1 ? byDistance(values, shape) : undefined) ?? table;
  }) as Knowledge;

/** Numbers that grow by one step along each dimension. */
function lineOf(values: Float64Array, shape: Shape): Knowledge | undefined {
  const strides = stridesOf(shape);
  const by = shape.map((size, dim) => (size > 1 ? values[strides[dim]] - values[0] : 0));
  let i = 0;
  for (const sum of placesOf(shape, by, values[0])) if (values[i++] !== sum) return undefined;
  return linearForm(by, values[0]);
}

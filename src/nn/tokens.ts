import { TraceletError } from '../base/error.ts';
import { SIZE } from '../base/schema.ts';
import { named, type Operand, optional, TENSOR, taking } from '../tensor/arguments.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { apply } from './executor.ts';
import { placesOf, startsOf } from './grid.ts';
import { cat, narrow } from './views.ts';

type Floats = Tensor<'float32'>;

/** x [batch, sequence, …] with zeros for the tokens where `mask` (int32 [batch, sequence]) is 0. As `torch.Tensor.masked_fill`. */
export const masked = taking<(input: Operand, mask: Operand) => Floats>(
  'F.masked',
  { input: TENSOR, mask: TENSOR },
  (x: Tensor, mask: Tensor) => apply('masked', { x, mask }),
);

/** Options of {@link convolution}. */
export interface ConvolutionOptions {
  /** In how many groups channels are, each of which has outputs of its own; 1 unless given. */
  groups?: number;
  /** int32 [batch, sequence]; tokens where it is 0 count as zeros. */
  mask?: Operand | null;
}

/**
 * x [batch, sequence, in] convolved along the sequence with `weight` [out, in / groups, an odd kernel], as many zeros around it as keep its length, plus bias
 * [out]: [batch, sequence, out]. As `torch.nn.functional.conv1d`, with channels last.
 */
export const convolution = taking<(input: Operand, weight: Operand, bias?: Operand | null, options?: ConvolutionOptions) => Floats>(
  'F.convolution',
  { input: TENSOR, weight: TENSOR, bias: optional(TENSOR), groups: named(SIZE), mask: named(TENSOR) },
  (x: Tensor, weight: Tensor, bias?: Tensor, groups = 1, mask?: Tensor) => {
    const [out, channels, kernel] = weight.shape;
    if (weight.shape.length !== 3 || kernel % 2 === 0 || channels * groups !== x.shape.at(-1) || out % groups !== 0)
      throw new TraceletError('shape', {
        what: `convolution of [${x.shape}] in ${groups} groups`,
        expected: `a weight [a multiple of ${groups}, ${(x.shape.at(-1) as number) / groups}, an odd kernel]`,
        got: `[${weight.shape}]`,
      });
    const around = apply('neighbours', { x, mask, starts: startsOf(x), places: placesOf(x) }, { kernel });
    const matrix = weight.reshape([out, channels * kernel]);
    const product = (rows: Tensor, its: Tensor, added?: Tensor) =>
      apply('linear', { x: rows, weight: its, bias: added }, { activation: 'none' });
    if (groups === 1) return product(around, matrix, bias);
    const part = (tensor: Tensor, dim: number, i: number) =>
      narrow(tensor, dim, (i * tensor.shape[dim]) / groups, tensor.shape[dim] / groups);
    const products = Array.from({ length: groups }, (_, i) => product(part(around, 2, i), part(matrix, 0, i), bias && part(bias, 0, i)));
    return cat(products, 2) as Floats;
  },
);

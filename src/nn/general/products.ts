import { TraceletError } from '../../base/error.ts';
import { type Operand, TENSOR, taking } from '../../tensor/arguments.ts';
import { sameShape, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { apply } from '../executor.ts';
import { transposed } from '../views.ts';
import { commonShape } from './axes.ts';
import { expand } from './shapes.ts';

type Floats = Tensor<'float32'>;
const PAIR = { input: TENSOR, other: TENSOR };

/** a [..., m, k] times b [..., k, n], whose other dimensions are repeated to one shape where they differ. */
function multiplied(a: Tensor, b: Tensor): Floats {
  const [[m, k], [n]] = [a.shape.slice(-2), b.shape.slice(-1)];
  const outer = commonShape('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const matrices = (x: Tensor): Tensor => {
    const shape = [...outer, ...x.shape.slice(-2)];
    return (sameShape(x.shape, shape) ? x : expand(x, shape)).reshape([sizeOf(outer), ...x.shape.slice(-2)]);
  };
  if (b.shape.at(-2) !== k)
    throw new TraceletError('shape', { what: 'matmul', expected: `[..., ${k}, n] for [${a.shape}]`, got: `[${b.shape}]` });
  if (b.shape.length === 2 || (a.shape.length === b.shape.length && sameShape(a.shape.slice(0, -2), b.shape.slice(0, -2))))
    return apply('matmul', { a, b });
  return apply('matmul', { a: matrices(a), b: matrices(b) }).reshape([...outer, m, n]);
}

function product(a: Tensor, b: Tensor): Floats {
  for (const { shape } of [a, b])
    if (shape.length === 0) throw new TraceletError('shape', { what: 'matmul', expected: 'at least one dimension', got: '[]' });
  if (b.shape.length === 1) return product(a, b.reshape([-1, 1])).reshape(a.shape.slice(0, -1));
  if (b.shape.length === 2 && !b.recorded) return apply('linear', { x: a, weight: transposed(b, 0, 1) }, { activation: 'none' });
  if (a.shape.length > 1) return multiplied(a, b);
  return multiplied(a.reshape([1, -1]), b).reshape([...b.shape.slice(0, -2), ...b.shape.slice(-1)]);
}

/**
 * a [..., m, k] times b [..., k, n]: [..., m, n], the dimensions before repeated to one shape. A vector [k] is a row before b, whose dimension is left out
 * of the result, or a column behind a. As `torch.matmul`.
 */
export const matmul = taking<(input: Operand, other: Operand) => Floats>('F.matmul', PAIR, product);

/** a [batch, m, k] times b [batch, k, n], matrix by matrix: [batch, m, n]. As `torch.bmm`. */
export const bmm = taking<(input: Operand, mat2: Operand) => Floats>('F.bmm', { input: TENSOR, mat2: TENSOR }, (a: Tensor, b: Tensor) => {
  if (a.shape.length !== 3 || b.shape.length !== 3 || a.shape[0] !== b.shape[0])
    throw new TraceletError('shape', { what: 'bmm', expected: '[batch, m, k] and [batch, k, n]', got: `[${a.shape}] and [${b.shape}]` });
  return multiplied(a, b);
});

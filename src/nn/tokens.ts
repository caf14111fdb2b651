import { type Operand, TENSOR, taking } from '../tensor/arguments.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { apply } from './executor.ts';

type Floats = Tensor<'float32'>;

/** x [batch, sequence, …] with zeros for the tokens where `mask` (int32 [batch, sequence]) is 0. As `torch.Tensor.masked_fill`. */
export const masked = taking<(input: Operand, mask: Operand) => Floats>(
  'F.masked',
  { input: TENSOR, mask: TENSOR },
  (x: Tensor, mask: Tensor) => apply('masked', { x, mask }),
);

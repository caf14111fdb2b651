import { NUMBER } from '../base/options.ts';
import { SIZE } from '../base/schema.ts';
import { named, type Operand, optional, TENSOR, taking } from '../tensor/arguments.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { apply } from './executor.ts';

type Floats = Tensor<'float32'>;

/**
 * How {@link apply_rotary} turns tokens at `positions` (int32 [batch, sequence]): the cosines, then the sines, of each position times each
 * of `frequencies` [half], times `scaling` (1 unless given): [batch, sequence, 2 · half]. As the rotary embedding of transformers (RoFormer,
 * Su and others, 2021).
 */
export const rotations = taking<(positions: Operand, frequencies: Operand, scaling?: number) => Floats>(
  'F.rotations',
  { positions: TENSOR, frequencies: TENSOR, scaling: optional(NUMBER) },
  (positions: Tensor, frequencies: Tensor, scale = 1) => apply('rotations', { positions, frequencies }, { scale }),
);

/**
 * x [batch, sequence, hidden] with the first `heads` heads of each row, `head_dim` wide, turned as `rotation` [batch, sequence, 2 · half] says:
 * in each of them number i and number half + i against one another. As `apply_rotary_pos_emb` of transformers.
 */
export const apply_rotary = taking<(input: Operand, rotation: Operand, options: { heads: number; head_dim?: number }) => Floats>(
  'F.apply_rotary',
  { input: TENSOR, rotation: TENSOR, heads: { ...SIZE, named: true }, head_dim: named(SIZE) },
  (x: Tensor, rotation: Tensor, heads: number, head_dim = Math.floor((x.shape.at(-1) as number) / heads)) =>
    apply('rotary', { x, rotation }, { heads, head_dim }),
);

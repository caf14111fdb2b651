import { DTYPES, type DType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Inferred } from './op.ts';
import { OPS } from './table.ts';

/** What the op `panels` does to the rows of a weight, whose words of 4 bytes it moves whatever they hold: its shape and numbers. */
export const panelsOf = ({ dtype, shape }: { dtype: DType; shape: Shape }): Inferred =>
  OPS.panels.infer({ x: shape.map((size, axis) => (axis === 1 ? Math.ceil((size * DTYPES[dtype].bytes) / 4) : size)) }, {});

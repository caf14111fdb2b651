import type { DType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/tensor.ts';

/** What an op of a program makes: its shape and dtype are known, its elements only where they follow from sizes alone. */
export interface Node {
  readonly dtype: DType;
  readonly shape: Shape;
}

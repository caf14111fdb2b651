import { TraceletError } from '../base/error.ts';
import type { Shape, Tensor } from '../tensor/tensor.ts';
import { executor } from './executor.ts';

/** The shape of what has an entry for each token: [batch, sequence, …], at least `least` dimensions. */
export function gridOf({ shape }: Tensor, least = 2): Shape {
  if (shape.length >= least) return shape;
  throw new TraceletError('shape', { what: 'tokens', expected: `[batch, sequence${least > 2 ? ', hidden' : ', …'}]`, got: `[${shape}]` });
}

/** How many rows of x [batch, sequence, hidden] come before each sequence, and how many there are. */
export const startsOf = (x: Tensor): Tensor<'int32'> => executor().hostValue('starts', gridOf(x, 3), { like: x });

/** Where in its sequence each token of x [batch, sequence, hidden] stands. */
export const placesOf = (x: Tensor): Tensor<'int32'> => executor().hostValue('places', gridOf(x, 3), { like: x });

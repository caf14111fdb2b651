import { Activation, activateAll } from './lib/activation';
import { checkInPlace } from './lib/contract';

/** out[i] = 1 / (1 + exp(-x[i])). out may be x. */
export function sigmoid(out: usize, x: usize, n: i32): void {
  checkInPlace(out, x, n);
  activateAll(Activation.sigmoid, out, x, n);
}

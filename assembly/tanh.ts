import { Activation, activateAll } from './lib/activation';
import { checkInPlace } from './lib/contract';

/** out[i] = tanh(x[i]). out may be x. */
export function tanh(out: usize, x: usize, n: i32): void {
  checkInPlace(out, x, n);
  activateAll(Activation.tanh, out, x, n);
}

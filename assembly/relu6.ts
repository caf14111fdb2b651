import { Activation, activateAll } from './lib/activation';
import { checkInPlace } from './lib/contract';

/** out[i] = x[i], at least 0 and at most 6. out may be x. */
export function relu6(out: usize, x: usize, n: i32): void {
  checkInPlace(out, x, n);
  activateAll(Activation.relu6, out, x, n);
}

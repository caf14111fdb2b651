import { Activation, activateAll } from './lib/activation';
import { checkInPlace } from './lib/contract';

/** out[i] = max(x[i], 0); NaN stays NaN. out may be x. */
export function relu(out: usize, x: usize, n: i32): void {
  checkInPlace(out, x, n);
  activateAll(Activation.relu, out, x, n);
}

import { Activation, activateAll } from './lib/activation';
import { checkInPlace } from './lib/contract';

/** out[i] = gelu(x[i]), at least -10 and at most 10; NaN at -∞ as in PyTorch. out may be x. */
export function gelu_10(out: usize, x: usize, n: i32): void {
  checkInPlace(out, x, n);
  activateAll(Activation.gelu_10, out, x, n);
}

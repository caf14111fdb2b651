import { Activation, activateAll } from './lib/activation';
import { checkInPlace } from './lib/contract';

/** out[i] = x[i] · tanh(log(1 + exp(x[i]))); NaN at -∞ as in PyTorch. out may be x. */
export function mish(out: usize, x: usize, n: i32): void {
  checkInPlace(out, x, n);
  activateAll(Activation.mish, out, x, n);
}

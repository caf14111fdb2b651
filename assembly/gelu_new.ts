import { Activation, activateAll } from './lib/activation';
import { checkInPlace } from './lib/contract';

/** out[i] = 0.5 · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))), x = x[i]; NaN at -∞ as in PyTorch. out may be x. */
export function gelu_new(out: usize, x: usize, n: i32): void {
  checkInPlace(out, x, n);
  activateAll(Activation.gelu_new, out, x, n);
}

import { Activation, activateAll } from './lib/activation';
import { checkInPlace } from './lib/contract';

/** out[i] = x[i] / (1 + exp(-1.702 · x[i])); NaN at -∞ as in PyTorch. out may be x. */
export function quick_gelu(out: usize, x: usize, n: i32): void {
  checkInPlace(out, x, n);
  activateAll(Activation.quick_gelu, out, x, n);
}

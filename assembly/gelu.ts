import { Activation, activateAll } from './lib/activation';
import { checkInPlace } from './lib/contract';

/** out[i] = x[i] · Φ(x[i]), Φ the normal distribution; NaN at -∞ as in PyTorch (-∞ · 0). out may be x. */
export function gelu(out: usize, x: usize, n: i32): void {
  checkInPlace(out, x, n);
  activateAll(Activation.gelu, out, x, n);
}

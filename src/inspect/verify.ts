import type { Named } from '../nn/outputs.ts';
import type { Variant } from '../platform/platform.ts';
import { sameShape, type Tensor } from '../tensor/tensor.ts';

/** How a trace answers its own dummy inputs, beside what is stored in it. */
export interface Verification {
  kernels: Variant;
  /** Whether every output has the very bits stored in the trace. */
  exact: boolean;
  /** Whether every output is within tolerance of what is stored. */
  ok: boolean;
  /** `maxError` is the largest absolute difference of an element. */
  outputs: { name: string; exact: boolean; maxError: number }[];
}

/** Absolute and relative difference from the stored outputs that kernels with fused multiply-add may show. */
export const GOLDEN_TOLERANCE = 2e-5;

/** How far `got` is from `want`; NaN equals NaN. */
export function difference(
  got: Tensor,
  want: Tensor,
  tolerance: number = GOLDEN_TOLERANCE,
): { exact: boolean; ok: boolean; maxError: number } {
  let exact = sameShape(got.shape, want.shape);
  let ok = exact;
  let maxError = 0;
  for (let i = 0; i < want.size; i++) {
    const [a, b] = [Number(got.data[i]), Number(want.data[i])];
    if (Object.is(a, b)) continue;
    exact = false;
    const error = Math.abs(a - b);
    if (!(error <= tolerance + tolerance * Math.abs(b)) || error === Number.POSITIVE_INFINITY) ok = false;
    if (!(error <= maxError) && !Number.isNaN(maxError)) maxError = error;
  }
  return { exact, ok, maxError };
}

/** How outputs differ from those of the same names that are stored. */
export function comparison(got: readonly Named[], stored: readonly Named[]): Omit<Verification, 'kernels'> {
  const byName = new Map(got.map(({ name, tensor }) => [name, tensor]));
  const outputs = stored.map(({ name, tensor }) => ({ name, ...difference(byName.get(name) as Tensor, tensor) }));
  return {
    exact: outputs.every(({ exact }) => exact),
    ok: outputs.every(({ ok }) => ok),
    outputs: outputs.map(({ ok: _, ...rest }) => rest),
  };
}

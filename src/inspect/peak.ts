import { repeat } from '../base/clock.ts';
import { allocateMemory, instantiate, type Kernels, MEMORY_BASE } from '../kernels/binaries.ts';
import { INTEGER_FORMS } from '../kernels/integers.ts';
import type { Target } from '../runtime/instance.ts';

/** Operations a millisecond that multiply-adds on registers alone reach here. */
export interface Peaks {
  float: number;
  /** In the form that integer products take; absent for programs without them. */
  integer?: number;
}

const FLOAT_OPS = 96;
/** Operations of one round of the kernel `peak_integer`. */
export const INTEGER_OPS = { dot16: 128, dot8: 256, pairs: 512 } as const;
const ROUNDS = 20_000;
const WARM_MS = 20;
const SAMPLES = 8;

/** Measures what the kernels of floats, and of integers where `form` says how they multiply, could reach on this machine. */
export function measurePeaks(floats: Target['kernels'], form?: keyof typeof INTEGER_FORMS): Peaks {
  const memory = allocateMemory(2 * MEMORY_BASE, 'measuring the peak');
  const kernelsOf = (variant: Target['kernels']): Kernels => instantiate(variant, memory);
  const { peak } = kernelsOf(floats);
  const float = (FLOAT_OPS * ROUNDS) / fastest(() => peak(MEMORY_BASE, ROUNDS));
  if (form === undefined) return { float };
  const { number, kernels } = INTEGER_FORMS[form];
  const { peak_integer } = kernelsOf(kernels);
  return { float, integer: (INTEGER_OPS[form] * ROUNDS) / fastest(() => peak_integer(MEMORY_BASE, number, ROUNDS)) };
}

/** Milliseconds of the fastest of some calls, once the engine has had time to optimise. */
function fastest(run: () => void): number {
  repeat(WARM_MS, run);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < SAMPLES; i++) {
    const since = performance.now();
    run();
    best = Math.min(best, performance.now() - since);
  }
  return best;
}

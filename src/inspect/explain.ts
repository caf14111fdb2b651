import { bestVariant } from '../kernels/binaries.ts';
import type { Instance, Target } from '../runtime/instance.ts';

const WITHOUT_RELAXED = 'this engine, or what gave the kernels, has no relaxed SIMD';

/** Which kernels a program runs on and how it multiplies integers if it does, and why, a line each. */
export function explainKernels(instance: Instance, target: Target): string[] {
  const { floats, integers } = instance.resolve(target);
  const best = bestVariant();
  const asked = target.kernels === best ? (best === 'relaxed' ? 'the fastest of this engine' : WITHOUT_RELAXED) : 'they were asked for';
  const reason = floats === target.kernels ? asked : 'a program with integers fuses nothing, so that its bits are the same everywhere';
  return [
    `${floats} kernels: ${reason}`,
    ...(integers ? [`integers as ${integers}: ${target.integers ? 'it was asked for' : 'the fastest way here'}`] : []),
  ];
}

/** How many threads a call runs on, and why. */
export function explainThreads({ threads: { threads, why } }: Instance): string {
  return `${threads} thread${threads === 1 ? '' : 's'}: ${why}`;
}

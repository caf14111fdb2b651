import { repeat } from '../base/clock.ts';
import type { IntegerForm } from '../kernels/integers.ts';
import type { Variant } from '../platform/platform.ts';
import type { InstructionPlan } from './cost.ts';
import { measurePeaks, type Peaks } from './peak.ts';

/** What the machine does in a millisecond. */
interface Speed extends Peaks {
  /** Bytes read and written. */
  bytes: number;
}

/** Share of the peak that kernels are taken to reach. */
const SHARE = { float: 0.8, integer: 0.6 };
const COPIED = 1 << 24;
const WARM_MS = 5;

const speeds = new Map<string, Speed>();

/** Milliseconds that each instruction is likely to take here: its operations or its bytes, whichever take longer. Measures the machine once, for a tenth of a second. */
export function estimate(instructions: readonly InstructionPlan[], kernels: Variant, integers: IntegerForm | undefined): number[] {
  const speed = speedOf(kernels, integers);
  return instructions.map(({ integer, flops, moved }) => {
    const peak = integer && speed.integer ? SHARE.integer * speed.integer : SHARE.float * speed.float;
    return Math.max(flops / peak, moved / speed.bytes);
  });
}

function speedOf(kernels: Variant, integers: IntegerForm | undefined): Speed {
  const key = `${kernels} ${integers}`;
  const known = speeds.get(key) ?? { ...measurePeaks(kernels, integers), bytes: measureBytes() };
  speeds.set(key, known);
  return known;
}

function measureBytes(): number {
  const bytes = new Uint8Array(2 * COPIED);
  let best = Number.POSITIVE_INFINITY;
  repeat(
    WARM_MS,
    () => {
      const since = performance.now();
      bytes.copyWithin(COPIED, 0, COPIED);
      best = Math.min(best, performance.now() - since);
    },
    2,
  );
  return (2 * COPIED) / best;
}

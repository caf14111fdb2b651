import { nextTask, Slice } from '../base/slices.ts';
import type { Named } from '../nn/outputs.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Instance, Target } from './instance.ts';
import type { Wanted } from './wanted.ts';

/** Operations after which other work is let through where the clock stands still meanwhile. */
const SLICE_FLOPS = 5e8;

/** What a run computes, what stops it between two instructions, and how it lets other work through. */
export interface Slicing {
  wanted?: Wanted;
  signal?: AbortSignal;
  pause?: () => Promise<void>;
  /** Called before each instruction, and behind the last. */
  look?: (at: number) => void;
}

/** The outputs for `inputs`, which fit the program. Only with a `signal` is other work let through. */
export async function runSliced(
  instance: Instance,
  target: Target,
  inputs: Record<string, Tensor>,
  { wanted, signal, pause = nextTask, look }: Slicing,
): Promise<Named[]> {
  signal?.throwIfAborted();
  instance.write(inputs);
  const { calls } = instance.specialisation;
  const slice = new Slice(signal);
  let flops = 0;
  look?.(0);
  for (const i of instance.steps(target, wanted)) {
    look?.(i + 1);
    if (!signal) continue;
    const { row, numbers } = calls[i];
    flops += row.flops(numbers);
    if (!slice.over && flops < SLICE_FLOPS) continue;
    await slice.next(pause);
    flops = 0;
  }
  return instance.outputs(wanted);
}

import type { Named } from '../nn/outputs.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Instance, Target } from './instance.ts';
import type { Wanted } from './wanted.ts';

/** How long a run with a signal computes before it lets other work through; in operations where the clock stands still meanwhile. */
export const SLICE_MS = 8;
const SLICE_FLOPS = 5e8;

/** Lets other work through. */
export const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Does `work` step by step, letting other work through between two of them now and then. Stops when the signal is aborted. */
export async function sliced<T>(work: Generator<void, T>, signal: AbortSignal | undefined): Promise<T> {
  for (let since = performance.now(); ; ) {
    const { done, value } = work.next();
    if (done) return value;
    if (performance.now() - since < SLICE_MS) continue;
    await nextTask();
    signal?.throwIfAborted();
    since = performance.now();
  }
}

/** Does `work` at once. */
export function whole<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

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
  const { calls } = instance.binding;
  let since = performance.now();
  let flops = 0;
  look?.(0);
  for (const i of instance.steps(target, wanted)) {
    look?.(i + 1);
    if (!signal) continue;
    const { row, numbers } = calls[i];
    flops += row.flops(numbers);
    if (performance.now() - since < SLICE_MS && flops < SLICE_FLOPS) continue;
    await pause();
    signal.throwIfAborted();
    since = performance.now();
    flops = 0;
  }
  return instance.outputs(wanted);
}

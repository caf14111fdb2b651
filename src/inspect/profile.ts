import { repeat } from '../base/clock.ts';
import type { IntegerForm } from '../kernels/integers.ts';
import type { Variant } from '../platform/platform.ts';
import type { Instance, Target } from '../runtime/instance.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { costs, type InstructionPlan } from './cost.ts';
import { measurePeaks, type Peaks } from './peak.ts';

/** What one instruction costs, and how long it takes. */
export interface InstructionProfile extends InstructionPlan {
  /** Milliseconds, the median of all calls. */
  ms: number;
  /** Operations as a share of what multiply-adds on registers alone would do in that time. */
  peak: number;
}

/** Where the time of a call goes. */
export interface Profile {
  kernels: Variant;
  /** How integers were multiplied; absent for programs without them. */
  integers: IntegerForm | undefined;
  /** Operations a millisecond of multiply-adds on registers alone. */
  peaks: Peaks;
  /** How many calls were timed, after those that warmed up. */
  calls: number;
  /** In the order of execution. */
  instructions: InstructionProfile[];
}

const FEWEST_CALLS = 3;
/** Share of the time that is spent warming up: engines run new code unoptimised. */
const WARM_UP = 0.3;

/** Times every instruction of a loaded program for about `milliseconds`. */
export function profileInstance(
  instance: Instance,
  target: Target,
  inputs: Readonly<Record<string, Tensor>>,
  milliseconds: number,
): Profile {
  const timed = (): Float64Array => timeCall(instance, target, inputs);
  repeat(WARM_UP * milliseconds, timed);
  const calls: Float64Array[] = [];
  repeat((1 - WARM_UP) * milliseconds, () => calls.push(timed()), FEWEST_CALLS);
  const { floats, integers } = instance.resolve(target);
  const peaks = measurePeaks(floats, integers);
  const instructions = costs(instance, instance.specialisation).instructions.map((cost, i) => {
    const ms = median(calls.map((times) => times[i]));
    return { ...cost, ms, peak: cost.flops / ms / ((cost.integer && peaks.integer) || peaks.float) };
  });
  return { kernels: target.kernels, integers, peaks, calls: calls.length, instructions };
}

/** Milliseconds of each instruction in one call. */
function timeCall(instance: Instance, target: Target, inputs: Readonly<Record<string, Tensor>>): Float64Array {
  const times = new Float64Array(instance.proved.instructions.length);
  instance.write(inputs);
  let since = performance.now();
  for (const i of instance.steps(target)) {
    const now = performance.now();
    times[i] = now - since;
    since = now;
  }
  return times;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1];

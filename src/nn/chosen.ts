import type { HostOperands, Rule } from '../graph/hostvalues.ts';
import type { Attributes, Operands } from '../ops/call.ts';
import type { Sizes } from '../tensor/dim.ts';
import type { Shape, Tensor } from '../tensor/tensor.ts';

/** Gives ops their meaning: the engine computes them at once, a tracer records them. */
export interface Executor {
  /** Throws `op`, `dtype`, `value` and `shape` errors for operands that are none of the op's. */
  apply(op: string, operands: Operands<Tensor>, attrs: Attributes): Tensor;
  /** Whole numbers that follow from a grid of [batch, sequence, …] tokens and what the rule asks for besides. */
  hostValue(rule: Rule, grid: Shape, asked?: HostOperands): Tensor<'int32'>;
  /** The outputs of a trace, by what it runs on, at `sizes` for its symbols, where its steps are recorded and not run. */
  inline?(instance: object, inputs: Readonly<Record<string, Tensor>>, sizes: Sizes): Tensor[];
  /** Runs `body`, the forward pass of `module`. */
  within<T>(module: object, body: () => T): T;
}

let current: Executor | undefined;

/** What gives ops their meaning here and now, if `using` says so. */
export const chosen = (): Executor | undefined => current;

/** Runs the synchronous `body` with `executor` giving ops their meaning. */
export function using<T>(executor: Executor, body: () => T): T {
  const before = current;
  current = executor;
  try {
    return body();
  } finally {
    current = before;
  }
}

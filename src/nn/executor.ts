import { FUNCTION, proved } from '../base/options.ts';
import type { HostOperands, Rule } from '../graph/hostvalues.ts';
import { bestVariant, proveVariant } from '../kernels/binaries.ts';
import type { Attributes, Operands } from '../ops/call.ts';
import type { Variant } from '../platform/platform.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Shape, Tensor } from '../tensor/tensor.ts';
import { Engine } from './eager.ts';

/** Gives ops their meaning: the engine computes them at once, a tracer records them. */
export interface Executor {
  /** Throws `op`, `dtype`, `value` and `shape` errors for operands that are none of the op's. */
  apply(op: string, operands: Operands<Tensor>, attrs: Attributes): Tensor;
  /** Whole numbers that follow from a grid of [batch, sequence, …] tokens and what the rule asks for besides. */
  hostValue(rule: Rule, grid: Shape, asked?: HostOperands): Tensor<'int32'>;
  /** Runs `body`, the forward pass of `module`. */
  within<T>(module: object, body: () => T): T;
}

const engines = new Map<Variant, Engine>();
let current: Executor | undefined;

function engineOf(variant: Variant): Engine {
  let engine = engines.get(variant);
  if (!engine) {
    engine = new Engine(variant);
    engines.set(variant, engine);
  }
  return engine;
}

/** What ops run on here and now; the eager engine with the best kernels unless `using` says otherwise. */
export const executor = (): Executor => current ?? engineOf(bestVariant());

/** What `op` makes of its operands here and now. */
export const apply = <D extends DType = 'float32'>(op: string, operands: Operands<Tensor>, attrs: Attributes = {}): Tensor<D> =>
  executor().apply(op, operands, attrs) as Tensor<D>;

/** Runs the synchronous `body` with `chosen` giving ops their meaning. */
export function using<T>(chosen: Executor, body: () => T): T {
  const before = current;
  current = chosen;
  try {
    return body();
  } finally {
    current = before;
  }
}

/** Runs the synchronous `body` with eager ops taken from one variant of the kernels. */
export function withKernels<T>(variant: Variant, body: () => T): T {
  proveVariant('withKernels', variant);
  proved('withKernels', body, FUNCTION);
  return using(engineOf(variant), body);
}

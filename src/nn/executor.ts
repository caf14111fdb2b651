import { FUNCTION, proved } from '../base/options.ts';
import { bestVariant, proveVariant } from '../kernels/binaries.ts';
import type { Attributes, Operands } from '../ops/call.ts';
import type { Variant } from '../platform/platform.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { chosen, type Executor, using } from './chosen.ts';
import { Engine } from './eager.ts';

const engines = new Map<Variant, Engine>();

function engineOf(variant: Variant): Engine {
  let engine = engines.get(variant);
  if (!engine) {
    engine = new Engine(variant);
    engines.set(variant, engine);
  }
  return engine;
}

/** What ops run on here and now; the eager engine with the best kernels unless `using` says otherwise. */
export const executor = (): Executor => chosen() ?? engineOf(bestVariant());

/** What `op` makes of its operands here and now. */
export const apply = <D extends DType = 'float32'>(op: string, operands: Operands<Tensor>, attrs: Attributes = {}): Tensor<D> =>
  executor().apply(op, operands, attrs) as Tensor<D>;

/** Runs the synchronous `body` with eager ops taken from one variant of the kernels. */
export function withKernels<T>(variant: Variant, body: () => T): T {
  proveVariant('withKernels', variant);
  proved('withKernels', body, FUNCTION);
  return using(engineOf(variant), body);
}

import type { TracedModule, TracedResult } from '../traced/traced.ts';
import type { TracingCheckError } from './checkerror.ts';
import type { Inputs, TraceOptions } from './trace.ts';

export * from './files.ts';

/**
 * Records what `model`, a module or a function of tensors, does on `inputs` (by position, or by name) as a program for their dimensions, or
 * for all sizes within the bounds of `dynamic`, as `torch.jit.trace`.
 * Throws `tied`, `tracing`, `value` and {@link TracingCheckError} errors, and those of the model.
 */
export async function trace<Result>(
  // biome-ignore lint/suspicious/noExplicitAny: takes modules and functions whatever their arguments
  model: (...inputs: any[]) => Result,
  inputs?: Inputs | null,
  options?: TraceOptions,
  ...others: never[]
): Promise<TracedModule<TracedResult<Result>>> {
  const tracing = await import('./trace.ts');
  return tracing.trace(model, inputs, options, ...others);
}

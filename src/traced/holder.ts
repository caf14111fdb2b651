import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { isTraced, type TracedModule } from './traced.ts';

/** A trace, or what runs one, such as a SentenceTransformer or a pipeline. */
export type Holder = TracedModule<unknown> | { readonly traced: TracedModule } | { readonly model: TracedModule };

/** The trace that something is or runs. */
export function heldBy(value: unknown): TracedModule | undefined {
  const { traced, model } = (value ?? {}) as { traced?: unknown; model?: unknown };
  return [value, traced, model].find(isTraced) as TracedModule | undefined;
}

/** The trace that something is or runs. Throws a `value` error that names `what` where there is none. */
export function tracedIn(what: string, value: unknown): TracedModule {
  const found = heldBy(value);
  if (found) return found;
  throw new TraceletError('value', {
    what,
    expected: 'a trace, or what runs one: a SentenceTransformer, a CrossEncoder, a pipeline',
    got: describe(value),
    cure: 'Load it first: await jit.load(path)',
  });
}

import { TraceletError } from '../base/error.ts';
import type { ModelOutput } from '../nn/outputs.ts';
import { TRACES } from './made.ts';
import type { TracedModule as Traced } from './traced.ts';

/** A traced model, as `torch.jit.ScriptModule`: what {@link jit.trace} and {@link jit.load} make, with whose first call its methods load. */
export type TracedModule<Result = ModelOutput> = Traced<Result>;

/** Tells traces by `instanceof`. Throws a `value` error where it is constructed: {@link jit.trace} and {@link jit.load} do that. */
export const TracedModule = class TracedModule {
  constructor() {
    throw new TraceletError('value', {
      what: 'new TracedModule',
      expected: 'jit.trace or jit.load, which make traces',
      got: 'a call of their class',
    });
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return TRACES.has(value as object);
  }
} as unknown as typeof Traced;

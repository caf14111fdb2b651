import { TraceletError } from '../base/error.ts';

/** A trace that does not do what its model does; names the first instruction that differs. As `torch.jit.TracingCheckError`. */
export class TracingCheckError extends TraceletError {
  constructor(problem: { what: string; expected: string; got: string; cure?: string }) {
    super('tracing_check', problem);
    this.name = 'TracingCheckError';
  }
}

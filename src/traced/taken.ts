import { TracedModule } from './traced.ts';

/** Fields of traces, beside what their class has. */
const FIELDS: readonly string[] = ['kernels', 'integers', 'files', 'golden', 'methods', 'runner', 'training'];

/** Whether a method of this name could not be reached as one: a trace, or whatever awaits it, has something else there. `encode` gives way. */
export const isTaken = (name: string): boolean =>
  name === 'then' || FIELDS.includes(name) || (name in TracedModule.prototype && name !== 'encode');

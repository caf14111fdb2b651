import { TraceletError } from '../../base/error.ts';

/** The team of runtimes that have no threads. */
export const Team = {
  start: async (threads: number): Promise<never> => {
    throw new TraceletError('worker', { what: 'threads', expected: `${threads}`, got: 'a runtime that has none' });
  },
};

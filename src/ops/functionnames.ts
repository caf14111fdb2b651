import * as functions from './functions.ts';

/** The numbers of what general ops compute, by name. */
export const FUNCTIONS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(functions).map(([name, number]) => [name.toLowerCase(), number]),
);

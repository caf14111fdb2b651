import * as functions from './functions.ts';

/** The numbers of what general ops compute, by name. */
export const FUNCTIONS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(functions).map(([name, number]) => [name.toLowerCase(), number]),
);

const NAMES = new Map(Object.entries(FUNCTIONS).map(([name, number]) => [number, name]));

/** What a number stands for, in words. */
export const functionName = (number: number): string => NAMES.get(number) ?? `${number}`;

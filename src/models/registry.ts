/** The families that are known, a line each: its configuration and its classes, which say the rest. */
export * from './bert/index.ts';
export * from './distilbert/index.ts';

import { TraceletError } from '../../base/error.ts';

/** Makes the error for what was read: what was expected there, and what was got. */
export type Fault = (expected: string, got: string) => TraceletError;

/** Faults of the file, or of the part of one, that messages call `what`. */
export const faultOf =
  (what: string, cure?: string): Fault =>
  (expected, got) =>
    new TraceletError('format', { what, expected, got, cure });

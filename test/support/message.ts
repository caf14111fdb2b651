import { expect } from 'vitest';
import { ERROR_CODES } from '../../src/base/codes.ts';
import type { TraceletError } from '../../src/base/error.ts';

/** What the error of the library says that `run` throws. */
export const message = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect((error as Error).name).toBe('TraceletError');
    expect(Object.keys(ERROR_CODES)).toContain((error as TraceletError).code);
    return (error as Error).message;
  }
  throw new Error('it did not throw');
};

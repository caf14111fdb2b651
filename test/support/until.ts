import { vi } from 'vitest';

/** Looks until `check` throws no more, for as long as tests may take. */
export const until = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 240_000, interval: 10 });

import { describe, expect, test, vi } from 'vitest';
import { TraceletError } from '../../src/base/error.ts';
import { onDemand } from '../../src/base/ondemand.ts';

describe('a part that loads when it is needed', () => {
  test('is asked for again after a failure, which is a typed error with its cause', async () => {
    const cause = new TypeError('Failed to fetch dynamically imported module');
    const load = vi.fn(async () => 'the part').mockRejectedValueOnce(cause);
    const failure = await onDemand('what traces models', load).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TraceletError);
    expect(failure).toMatchObject({ code: 'source', what: 'what traces models', cause, cure: expect.stringContaining('call again') });
    expect((failure as Error).message).toContain(cause.message);
    expect(await onDemand('what traces models', load)).toBe('the part');
  });

  test('fails as it says itself where it is there and cannot work', async () => {
    const own = new TraceletError('kernels', { what: 'an engine', expected: 'SIMD' });
    await expect(onDemand('ops', () => Promise.reject(own))).rejects.toBe(own);
  });

  test('is an error whatever was thrown', async () => {
    await expect(onDemand('ops', () => Promise.reject(undefined))).rejects.toMatchObject({ code: 'source' });
  });
});

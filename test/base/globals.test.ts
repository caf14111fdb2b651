import { webcrypto } from 'node:crypto';
import * as web from 'node:stream/web';
import * as util from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { copyOf } from '../../src/base/json.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe('globals that an imitated page lacks', () => {
  test('are those of Node', async () => {
    for (const name of ['ReadableStream', 'TextDecoder', 'TextEncoder', 'crypto']) vi.stubGlobal(name, undefined);
    const globals = await import('../../src/base/globals.ts');
    expect(globals.TextDecoder).toBe(util.TextDecoder);
    expect(globals.TextEncoder).toBe(util.TextEncoder);
    expect(globals.ReadableStream).toBe(web.ReadableStream);
    expect(globals.subtle()).toBe(webcrypto.subtle);
  });

  test('are left as they are where there are some', async () => {
    const own = class {};
    for (const name of ['ReadableStream', 'TextDecoder', 'TextEncoder']) vi.stubGlobal(name, own);
    vi.stubGlobal('crypto', { subtle: own });
    const globals = await import('../../src/base/globals.ts');
    expect([globals.ReadableStream, globals.TextDecoder, globals.TextEncoder, globals.subtle()]).toEqual([own, own, own, own]);
  });

  test('may be lacking in a runtime that is not Node', async () => {
    for (const name of ['TextDecoder', 'process']) vi.stubGlobal(name, undefined);
    expect((await import('../../src/base/globals.ts')).TextDecoder).toBeUndefined();
  });
});

test('a copy shares nothing', () => {
  const value = { a: [{ b: 1 }, null, 'text'], c: undefined };
  const copy = copyOf(value);
  expect(copy).toStrictEqual(value);
  expect(copy.a).not.toBe(value.a);
  expect(copy.a[0]).not.toBe(value.a[0]);
});

import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as realm from '../../src/base/realm.ts';

/** What each check takes, made in another context where the classes are those of the language. */
const ELSEWHERE: [check: (value: unknown) => unknown, code: string][] = [
  [realm.isBytes, 'new Uint8Array(3)'],
  [realm.isArrayBuffer, 'new ArrayBuffer(3)'],
  [realm.isSharedBuffer, 'new SharedArrayBuffer(3)'],
  [realm.isMap, 'new Map()'],
  [realm.isPromise, 'Promise.resolve()'],
];

describe('values of another realm', () => {
  it.each(ELSEWHERE)('%o takes %s', (check, code) => {
    expect(check(runInNewContext(code))).toBe(true);
    for (const [, other] of ELSEWHERE) if (other !== code) expect(check(runInNewContext(other)), other).toBe(false);
    for (const nothing of [null, undefined, 7, 'text', {}, []]) expect(check(nothing)).toBe(false);
  });

  it('tells typed arrays by name', () => {
    expect(realm.typedArrayName(runInNewContext('new BigInt64Array(1)'))).toBe('BigInt64Array');
    expect(realm.typedArrayName(Buffer.alloc(1))).toBe('Uint8Array');
    expect(realm.typedArrayName({ [Symbol.toStringTag]: 'Uint8Array' })).toBeUndefined();
  });

  it('tells what hosts define by what it can do', () => {
    expect(realm.isUrl(new URL('file:///x'))).toBe(true);
    expect(realm.isUrl('file:///x')).toBe(false);
    expect(realm.isResponse(new Response('x'))).toBe(true);
    expect(realm.isStream(new Blob(['x']).stream())).toBe(true);
    expect(realm.isSignal(AbortSignal.timeout(1))).toBe(true);
    for (const check of [realm.isUrl, realm.isResponse, realm.isStream, realm.isSignal])
      for (const nothing of [null, undefined, 7, 'text', {}, []]) expect(check(nothing)).toBe(false);
  });

  it('reads what errors say', () => {
    expect(realm.messageOf(runInNewContext('new TypeError("bad")'))).toBe('bad');
    expect(realm.messageOf('thrown')).toBe('thrown');
  });
});

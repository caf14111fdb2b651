import { TraceletError } from '../base/error.ts';
import { subtle } from '../base/globals.ts';
import { isSharedBuffer } from '../base/realm.ts';

/** A digest in hexadecimal. */
export const hex = (digest: ArrayBuffer): string =>
  Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Browsers hash no memory that threads share. */
const unshared = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  isSharedBuffer(bytes.buffer) ? bytes.slice() : (bytes as Uint8Array<ArrayBuffer>);

/** SHA-256 of `bytes` in hexadecimal. Throws an `unsupported` error where the page may not hash. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const crypto = subtle();
  if (crypto) return hex(await crypto.digest('SHA-256', unshared(bytes)));
  throw new TraceletError('unsupported', {
    what: 'SHA-256',
    expected: 'crypto.subtle',
    got: 'none',
    cure: 'Browsers have it for pages that come by https or from localhost',
  });
}

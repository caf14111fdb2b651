import { subtle } from '../globals.ts';
import { isSharedBuffer } from '../realm.ts';

/** A digest in hexadecimal. */
export const hex = (digest: ArrayBuffer): string =>
  Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Browsers hash no memory that threads share. */
const unshared = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  isSharedBuffer(bytes.buffer) ? bytes.slice() : (bytes as Uint8Array<ArrayBuffer>);

/** SHA-256 of `bytes` in hexadecimal. */
export const sha256 = async (bytes: Uint8Array): Promise<string> => hex(await subtle().digest('SHA-256', unshared(bytes)));

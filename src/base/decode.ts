import { TextDecoder } from './globals.ts';

let strict: TextDecoder | undefined;

/** The text that bytes of UTF-8 are, a byte order mark among its characters; undefined for bytes that are none. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  strict ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

import { TextEncoder } from '../base/globals.ts';

/** Whether a text is one of the keys, in a time that depends on the text alone and on how many keys there are. */
export function keeper(keys: readonly string[]): (given: string) => boolean {
  const encoder = new TextEncoder();
  const known = keys.map((key) => encoder.encode(key));
  return (given) => {
    const bytes = encoder.encode(given);
    let found = 0;
    for (const key of known) found |= Number(difference(bytes, key) === 0);
    return found === 1;
  };
}

/** 0 where both are the same. */
function difference(given: Uint8Array, key: Uint8Array): number {
  let different = given.length ^ key.length;
  for (let i = 0; i < given.length; i++) different |= given[i] ^ key[i % key.length];
  return different;
}

const BEARER = /^Bearer +(\S+) *$/i;

/**
 * Who asks: whoever has the key, where there are keys, as those that nobody proves would be as many clients as one likes; otherwise who comes from that
 * address.
 */
export const clientOf = ({ headers }: Request, api_keys: readonly string[], address: string | null | undefined): string =>
  (api_keys.length > 0 ? keyIn(headers) : undefined) ?? address ?? '';

/** The key that a request brings. */
export const keyIn = (headers: Headers): string | undefined => BEARER.exec(headers.get('authorization') ?? '')?.[1];

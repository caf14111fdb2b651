import type { ByteSource } from './platform.ts';

/** The `read` of a source whose bytes come in pieces, each good until the next. */
export function filling(more: () => Promise<Uint8Array | undefined>): ByteSource['read'] {
  let rest: Uint8Array | undefined = new Uint8Array(0);
  return async (target) => {
    let filled = 0;
    while (filled < target.length && rest) {
      if (rest.length === 0) {
        rest = await more();
        continue;
      }
      const piece = rest.subarray(0, target.length - filled);
      target.set(piece, filled);
      rest = rest.subarray(piece.length);
      filled += piece.length;
    }
    return filled;
  };
}

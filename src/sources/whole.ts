import type { ByteSource } from '../platform/platform.ts';
import { allocate } from '../tensor/elements.ts';

/** Bytes read between two looks at the signal, and of the first piece of a source whose size is not known. */
const PIECE = 8 << 20;
const FIRST = 64 << 10;

/** All bytes of a source, in memory that is aligned for every dtype. The source stays open. Throws a `memory` error. */
export async function readWhole(source: ByteSource, signal?: AbortSignal): Promise<Uint8Array> {
  const first = allocate('uint8', source.size ?? FIRST, source.name);
  let read = await readUpTo(source, first, signal);
  if (read < first.length) return first.subarray(0, read);
  const pieces = [first];
  let piece = first;
  for (let size = FIRST; read === piece.length; size = Math.min(PIECE, 2 * size)) {
    piece = allocate('uint8', size, source.name);
    read = await readUpTo(source, piece, signal);
    if (read > 0) pieces.push(piece.subarray(0, read));
  }
  return pieces.length === 1 ? first : joined(pieces, source.name);
}

async function readUpTo(source: ByteSource, target: Uint8Array, signal: AbortSignal | undefined): Promise<number> {
  for (let at = 0; ; ) {
    signal?.throwIfAborted();
    const piece = target.subarray(at, at + PIECE);
    const read = piece.length > 0 ? await source.read(piece) : 0;
    at += read;
    if (read < piece.length || at === target.length) return at;
  }
}

function joined(pieces: readonly Uint8Array[], name: string): Uint8Array {
  const whole = allocate(
    'uint8',
    pieces.reduce((sum, { length }) => sum + length, 0),
    name,
  );
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import type { ByteSource } from '../platform/platform.ts';

const PIECE = 8 << 20;

/** Where a tensor lies in a file. */
interface Stretch {
  name: string;
  begin: number;
  end: number;
}

/** What else there is to do. */
interface Walk<Info> {
  signal?: AbortSignal;
  /** Takes a tensor whose bytes are all there; what it answers is waited for beside the next read. */
  done?(info: Info, bytes: Uint8Array): Promise<void> | void;
}

/**
 * Reads tensors that follow one another in a source. `placeOf` says where the bytes of each go; those of a tensor without a place are passed over.
 * Throws a `format` error for a source that ends early.
 */
export async function readTensors<Info extends Stretch>(
  source: ByteSource,
  infos: readonly Info[],
  placeOf: (info: Info) => Uint8Array | undefined,
  { signal, done }: Walk<Info> = {},
): Promise<void> {
  let finish = async (): Promise<void> => {};
  for (const info of infos) {
    signal?.throwIfAborted();
    const bytes = placeOf(info);
    await Promise.all([readTensor(source, info, bytes, signal), finish()]);
    finish = async () => bytes && done?.(info, bytes);
  }
  await finish();
}

async function readTensor(
  source: ByteSource,
  { name, begin, end }: Stretch,
  to: Uint8Array | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const size = end - begin;
  const dropped = to ? undefined : new Uint8Array(Math.min(size, PIECE));
  for (let at = 0; at < size; ) {
    signal?.throwIfAborted();
    const piece = dropped?.subarray(0, size - at) ?? (to as Uint8Array).subarray(at, at + PIECE);
    const read = await source.read(piece);
    at += read;
    if (read < piece.length)
      throw new TraceletError('format', {
        what: `tensor ${describe(name)} of ${source.name}`,
        expected: `${size} bytes`,
        got: `${at}`,
        cure: 'The file is cut short: fetch it again',
      });
  }
}

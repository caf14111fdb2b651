import { BINARIES } from '../wasm/uploaded.js';
import { hex } from './hash.ts';
import { noFiles } from './nofiles.ts';
import type { Platform } from './platform.ts';

declare const crypto: { DigestStream: new (algorithm: string) => WritableStream<Uint8Array> & { digest: Promise<ArrayBuffer> } };

const NO_THREADS = 'edge workers have none';
const PIECE = 1 << 20;

/** Piece by piece: a copy of a whole tensor would not fit beside the weights. */
async function sha256(bytes: Uint8Array): Promise<string> {
  const stream = new crypto.DigestStream('SHA-256');
  const writer = stream.getWriter();
  for (let at = 0; at < bytes.length; at += PIECE) await writer.write(bytes.subarray(at, at + PIECE));
  await writer.close();
  return hex(await stream.digest);
}

/** Edge workers, which run no wasm but what was compiled at their upload. */
export const platform: Platform = {
  ...noFiles,
  kernelModule: (binary, shared, carried = BINARIES[binary]) => (shared ? undefined : (carried as WebAssembly.Module | undefined)),
  threads: () => NO_THREADS,
  workers: async () => NO_THREADS,
  sha256,
};

import type { ByteSource } from '../../src/platform/platform.ts';
import { fromBytes } from '../../src/sources/stream.ts';

const encoder = new TextEncoder();

/** A file of the safetensors format, sound or not: `length` stands where the length of `json` belongs. */
export function file(json: string | Uint8Array, data: Uint8Array | number = 0, length?: bigint): Uint8Array {
  const header = typeof json === 'string' ? encoder.encode(json) : json;
  const body = typeof data === 'number' ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + header.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(header.length), true);
  bytes.set(header, 8);
  bytes.set(body, 8 + header.length);
  return bytes;
}

export const entry = (dtype: string, shape: unknown, data_offsets: unknown) => ({ dtype, shape, data_offsets });
export function concat(chunks: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...chunks]));
}

export const sourceOf = (bytes: Uint8Array, sized = true): ByteSource => ({
  ...fromBytes(bytes),
  name: 'stream',
  size: sized ? bytes.length : undefined,
});

export { encodeSafetensors as serialize } from '../../src/formats/safetensors.ts';

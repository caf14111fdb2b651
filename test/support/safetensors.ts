import { encodeHeader } from '../../src/formats/safetensors.ts';
import type { ByteSource } from '../../src/platform/platform.ts';
import { fromBytes } from '../../src/sources/stream.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

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

/** The file holding `tensors` in the given order, in pieces; data is not copied. Throws before the first piece, if at all. */
export function serialize(tensors: Iterable<readonly [string, Tensor]>, metadata: Record<string, string> = {}): Iterable<Uint8Array> {
  const entries = [...tensors];
  const { bytes } = encodeHeader(
    entries.map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    metadata,
  );
  return chunks(bytes, entries);
}

function* chunks(header: Uint8Array, entries: readonly (readonly [string, Tensor])[]): Generator<Uint8Array> {
  yield header;
  for (const [, { data }] of entries) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

import { createHash } from 'node:crypto';
import { encodeHeader, readSafetensors } from '../../src/formats/safetensors.ts';
import type { Program } from '../../src/program/program.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

// biome-ignore lint/suspicious/noExplicitAny: malformed programs fit no type
export type Loose = any;

/** A trace file taken apart. `program` is its JSON, `code` the words. */
export interface Parts {
  program: Loose;
  code: number[];
  aliases: Record<string, string>;
  metadata: Record<string, string>;
  tensors: Map<string, Tensor>;
  /** Hashes to state instead of the right ones. */
  hashes: Record<string, string>;
}

export function takeApart(file: Uint8Array): Parts {
  const { metadata, tensors } = readSafetensors(file.slice(), 'trace');
  const { program, aliases, sha256: _, digest: __, ...rest } = metadata;
  const code = [...(tensors.get('trace.code') as Tensor).data].map(Number);
  return { program: JSON.parse(program), code, aliases: JSON.parse(aliases), metadata: rest, tensors: new Map(tensors), hashes: {} };
}

const hashOf = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const bytesOf = ({ data }: Tensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A file of the parts in which every hash is right, whatever they say. */
export function seal({ program, code, aliases, metadata, tensors, hashes }: Parts, json = JSON.stringify(program)): Uint8Array {
  const words = Int32Array.from(code);
  if (tensors.has('trace.code')) tensors.set('trace.code', new Tensor('int32', [words.length], words));
  const stored = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const sha256 = Object.fromEntries(stored.map(([name, tensor]) => [name, hashOf(bytesOf(tensor))]));
  const zeros = '0'.repeat(64);
  const { bytes } = encodeHeader(
    stored.map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    { ...metadata, program: json, aliases: JSON.stringify(aliases), sha256: JSON.stringify({ ...sha256, ...hashes }), digest: zeros },
  );
  const header = Buffer.from(bytes.subarray(8)).toString();
  bytes.set(Buffer.from(header.replace(`"digest":"${zeros}"`, `"digest":"${hashOf(header)}"`)), 8);
  return new Uint8Array(Buffer.concat([bytes, ...stored.map(([, tensor]) => bytesOf(tensor))]));
}

/** `file` with one thing changed and every hash right again. */
export function altered(file: Uint8Array, change: (parts: Parts) => void): Uint8Array {
  const parts = takeApart(file);
  change(parts);
  return seal(parts);
}

/** The program as `decode` takes it. */
export const programOf = ({ program, code }: Parts): Program => ({ ...program, code: Int32Array.from(code) });

/** Changes what stands at a dotted path of the program. */
export const set =
  (path: string, value: unknown) =>
  ({ program }: Parts): void => {
    const keys = path.split('.');
    const last = keys.pop() as string;
    keys.reduce((at, key) => at[key], program)[last] = value;
  };

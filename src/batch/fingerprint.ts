import { platform } from '#platform';
import type { TracedModule } from '../traced/traced.ts';
import { hashOf } from './record.ts';

/** What tells a model from others: its dummies with what the baseline kernels made of them, and the files that travel with it. */
export async function fingerprintOf({ golden, files, inputs, outputs }: TracedModule<unknown>): Promise<string> {
  const tensors = [...golden.inputs, ...golden.outputs].map(({ name, tensor: { data } }) => [name, bytesOf(data)] as const);
  const parts = [...tensors, ...files].sort(([a], [b]) => (a < b ? -1 : 1)); // files name their parts in an order of their own
  const hashes = await Promise.all(parts.map(async ([name, bytes]) => [name, await platform.sha256(bytes)]));
  return hashOf(JSON.stringify([inputs, outputs, hashes]));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

import { expect } from 'vitest';
import { TraceletError } from '../../src/base/error.ts';
import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { archive, ops, pickled, strided } from './pickle.ts';

export const FLOATS = new Uint8Array(Float32Array.from({ length: 16 }, (_, i) => i).buffer);
export const NONE = ops('N');

export const plain = (tensors: ReadonlyMap<string, Tensor>) =>
  Object.fromEntries([...tensors].map(([name, t]) => [name, [t.dtype, t.shape, t.tolist()]]));
export const opened = (value: Uint8Array, storages: Record<string, Uint8Array> = { 0: FLOATS }) =>
  openCheckpoint(archive(pickled(value), storages));
export const namesIn = async (value: Uint8Array): Promise<string[]> => [...(await opened(value)).tensors.keys()];
export const refused = async (code: string, value: Uint8Array, storages?: Record<string, Uint8Array>): Promise<string> => {
  const error = await opened(value, storages).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TraceletError);
  expect((error as TraceletError).code).toBe(code);
  return (error as TraceletError).message;
};

export const row = strided({ size: [2], stride: [1] });

/** Where the data of storage 0 begin. */
export const locate = (bytes: Uint8Array): number => Buffer.from(bytes).indexOf(Buffer.from(FLOATS));

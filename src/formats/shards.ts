import { TraceletError } from '../base/error.ts';
import { describe, isObject, parseObject } from '../base/json.ts';
import type { ByteSource } from '../platform/platform.ts';
import type { Folder } from '../sources/folder.ts';

/** Opens a shard beside its index. Throws a `source` error where there is none. */
export async function openShard(folder: Folder, shard: string, index: string): Promise<ByteSource> {
  const found = await folder.find(shard);
  if (found) return found;
  const problem = { what: `shard ${folder.at(shard)}`, expected: `a file, as ${index} lists it`, got: 'none', cure: folder.cure };
  throw new TraceletError('source', problem);
}

/** A tensor is not where the index says that it is. */
export function misplaced(tensor: string, index: string, expected: string, got: string): TraceletError {
  return new TraceletError('checkpoint', { what: `tensor ${describe(tensor)}`, expected: `${expected}, as ${index} says`, got });
}

/** Tensor name to shard name. Shards are plain names of files beside the index. */
export function parseIndex(text: string, name: string, ending: 'bin' | 'safetensors'): Map<string, string> {
  const map = parseObject(text, name).weight_map;
  const isShard = (shard: unknown): boolean => typeof shard === 'string' && /^[^/\\:\0]+\.\w+$/.test(shard) && shard.endsWith(`.${ending}`);
  if (!isObject(map)) throw new TraceletError('format', { what: `weight_map of ${name}`, expected: 'an object', got: describe(map) });
  for (const [tensor, shard] of Object.entries(map))
    if (!isShard(shard))
      throw new TraceletError('format', {
        what: `weight_map of ${name}`,
        expected: `the name of a .${ending} file beside it for ${describe(tensor)}`,
        got: describe(shard),
      });
  return new Map(Object.entries(map as Record<string, string>));
}

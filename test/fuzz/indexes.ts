import { parseJson } from '../../src/base/json.ts';
import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import { sizeOf, Tensor } from '../../src/tensor/tensor.ts';
import { fileWith, mutateSafetensors, readAll } from './checkpoints.ts';
import { mutateFolder } from './folders.ts';
import { bytesOfJson, type Files, type Kind, must, textOfBytes, type Use } from './kind.ts';
import { hold, ROOT } from './platform.ts';
import type { Random } from './random.ts';

const INDEX = 'model.safetensors.index.json';
type Shard = Record<string, Tensor>;

const floats = (shape: number[]): Tensor =>
  new Tensor(
    'float32',
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.cos(i)),
  );
const bytes = (shape: number[]): Tensor =>
  new Tensor(
    'int8',
    shape,
    Int8Array.from({ length: sizeOf(shape) }, (_, i) => i - 3),
  );
const shardName = (i: number, of: number): string =>
  `model-${String(i + 1).padStart(5, '0')}-of-${String(of).padStart(5, '0')}.safetensors`;

function folder(shards: readonly Shard[], more: object = { metadata: { total_size: 64 } }, nameOf = shardName): Files {
  const names = shards.map((_, i) => nameOf(i, shards.length));
  const weight_map = Object.fromEntries(shards.flatMap((shard, i) => Object.keys(shard).map((tensor) => [tensor, names[i]])));
  return {
    [INDEX]: bytesOfJson({ ...more, weight_map }),
    ...Object.fromEntries(shards.map((shard, i) => [names[i], fileWith(shard, { format: 'pt' })])),
  };
}

const many = Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`encoder.layer.${i}.weight`, floats([2])]));

const SEEDS: Record<string, () => Files> = {
  one: () => folder([{ w: floats([2, 2]) }]),
  two: () => folder([{ a: floats([2]), b: floats([1]) }, { c: floats([3]) }]),
  three: () => folder([{ a: floats([2]) }, { b: bytes([2, 2]) }, { c: floats([1, 2]), d: floats([2, 1]) }]),
  'no metadata': () => folder([{ a: floats([2]) }, { b: floats([2]) }], {}),
  'other keys': () => folder([{ a: floats([2]) }, { b: floats([2]) }], { metadata: {}, extra: [1, { deep: null }] }),
  'scale apart': () => folder([{ w: bytes([3, 2]) }, { 'w.scale': floats([3]) }]),
  'old names': () => folder([{ 'LayerNorm.gamma': floats([2]) }, { 'LayerNorm.beta': floats([2]) }]),
  many: () => folder([many, { last: floats([1]) }]),
  empties: () => folder([{ a: floats([0]) }, { b: floats([0, 3]) }]),
  names: () => folder([{ a: floats([1]) }, { b: floats([2]) }], {}, (i) => `part ${i}.safetensors`),
  'odd tensors': () => folder([{ '': floats([1]), toString: floats([1]) }, { '\u{1f600}': floats([2]) }]),
  'a single file beside': () => ({
    ...folder([{ a: floats([2]) }, { b: floats([2]) }]),
    'model.safetensors': fileWith({ z: floats([2]) }),
  }),
};

async function use({ files, accept }: Use): Promise<void> {
  hold(files);
  const opened = await openCheckpoint(ROOT);
  accept();
  const seen = readAll(opened);
  must(readAll(await openCheckpoint(ROOT)) === seen, 'read again it is other tensors');
  if ('model.safetensors' in files) return;
  const { weight_map } = parseJson(textOfBytes(files[INDEX]), INDEX) as { weight_map: object };
  const held = opened.tensors.size + (opened.foreign?.size ?? 0);
  must(held <= Object.keys(weight_map).length, `${held} tensors of ${Object.keys(weight_map).length} in the index`);
}

/** A list of shards by tensor, and the shards. */
export const indexes: Kind = {
  seeds: async () => Object.fromEntries(Object.entries(SEEDS).map(([name, make]) => [name, make()])),
  mutate: (files: Files, random: Random) => {
    const shardsToo = random.chance(0.4);
    const isMutable = (name: string) => shardsToo || name === INDEX;
    return mutateFolder(files, random, isMutable, (name) => (name === INDEX ? undefined : mutateSafetensors));
  },
  use,
};

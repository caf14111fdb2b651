import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import { Zip } from '../../src/formats/torch/zip.ts';
import { archive, call, dict, legacy, ops, pickled, strided, text, whole } from '../support/pickle.ts';
import { zipOf } from '../support/zip.ts';
import { mutateBytes } from './bytes.ts';
import { readAll, readBothWays } from './checkpoints.ts';
import { type Kind, must, timesOf, type Use } from './kind.ts';
import type { Random } from './random.ts';

const FILE = 'pytorch_model.bin';
const PICKLE = 'archive/data.pkl';

const bytesOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 37) % 251);
const floats = bytesOf(64);

const several = dict({
  a: strided(),
  b: strided({ size: [3, 2], stride: [1, 4], offset: 2 }),
  'c.LayerNorm.gamma': strided({ key: '1', type: 'HalfStorage', length: 5, size: [5], stride: [1] }),
  ids: strided({ key: '2', type: 'LongStorage', length: 3, size: [3], stride: [1] }),
  mask: strided({ key: '3', type: 'BoolStorage', length: 4, size: [2, 2], stride: [1, 2] }),
  short: strided({ key: '4', type: 'ShortStorage', length: 2, size: [2], stride: [1] }),
});
const storages = { 0: floats, 1: bytesOf(10), 2: bytesOf(24), 3: new Uint8Array([0, 1, 1, 0]), 4: bytesOf(4) };
const counted = Object.fromEntries(Object.entries(storages).map(([key, bytes], i) => [key, [[16, 5, 3, 4, 2][i], bytes] as const]));

const SEEDS: Record<string, () => Uint8Array> = {
  one: () => archive(pickled(dict({ w: strided() })), { 0: floats }),
  several: () => archive(pickled(several), storages),
  nested: () => archive(pickled(dict({ epoch: whole(3), state_dict: several, args: ops(']') })), storages),
  wrapped: () => archive(pickled(dict({ 'module.a': strided(), 'module.b': strided({ size: [2], stride: [8] }) })), { 0: floats }),
  parameter: () =>
    archive(pickled(dict({ w: call('torch._utils', '_rebuild_parameter', strided(), ops('\x88'), ops('}')) })), { 0: floats }),
  kept: () => archive(ops('\x80\x02}(', text('w'), strided(), 'q\x05', text('v'), 'h\x05u.'), { 0: floats }),
  itself: () => archive(ops('\x80\x02}q\0(', text('w'), strided(), text('x'), 'h\0', text('y'), ']q\x01h\x01au.'), { 0: floats }),
  empty: () => archive(ops('\x80\x02}.')),
  deflated: () =>
    zipOf([
      { name: PICKLE, content: pickled(dict({ w: strided() })), deflated: true },
      { name: 'archive/data/0', content: floats, deflated: true },
    ]),
  long: () =>
    zipOf(
      [
        { name: PICKLE, content: pickled(dict({ w: strided() })) },
        { name: 'archive/data/0', content: floats },
      ],
      { long: {} },
    ),
  legacy: () => legacy(dict({ w: strided() }), { 0: [16, floats] }),
  'legacy several': () => legacy(several, counted),
};

/** An archive with its pickle changed, and all else made right; undefined for what is none. */
function mutatePickle(bytes: Uint8Array, random: Random): { bytes: Uint8Array; step: string } | undefined {
  try {
    const zip = new Zip(bytes, FILE);
    const { bytes: pickle, step } = mutateBytes(zip.read(PICKLE), random);
    const files = zip.names.map((name) => ({ name, content: name === PICKLE ? pickle : zip.read(name) }));
    return { bytes: zipOf(files), step: `pickle ${step}` };
  } catch {
    return undefined;
  }
}

async function use({ files, random, accept }: Use): Promise<void> {
  const bytes = files[FILE];
  const fromBytes = await readBothWays(bytes, { random, accept });
  must(readAll(await openCheckpoint(bytes)) === fromBytes, 'read again it has other tensors');
}

export const pickles: Kind = {
  seeds: async () => Object.fromEntries(Object.entries(SEEDS).map(([name, make]) => [name, { [FILE]: make() }])),
  mutate(files, random) {
    const steps: string[] = [];
    let bytes = files[FILE];
    for (let times = timesOf(random); times > 0; times--) {
      const mutated = (random.chance(0.7) && mutatePickle(bytes, random)) || mutateBytes(bytes, random);
      bytes = mutated.bytes;
      steps.push(mutated.step);
    }
    return { files: { [FILE]: bytes }, steps, inert: false };
  },
  use,
};

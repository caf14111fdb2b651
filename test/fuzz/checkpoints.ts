import { TraceletError } from '../../src/base/error.ts';
import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import { sizeOf, Tensor } from '../../src/tensor/tensor.ts';
import { serialize } from '../support/safetensors.ts';
import { mutateBytes } from './bytes.ts';
import { bytesOfText, type Files, type Kind, must, textOfBytes, timesOf, type Use } from './kind.ts';
import type { Random } from './random.ts';
import { mutateJson } from './tree.ts';

const FILE = 'model.safetensors';
type Opened = Awaited<ReturnType<typeof openCheckpoint>>;

const floats = (shape: number[], first = 0): Tensor =>
  new Tensor(
    'float32',
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(first + i)),
  );

/** A file of tensors by name. */
export function fileWith(tensors: Record<string, Tensor>, metadata: Record<string, string> = {}): Uint8Array {
  return new Uint8Array(Buffer.concat([...serialize(Object.entries(tensors), metadata)]));
}

const headed = (header: unknown, data: number): Uint8Array => sealed(JSON.stringify(header), new Uint8Array(data).fill(63));

/** A file of a header and the data behind it. */
function sealed(header: string, data: Uint8Array): Uint8Array {
  const json = bytesOfText(header);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  return new Uint8Array(Buffer.concat([length, json, data]));
}

const entry = (dtype: string, shape: number[], data_offsets: number[]) => ({ dtype, shape, data_offsets });
const whole = (dtype: 'int32' | 'uint8' | 'int8', shape: number[]): Tensor =>
  new Tensor(
    dtype,
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => i % 7),
  );

const SEEDS: Record<string, () => Uint8Array> = {
  empty: () => headed({}, 0),
  one: () => fileWith({ w: floats([2, 3]) }),
  several: () => fileWith({ a: floats([4]), b: floats([2, 2], 5), 'c.weight': whole('int32', [3]), d: whole('uint8', [5]) }),
  metadata: () => fileWith({ w: floats([1]) }, { format: 'pt', note: 'a "quoted" text' }),
  'null metadata': () => headed({ __metadata__: null, w: entry('U8', [3], [0, 3]) }, 3),
  halves: () => headed({ h: entry('F16', [2, 2], [0, 8]), b: entry('BF16', [3], [8, 14]), d: entry('F64', [1], [14, 22]) }, 22),
  scalars: () => headed({ s: entry('F32', [], [0, 4]), l: entry('I64', [], [4, 12]), t: entry('BOOL', [], [12, 13]) }, 13),
  empties: () => headed({ a: entry('F32', [0], [0, 0]), b: entry('F32', [0, 7], [0, 0]), c: entry('I8', [2], [0, 2]) }, 2),
  foreign: () => headed({ u: entry('U16', [2], [0, 4]), f: entry('F8_E4M3', [3], [4, 7]), w: entry('F32', [1], [7, 11]) }, 11),
  scaled: () => fileWith({ 'w.scale': floats([3]), w: whole('int8', [3, 4]) }),
  old: () => fileWith({ 'LayerNorm.gamma': floats([4]), 'LayerNorm.beta': floats([4]), 'x.LayerNorm.weight': floats([2]) }),
  padded: () => sealed(`  ${JSON.stringify({ w: entry('F32', [2], [0, 8]) })}   `, new Uint8Array(8)),
  named: () => fileWith({ '': floats([1]), __proto__x: floats([2]), constructor: floats([1]), '\u{1f600}': floats([3]) }),
  deep: () => fileWith({ w: floats([1, 2, 1, 3, 1, 2]) }),
};

const headerLength = (bytes: Uint8Array): number =>
  bytes.length < 8 ? 0 : Math.min(bytes.length - 8, Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)));

/** The file with its header changed as a tree, and its length made right. */
export function mutateHeader(bytes: Uint8Array, random: Random): { bytes: Uint8Array; steps: string[] } | undefined {
  const end = 8 + headerLength(bytes);
  const mutated = mutateJson(textOfBytes(bytes.subarray(8, end)), random);
  return mutated && { bytes: sealed(mutated.text, bytes.subarray(end)), steps: mutated.steps.map((step) => `header ${step}`) };
}

/** The file with the bytes of its header changed, and its length made right. */
function mutateText(bytes: Uint8Array, random: Random): { bytes: Uint8Array; steps: string[] } {
  const end = 8 + headerLength(bytes);
  const { bytes: header, step } = mutateBytes(bytes.subarray(8, end), random);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return { bytes: new Uint8Array(Buffer.concat([length, header, bytes.subarray(end)])), steps: [`header ${step}`] };
}

export function mutateSafetensors(bytes: Uint8Array, random: Random): { bytes: Uint8Array; steps: string[] } {
  const way = random.below(10);
  const mutated = way < 5 ? mutateHeader(bytes, random) : undefined;
  if (mutated) return mutated;
  if (way < 7) return mutateText(bytes, random);
  const { bytes: changed, step } = mutateBytes(bytes, random);
  return { bytes: changed, steps: [step] };
}

/** Every element read, and that each tensor is what it says. */
export function readAll({ tensors, metadata }: Pick<Opened, 'tensors' | 'metadata'>): string {
  const seen: string[] = [JSON.stringify(metadata)];
  for (const [name, tensor] of tensors) {
    const { data, shape, dtype } = tensor;
    must(
      data.length === sizeOf(shape) && shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0),
      `${name} [${shape}] has ${data.length} elements`,
    );
    seen.push(name, `${dtype} ${shape}`, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'));
  }
  return seen.join('\n');
}

const streamOf = (bytes: Uint8Array, size: number): ReadableStream<Uint8Array> => {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
};

const answerOf = (opening: Promise<Opened>): Promise<string | TraceletError> =>
  opening.then(readAll, (error) => {
    if (error instanceof TraceletError) return error;
    throw error;
  });

/** What the bytes of a checkpoint hold, at once and as a stream. Throws what they are refused with. */
export async function readBothWays(bytes: Uint8Array, { random, accept }: Pick<Use, 'random' | 'accept'>): Promise<string> {
  const fromBytes = await answerOf(openCheckpoint(bytes.slice()));
  const streamed = await answerOf(openCheckpoint(streamOf(bytes, random.pick([7, 100, 1 << 16]))));
  must(typeof fromBytes === typeof streamed, `bytes: ${fromBytes}, but a stream of them: ${streamed}`);
  if (fromBytes instanceof TraceletError) throw fromBytes;
  accept();
  must(fromBytes === streamed, 'a stream has other tensors than its bytes');
  return fromBytes;
}

async function use({ files, random, accept }: Use): Promise<void> {
  const bytes = files[FILE];
  const fromBytes = await readBothWays(bytes, { random, accept });
  const { tensors, metadata } = await openCheckpoint(bytes);
  if (tensors.has('__proto__') || Object.hasOwn(metadata, '__proto__')) return; // read, but never written
  const again = await openCheckpoint(fileWith(Object.fromEntries(tensors), metadata));
  must(sorted(readAll(again)) === sorted(fromBytes), 'written and read again it is other tensors');
}

const sorted = (text: string): string => text.split('\n').sort().join('\n');

export const safetensors: Kind = {
  seeds: async () => Object.fromEntries(Object.entries(SEEDS).map(([name, make]) => [name, { [FILE]: make() }])),
  mutate(files: Files, random: Random) {
    const steps: string[] = [];
    let bytes = files[FILE];
    for (let times = timesOf(random); times > 0; times--) {
      const mutated = mutateSafetensors(bytes, random);
      bytes = mutated.bytes;
      steps.push(...mutated.steps);
    }
    return { files: { [FILE]: bytes }, steps, inert: false };
  },
  use,
};

import type { Tensor } from '../../src/tensor/tensor.ts';
import { numbers, type ZipFile, zipOf } from './zip.ts';

type Piece = string | number | Uint8Array;

/** Opcodes and their operands: text as bytes of Latin-1, numbers as bytes. */
export const ops = (...pieces: readonly Piece[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat(
      pieces.map((piece) =>
        typeof piece === 'string' ? Buffer.from(piece, 'latin1') : Buffer.from(typeof piece === 'number' ? [piece] : piece),
      ),
    ),
  );

/** A text. */
export function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return ops('X', numbers([4, bytes.length]), bytes);
}

/** A whole number. */
export const whole = (value: number): Uint8Array =>
  Math.abs(value) < 2 ** 31 ? ops('J', numbers([4, value])) : ops('\x8a\x08', numbers([8, value]));

export const tuple = (...values: readonly Uint8Array[]): Uint8Array => ops('(', ...values, 't');

/** What a name stands for, called. */
export const call = (module: string, name: string, ...args: readonly Uint8Array[]): Uint8Array =>
  ops(`c${module}\n${name}\n`, tuple(...args), 'R');

/** A dict of texts. */
export const dict = (entries: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  ops('}(', ...Object.entries(entries).flatMap(([key, value]) => [text(key), value]), 'u');

/** How a tensor lies in a storage. */
export interface Layout {
  key?: string;
  type?: string;
  length?: number;
  offset?: number;
  size?: readonly number[];
  stride?: readonly number[];
  /** In files before PyTorch 1.6. */
  view?: Uint8Array;
}

/** A tensor [4, 4] of a storage of 16 floats, unless something else is said. */
export function strided({
  key = '0',
  type = 'FloatStorage',
  length = 16,
  offset = 0,
  size = [4, 4],
  stride = [4, 1],
  view,
}: Layout = {}): Uint8Array {
  const id = [text('storage'), ops(`ctorch\n${type}\n`), text(key), text('cpu'), whole(length), ...(view ? [view] : [])];
  const layout = [whole(offset), tuple(...size.map(whole)), tuple(...stride.map(whole)), ops('\x89'), call('collections', 'OrderedDict')];
  return call('torch._utils', '_rebuild_tensor_v2', ops(tuple(...id), 'Q'), ...layout);
}

/** A pickle of a value. */
export const pickled = (value: Uint8Array): Uint8Array => ops('\x80\x02', value, '.');

/** A file of torch.save. */
export const archive = (
  pickle: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  others: readonly ZipFile[] = [],
): Uint8Array =>
  zipOf([
    { name: 'archive/data.pkl', content: pickle },
    ...Object.entries(storages).map(([key, content]) => ({ name: `archive/data/${key}`, content })),
    { name: 'archive/version', content: new TextEncoder().encode('3\n') },
    ...others,
  ]);

/** Float32 tensors as torch.save would write them, each in a storage of its own. */
export function archiveOf(tensors: Iterable<readonly [name: string, tensor: Tensor]>): Uint8Array {
  const storages: Record<string, Uint8Array> = {};
  const entries = [...tensors].map(([name, { shape, size, data }], i) => {
    storages[i] = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const stride = shape.map((_, dim) => shape.slice(dim + 1).reduce((a, b) => a * b, 1));
    return [name, strided({ key: `${i}`, length: size, size: shape, stride })] as const;
  });
  return archive(pickled(dict(Object.fromEntries(entries))), storages);
}

const MAGIC = ops('\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19');

/** What stands in the place of parts of a file of torch.save before PyTorch 1.6. */
export interface LegacyParts {
  magic?: Uint8Array;
  protocol?: Uint8Array;
  system?: Uint8Array;
  keys?: readonly Uint8Array[];
  list?: Uint8Array;
  behind?: Uint8Array;
}

/** Such a file; storages are given with the number of their elements. */
export function legacy(
  value: Uint8Array,
  storages: Readonly<Record<string, readonly [length: number, bytes: Uint8Array]>> = {},
  {
    magic = MAGIC,
    protocol = whole(1001),
    system = dict({ little_endian: ops('\x88') }),
    keys = Object.keys(storages).map(text),
    list,
    behind = new Uint8Array(0),
  }: LegacyParts = {},
): Uint8Array {
  const listed = list ?? ops('](', ...keys, 'e');
  const stored = Object.values(storages).flatMap(([length, bytes]) => [numbers([8, length]), bytes]);
  return ops(...[magic, protocol, system, value, listed].map(pickled), ...stored, behind);
}

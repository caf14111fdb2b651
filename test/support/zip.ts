import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../src/formats/torch/crc32.ts';

/** A file to put into a zip file, and what the records say of it where that is not so. */
export interface ZipFile {
  name: string | Uint8Array;
  content?: Uint8Array;
  deflated?: boolean;
  method?: number;
  flags?: number;
  crc?: number;
  size?: number;
  stored?: number;
  header?: number;
  /** In the header before the data. */
  own?: { name?: string; method?: number; flags?: number; crc?: number; size?: number; stored?: number; extra?: Uint8Array };
  extra?: Uint8Array;
  comment?: Uint8Array;
}

/** How a zip file ends. */
export interface ZipEnd {
  comment?: Uint8Array;
  count?: number;
  size?: number;
  begin?: number;
  disk?: number;
  /** Also with records of 64 bits, which say something else. */
  long?: { count?: number; size?: number; begin?: number; length?: number; at?: number };
  between?: Uint8Array;
}

/** Little-endian numbers of so many bytes each. */
export function numbers(...fields: readonly (readonly [bytes: 1 | 2 | 4 | 8, value: number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 1) view.setUint8(at, value);
    else if (bytes === 2) view.setUint16(at, value, true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

const none = new Uint8Array(0);
const bytesOf = (name: string | Uint8Array): Uint8Array => (typeof name === 'string' ? new TextEncoder().encode(name) : name);
const join = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));

/** A zip file of these files, sound unless something says otherwise. */
export function zipOf(files: readonly ZipFile[], end: ZipEnd = {}): Uint8Array {
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { content = none, deflated, own = {}, extra = none, comment = none, ...given } of files) {
    const data = deflated ? new Uint8Array(deflateRawSync(content)) : content;
    const {
      flags = 0x800,
      method = deflated ? 8 : 0,
      crc = crc32(content),
      stored = data.length,
      size = content.length,
      header = at,
    } = given;
    const name = bytesOf(given.name);
    const inner = { flags, method, crc, stored, size, extra: none, ...own };
    const innerName = own.name === undefined ? name : bytesOf(own.name);
    const begin = [
      numbers([4, 0x04034b50], [2, 20], [2, inner.flags], [2, inner.method], [4, 0], [4, inner.crc], [4, inner.stored], [4, inner.size]),
      numbers([2, innerName.length], [2, inner.extra.length]),
      innerName,
      inner.extra,
      data,
    ];
    directory.push(
      numbers([4, 0x02014b50], [2, 20], [2, 20], [2, flags], [2, method], [4, 0], [4, crc], [4, stored], [4, size]),
      numbers([2, name.length], [2, extra.length], [2, comment.length], [2, 0], [2, 0], [4, 0], [4, header]),
      name,
      extra,
      comment,
    );
    pieces.push(...begin);
    at += join(begin).length;
  }
  const listed = join(directory);
  const { comment = none, count = files.length, size = listed.length, begin = at, disk = 0, long, between = none } = end;
  const longAt = at + listed.length + between.length;
  const long64 = long && [
    numbers([4, 0x06064b50], [8, long.length ?? 44], [2, 45], [2, 45], [4, 0], [4, 0]),
    numbers([8, long.count ?? files.length], [8, long.count ?? files.length], [8, long.size ?? listed.length], [8, long.begin ?? at]),
    numbers([4, 0x07064b50], [4, 0], [8, long.at ?? longAt], [4, 1]),
  ];
  const last = numbers([4, 0x06054b50], [2, disk], [2, disk], [2, count], [2, count], [4, size], [4, begin], [2, comment.length]);
  return join([...pieces, listed, between, ...(long64 ?? []), last, comment]);
}

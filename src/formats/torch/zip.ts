import { decodeUtf8 } from '../../base/decode.ts';
import { describe } from '../../base/json.ts';
import { crc32 } from './crc32.ts';
import { type Fault, faultOf } from './fault.ts';
import { inflate } from './inflate.ts';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR = 0x07064b50;

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR_BYTES = 20;
const LONGEST_COMMENT = 0xffff;

const STORED = 0;
const DEFLATED = 8;
/** What stands in 16 and 32 bits for a number that has 64 elsewhere. */
const ELSEWHERE16 = 0xffff;
const ELSEWHERE32 = 0xffffffff;
const ZIP64 = 1;
/** Flags: a stronger deflation, sizes behind the data, names in UTF-8. */
const HARMLESS = 0x080e;
const SIZES_BEHIND = 8;

const MOST_ENTRIES = 65_536;
const LONGEST_NAME = 4096;
const MOST_INFLATED = 64 * 2 ** 20;
const MOST_INFLATED_IN_ALL = 256 * 2 ** 20;

/** A file in a zip file, as the directory has it. */
interface Entry {
  name: string;
  method: number;
  flags: number;
  crc: number;
  /** Bytes in the zip file. */
  stored: number;
  size: number;
  /** Where its header begins, and where its data do. */
  header: number;
  begin: number;
}

/**
 * A zip file in memory. What the directory says is proved when it is made: entries of plain names lie within the file, apart from one another,
 * each behind a header that says the same.
 */
export class Zip {
  readonly name: string;
  readonly #bytes: Uint8Array;
  readonly #entries: ReadonlyMap<string, Entry>;
  #inflated = 0;

  /** Throws `format` errors that call the file `name`. */
  constructor(bytes: Uint8Array, name: string) {
    this.name = name;
    this.#bytes = bytes;
    this.#entries = readDirectory(bytes, faultOf(name, 'The file is damaged, cut short or no zip file: fetch it again'));
  }

  /** Names of its files, in the order of the directory. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  /** Bytes of a file; undefined where there is none. */
  sizeOf(name: string): number | undefined {
    return this.#entries.get(name)?.size;
  }

  /** A file that is there, as a view where it is stored. `checked` compares its CRC, unless that is 0, which stands for none. */
  read(name: string, { checked = false } = {}): Uint8Array {
    const entry = this.#entries.get(name) as Entry;
    const fault = faultOf(`${name} of ${this.name}`);
    const stored = this.#bytes.subarray(entry.begin, entry.begin + entry.stored);
    const content = entry.method === DEFLATED ? this.#inflate(stored, entry, fault) : stored;
    if (checked && entry.crc !== 0 && crc32(content) !== entry.crc) throw fault('bytes that match their CRC-32', 'others');
    return content;
  }

  #inflate(stored: Uint8Array, { size }: Entry, fault: Fault): Uint8Array {
    if (size > MOST_INFLATED) throw fault(`at most ${MOST_INFLATED} bytes of deflated data`, `${size}`);
    this.#inflated += size;
    if (this.#inflated > MOST_INFLATED_IN_ALL)
      throw fault(`at most ${MOST_INFLATED_IN_ALL} bytes of deflated data in all`, `${this.#inflated}`);
    return inflate(stored, size, fault);
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A number of 64 bits; those beyond what is exact are beyond every file. */
const long = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

/** Where the directory lies, and how many entries it has. */
interface Directory {
  begin: number;
  end: number;
  count: number;
}

function readDirectory(bytes: Uint8Array, fault: Fault): Map<string, Entry> {
  const view = viewOf(bytes);
  const { begin, end, count } = locate(view, fault);
  if (count > MOST_ENTRIES) throw fault(`at most ${MOST_ENTRIES} entries`, `${count}`);
  const entries = new Map<string, Entry>();
  let at = begin;
  for (let i = 0; i < count; i++) {
    const { entry, next } = readEntry(bytes, view, at, end, fault);
    if (entries.has(entry.name)) throw fault('every name once', `${describe(entry.name)} twice`);
    entries.set(entry.name, entry);
    at = next;
  }
  if (at !== end) throw fault(`a directory of ${end - begin} bytes`, `one of ${at - begin}`);
  for (const entry of entries.values()) entry.begin = dataOf(bytes, view, entry, begin, fault);
  checkApart([...entries.values()], begin, fault);
  return entries;
}

/** The one end record whose comment reaches to the end of the file. */
function locate(view: DataView, fault: Fault): Directory {
  const size = view.byteLength;
  const ends: number[] = [];
  for (let at = size - END_BYTES; at >= Math.max(0, size - END_BYTES - LONGEST_COMMENT); at--)
    if (view.getUint32(at, true) === END && at + END_BYTES + view.getUint16(at + 20, true) === size) ends.push(at);
  if (ends.length !== 1) throw fault('one end record of a zip file', `${ends.length}`);
  const [at] = ends;
  const found = locate64(view, at, fault) ?? {
    count: view.getUint16(at + 10, true),
    begin: view.getUint32(at + 16, true),
    size: view.getUint32(at + 12, true),
    end: at,
  };
  if (view.getUint32(at + 4, true) !== 0) throw fault('a zip file in one part', 'a part of one');
  if (found.begin + found.size !== found.end) throw fault(`a directory up to byte ${found.end}`, `one up to ${found.begin + found.size}`);
  return found;
}

function locate64(view: DataView, end: number, fault: Fault): (Directory & { size: number }) | undefined {
  const locator = end - LOCATOR_BYTES;
  if (locator < 0 || view.getUint32(locator, true) !== LOCATOR) return undefined;
  const at = long(view, locator + 8);
  if (at > locator - END64_BYTES || view.getUint32(at, true) !== END64 || at + 12 + long(view, at + 4) !== locator)
    throw fault('an end record of 64 bits before its locator', `none at byte ${at}`);
  const found = { count: long(view, at + 32), size: long(view, at + 40), begin: long(view, at + 48), end: at };
  const agree = (short: number, whole: number, elsewhere: number) => short === elsewhere || short === whole;
  if (
    !agree(view.getUint16(end + 10, true), found.count, ELSEWHERE16) ||
    !agree(view.getUint32(end + 12, true), found.size, ELSEWHERE32) ||
    !agree(view.getUint32(end + 16, true), found.begin, ELSEWHERE32)
  )
    throw fault('end records that say the same', 'two that differ');
  return found;
}

function readEntry(bytes: Uint8Array, view: DataView, at: number, end: number, fault: Fault): { entry: Entry; next: number } {
  if (at > end - CENTRAL_BYTES || view.getUint32(at, true) !== CENTRAL) throw fault(`an entry of the directory at byte ${at}`, 'none');
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
  const extra = at + CENTRAL_BYTES + nameBytes;
  const next = extra + extraBytes + commentBytes;
  if (next > end) throw fault(`a directory up to byte ${end}`, `an entry up to byte ${next}`);
  const name = nameOf(bytes.subarray(at + CENTRAL_BYTES, extra), fault);
  const entry: Entry = {
    name,
    flags: view.getUint16(at + 8, true),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    stored: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    header: view.getUint32(at + 42, true),
    begin: 0,
  };
  readZip64(view, entry, extra, extra + extraBytes, fault);
  const { flags, method, stored, size } = entry;
  if (flags & ~HARMLESS) throw fault(`${describe(name)} without encryption`, `flags 0x${flags.toString(16)}`);
  if (method !== STORED && method !== DEFLATED) throw fault(`${describe(name)} stored or deflated`, `method ${method}`);
  if (method === STORED && stored !== size) throw fault(`${size} bytes of ${describe(name)}, which is stored`, `${stored}`);
  return { entry, next };
}

/** Puts numbers of 64 bits in the place of those that say that they are elsewhere. */
function readZip64(view: DataView, entry: Entry, begin: number, end: number, fault: Fault): void {
  const elsewhere = (['size', 'stored', 'header'] as const).filter((field) => entry[field] === ELSEWHERE32);
  for (let at = begin; at + 4 <= end && elsewhere.length > 0; ) {
    const next = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === ZIP64 && next <= end && next - at - 4 >= 8 * elsewhere.length) {
      for (const [i, field] of elsewhere.entries()) entry[field] = long(view, at + 4 + 8 * i);
      return;
    }
    at = next;
  }
  if (elsewhere.length > 0) throw fault(`sizes of ${describe(entry.name)} in 64 bits`, 'none');
}

function nameOf(bytes: Uint8Array, fault: Fault): string {
  if (bytes.length === 0 || bytes.length > LONGEST_NAME) throw fault(`names of 1 to ${LONGEST_NAME} bytes`, `${bytes.length}`);
  const name = decodeUtf8(bytes);
  if (name === undefined) throw fault('names in UTF-8', 'other bytes');
  if (/[\\\0]|^\/|(^|\/)\.\.(\/|$)/.test(name)) throw fault('names of files within it', describe(name));
  return name;
}

/** Where the data of an entry begin: behind a header of its own, which may leave sizes to the directory. */
function dataOf(bytes: Uint8Array, view: DataView, entry: Entry, end: number, fault: Fault): number {
  const { header, name } = entry;
  const wrong = (got: string) => fault(`a header of ${describe(name)} at byte ${header}`, got);
  if (header > end - LOCAL_BYTES || view.getUint32(header, true) !== LOCAL) throw wrong('none');
  const nameBytes = view.getUint16(header + 26, true);
  const begin = header + LOCAL_BYTES + nameBytes + view.getUint16(header + 28, true);
  if (begin + entry.stored > end) throw fault(`${describe(name)} up to byte ${end}`, `data up to byte ${begin + entry.stored}`);
  const own = nameOf(bytes.subarray(header + LOCAL_BYTES, header + LOCAL_BYTES + nameBytes), fault);
  if (own !== name) throw wrong(`one of ${describe(own)}`);
  const flags = view.getUint16(header + 6, true);
  if (flags & ~HARMLESS || view.getUint16(header + 8, true) !== entry.method) throw wrong('one of another method');
  const agree = (at: number, whole: number) =>
    [whole, ELSEWHERE32, ...(flags & SIZES_BEHIND ? [0] : [])].includes(view.getUint32(header + at, true));
  if (!agree(14, entry.crc) || !agree(18, entry.stored) || !agree(22, entry.size)) throw wrong('one of another size or CRC-32');
  return begin;
}

function checkApart(entries: Entry[], end: number, fault: Fault): void {
  entries.sort((a, b) => a.header - b.header);
  for (const [i, { name, begin, stored }] of entries.entries()) {
    const next = entries[i + 1]?.header ?? end;
    if (begin + stored > next) throw fault(`${describe(name)} up to byte ${next}`, `an overlap up to byte ${begin + stored}`);
  }
}

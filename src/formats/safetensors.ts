import { decodeUtf8 } from '../base/decode.ts';
import { TraceletError } from '../base/error.ts';
import { TextEncoder } from '../base/globals.ts';
import { describe, isObject } from '../base/json.ts';
import type { ByteSource } from '../platform/platform.ts';
import { DTYPES, dtypeOfSafetensors, FOREIGN_BITS, type ForeignDType, isForeign } from '../tensor/dtype.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type AnyInfo, formatError as bad, byPlace, byteSize, checkLayout, checkOrder, labelOf, type TensorInfo } from './extents.ts';
import { HeaderReader, Unexpected } from './headerjson.ts';

export type { TensorInfo } from './extents.ts';

/** What stands before the data of a file. */
export interface Header {
  /** In the order of their data, which they and the foreign ones cover without gap or overlap. */
  tensors: TensorInfo[];
  /** Those of a dtype that nothing here computes with. */
  foreign: TensorInfo<ForeignDType>[];
  /** `__metadata__`; has no prototype. */
  metadata: Record<string, string>;
  dataBytes: number;
  /** Where the data starts in the file: 8 + the length of the JSON. */
  headerBytes: number;
  json: string;
}

/** Bytes of the little-endian header length with which a file begins. */
const LENGTH_BYTES = 8;
/** The largest header that is read or written, as in the Rust crate. */
export const MAX_HEADER_BYTES = 100_000_000;
const DATA_ALIGNMENT = 16;
/** Memory given to a header before any of its bytes are there. */
const TRUSTED_BYTES = 1 << 20;
const METADATA = '__metadata__';

/** Names of the dtypes that a file may hold. */
const STORED = [...Object.values(DTYPES).map((row) => row.safetensors), ...Object.keys(FOREIGN_BITS)].join();

/** Bytes of JSON that follow `first8`, the first bytes of the file `name`; `fileBytes` is the size of the whole file, where known. */
export function parseHeaderLength(first8: Uint8Array, name: string, fileBytes?: number): number {
  if (first8.length < LENGTH_BYTES) throw bad(name, `a header length of ${LENGTH_BYTES} bytes`, `${first8.length} bytes`);
  const stored = new DataView(first8.buffer, first8.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (stored === 0n) throw bad(name, 'a header of at least 2 bytes', 'a header length of 0');
  if (stored > MAX_HEADER_BYTES)
    throw bad(name, `a header of at most ${MAX_HEADER_BYTES} bytes`, `a header length of ${stored}`, whatIs(first8));
  const length = Number(stored);
  if (fileBytes !== undefined && LENGTH_BYTES + length > fileBytes)
    throw bad(name, `${LENGTH_BYTES + length} bytes of length and header`, `a file of ${fileBytes} bytes`, 'The file is cut short');
  return length;
}

const MAGIC: readonly (readonly [begins: string, what: string])[] = [
  ['PK\x03\x04', 'a PyTorch archive, or another zip file'],
  ['\x80', 'a pickle, such as an old PyTorch file'],
  ['GGUF', 'a GGUF file'],
  ['\x89HDF', 'an HDF5 file, such as of TensorFlow'],
  ['<', 'a page of HTML or XML'],
  ['{', 'JSON'],
];

function whatIs(first8: Uint8Array): string {
  const text = String.fromCharCode(...first8);
  const what = MAGIC.find(([begins]) => text.startsWith(begins))?.[1];
  return what ? `This is ${what}, where a safetensors file is needed` : 'Is this a safetensors file?';
}

/** The header in `json`, checked; with `dataBytes` also against the bytes that follow it. `name` is the file in messages. */
export function parseHeader(json: Uint8Array, { name, dataBytes }: { name: string; dataBytes?: number }): Header {
  const text = decodeText(json, name);
  const { infos, metadata } = readEntries(new HeaderReader(text, name), name);
  infos.sort(byPlace);
  const header: Header = {
    tensors: infos.filter((info): info is TensorInfo => !isForeign(info.dtype)),
    foreign: infos.filter((info): info is TensorInfo<ForeignDType> => isForeign(info.dtype)),
    metadata,
    dataBytes: checkLayout(infos, name),
    headerBytes: LENGTH_BYTES + json.length,
    json: text,
  };
  if (dataBytes !== undefined) checkDataBytes(header, dataBytes, name);
  return header;
}

/** The header of `source`, which is left at the first byte of the data. */
export async function readHeader(source: ByteSource, { signal }: { signal?: AbortSignal } = {}): Promise<Header> {
  const { name, size } = source;
  const length = parseHeaderLength(await readUpTo(source, LENGTH_BYTES, signal), name, size);
  const json = await readUpTo(source, length, signal);
  if (json.length < length) throw bad(name, `a header of ${length} bytes`, `${json.length} bytes`, 'The file is cut short');
  return parseHeader(json, { name, dataBytes: size === undefined ? undefined : size - LENGTH_BYTES - length });
}

/** Throws a `format` error unless `source`, read up to its last tensor, ends there. A size that was known has been checked before. */
export async function expectEnd(source: ByteSource, { headerBytes, dataBytes }: Header): Promise<void> {
  if (source.size !== undefined || (await source.read(new Uint8Array(1))) === 0) return;
  throw bad(source.name, `${headerBytes + dataBytes} bytes`, 'trailing bytes behind the last tensor');
}

/** The whole file in `bytes`. Tensors are views on `bytes` where their offset suits their dtype, copies elsewhere. */
export function readSafetensors(
  bytes: Uint8Array,
  name: string,
): { header: Header; metadata: Record<string, string>; tensors: Map<string, Tensor> } {
  const length = parseHeaderLength(bytes.subarray(0, LENGTH_BYTES), name, bytes.length);
  const data = bytes.subarray(LENGTH_BYTES + length);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length), { name, dataBytes: data.length });
  const tensors = new Map(header.tensors.map((info) => [info.name, tensorAt(info, data)]));
  return { header, metadata: header.metadata, tensors };
}

/** Bytes to write before the data (length and padded JSON), and where each tensor's data then lies: back to back, in the given order. */
export function encodeHeader(
  tensors: Iterable<Pick<TensorInfo, 'name' | 'dtype' | 'shape'>>,
  metadata: Record<string, string> = {},
): { bytes: Uint8Array; infos: TensorInfo[] } {
  const name = 'safetensors to write';
  const entries = new Map<string, unknown>();
  const infos: TensorInfo[] = [];
  if (Object.keys(checkMetadata(metadata, name)).length > 0) entries.set(METADATA, metadata);
  let begin = 0;
  for (const { name: tensor, dtype, shape } of tensors) {
    const what = () => labelOf(tensor, name);
    if (tensor === METADATA || tensor === '__proto__') throw bad(what(), 'a name that is not reserved', describe(tensor));
    if (entries.has(tensor)) throw bad(what(), 'every name once', 'a second tensor of that name');
    const end = begin + byteSize(shape, dtype, what);
    entries.set(tensor, { dtype: DTYPES[dtype].safetensors, shape, data_offsets: [begin, end] });
    infos.push({ name: tensor, dtype, shape, begin, end });
    begin = end;
  }
  checkLayout(infos, name);
  return { bytes: frame(JSON.stringify(Object.fromEntries(entries)), name), infos };
}

/** The bytes of a tensor's elements: a view. */
export const bytesOfTensor = ({ elements }: Tensor): Uint8Array =>
  new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);

/** A file that holds `tensors` in the given order, in pieces; elements are not copied. Throws before the first piece, if at all. */
export function encodeSafetensors(
  tensors: Iterable<readonly [name: string, tensor: Tensor]>,
  metadata: Record<string, string> = {},
): Iterable<Uint8Array> {
  const entries = [...tensors];
  const { bytes } = encodeHeader(
    entries.map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    metadata,
  );
  return pieces(bytes, entries);
}

function* pieces(header: Uint8Array, entries: readonly (readonly [string, Tensor])[]): Generator<Uint8Array> {
  yield header;
  for (const [, tensor] of entries) yield bytesOfTensor(tensor);
}

function frame(json: string, name: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const total = Math.ceil((LENGTH_BYTES + text.length) / DATA_ALIGNMENT) * DATA_ALIGNMENT;
  if (total - LENGTH_BYTES > MAX_HEADER_BYTES) throw bad(name, `a header of at most ${MAX_HEADER_BYTES} bytes`, `${text.length} bytes`);
  const bytes = new Uint8Array(total).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(total - LENGTH_BYTES), true);
  bytes.set(text, LENGTH_BYTES);
  return bytes;
}

function checkDataBytes(header: Header, dataBytes: number, name: string): void {
  if (header.dataBytes > dataBytes) {
    const cut = [...header.tensors, ...header.foreign].sort(byPlace).find((info) => info.end > dataBytes) as AnyInfo;
    const got = `a file with ${dataBytes} bytes of data`;
    throw bad(labelOf(cut.name, name), `data up to byte ${cut.end}`, got, 'The file is cut short');
  }
  if (header.dataBytes < dataBytes)
    throw bad(name, `${header.dataBytes} bytes of data`, `${dataBytes - header.dataBytes} trailing bytes behind the last tensor`);
}

/** Stops where the tensors so far are longer in sum than the bytes that they lie in. */
function readEntries(reader: HeaderReader, name: string): { infos: AnyInfo[]; metadata: Record<string, string> } {
  if (reader.peek() !== '{') throw bad(name, 'a header that begins with "{"', describe(reader.rest(8)));
  const infos: AnyInfo[] = [];
  let metadata: Record<string, string> = Object.create(null);
  let sum = 0;
  let last = 0;
  reader.object((key) => {
    if (key === METADATA) {
      metadata = readMetadata(reader, name);
      return;
    }
    const info = readEntry(reader, key, name);
    sum += Math.max(0, info.end - info.begin);
    last = Math.max(last, info.end);
    infos.push(info);
    if (sum > last) checkOrder(infos.sort(byPlace), name, { holes: true });
  });
  reader.end();
  return { infos, metadata };
}

function readEntry(reader: HeaderReader, tensor: string, name: string): AnyInfo {
  const wrong = (expected: string, got: unknown) =>
    bad(labelOf(tensor, name), expected, got instanceof Unexpected ? `${got}` : describe(got));
  if (reader.peek() !== '{') throw wrong('an object with dtype, shape and data_offsets', reader.other());
  const fields: { dtype?: unknown; shape?: unknown; data_offsets?: unknown } = {};
  reader.object((key) => {
    if (key === 'dtype') fields.dtype = reader.text();
    else if (key === 'shape' || key === 'data_offsets') fields[key] = reader.counts();
    else reader.other();
  });
  const { dtype: stored, shape, data_offsets: offsets } = fields;
  const dtype = typeof stored === 'string' ? (dtypeOfSafetensors(stored) ?? (isForeign(stored) ? stored : '')) : '';
  if (dtype === '') throw wrong(`a dtype of ${STORED}`, stored);
  if (!Array.isArray(shape)) {
    const listed = shape instanceof Unexpected && shape.json.startsWith('[');
    throw wrong(listed ? 'dimensions that are whole numbers from 0' : 'a shape that is an array', shape);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2) throw wrong('data_offsets [begin, end], whole numbers from 0', offsets);
  return { name: tensor, dtype, shape, begin: offsets[0], end: offsets[1] };
}

function readMetadata(reader: HeaderReader, name: string): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  const what = `${METADATA} of ${name}`;
  if (reader.peek() === 'n' && reader.other().json === 'null') return metadata;
  if (reader.peek() !== '{') throw bad(what, 'an object of strings', `${reader.other()}`);
  reader.object((key) => {
    const text = reader.text();
    if (text instanceof Unexpected) throw bad(what, `a string for ${describe(key)}`, `${text}`);
    metadata[key] = text;
  });
  return metadata;
}

function checkMetadata(value: unknown, name: string): Record<string, string> {
  if (!isObject(value)) throw bad(`${METADATA} of ${name}`, 'an object of strings', describe(value));
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw bad(`${METADATA} of ${name}`, `a string for ${describe(key)}`, describe(text));
    if (key === '__proto__') throw bad(`${METADATA} of ${name}`, 'keys other than "__proto__"', describe(key));
    metadata[key] = text;
  }
  return metadata;
}

function decodeText(bytes: Uint8Array, name: string): string {
  const text = decodeUtf8(bytes);
  if (text !== undefined) return text;
  throw new TraceletError('format', { what: `header of ${name}`, expected: 'UTF-8', got: 'other bytes' });
}

function tensorAt({ dtype, shape, begin, end }: TensorInfo, data: Uint8Array): Tensor {
  const { array, bytes } = DTYPES[dtype];
  const aligned = (data.byteOffset + begin) % bytes === 0 ? data.subarray(begin, end) : data.slice(begin, end);
  return new Tensor(dtype, shape, new array(aligned.buffer as ArrayBuffer, aligned.byteOffset, (end - begin) / bytes));
}

async function readUpTo(source: ByteSource, length: number, signal?: AbortSignal): Promise<Uint8Array> {
  let bytes = new Uint8Array(0);
  while (bytes.length < length) {
    signal?.throwIfAborted();
    const wanted = Math.min(length - bytes.length, Math.max(bytes.length, TRUSTED_BYTES));
    const grown = new Uint8Array(bytes.length + wanted);
    grown.set(bytes);
    const read = await source.read(grown.subarray(bytes.length));
    if (read < wanted) return grown.subarray(0, bytes.length + read);
    bytes = grown;
  }
  return bytes;
}

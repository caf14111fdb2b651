import { DTYPES, type DType, type TypedArray } from './dtype.ts';
import { TraceletError } from './error.ts';
import { TO_FLOAT32 } from './float.ts';
import { describe, isObject, parseObject, quoteList } from './json.ts';
import { unpackNibbles } from './nibbles.ts';
import { checkOptions } from './options.ts';
import type { ByteSource } from './platform/platform.ts';
import { isArrayBuffer, isBytes, isUrl } from './realm.ts';
import { GROUP } from './rules.ts';
import { type Header, readHeader, readSafetensors, type TensorInfo } from './safetensors.ts';
import { type Folder, openFile, SOURCE_OPTIONS, type SourceOptions, textOf, textOfFile } from './sources/folder.ts';
import { type Place, placeOf } from './sources/place.ts';
import { openGiven, type Source } from './sources/source.ts';
import { sameShape, Tensor } from './tensor.ts';
import { bytesOfTensor, checkHash, checkTraceHeader, isTrace, SCALE, SMOOTH, STEPS, SUMS, TRACE_NAME } from './trace/file.ts';

/** Named tensors, as a state_dict. Floating ones are float32 whatever the file holds; others keep their dtype. */
export interface Checkpoint {
  /** What messages call it: the path of the file or directory, or "bytes". */
  name: string;
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
}

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const PYTORCH = 'pytorch_model.bin';
/** Bytes read between two looks at the signal. */
const READ_BYTES = 8 << 20;

/** Where a checkpoint may come from: any source, or an open one that is closed after reading. */
export type CheckpointSource = Source | ByteSource;

/**
 * Reads a checkpoint: a directory, address or hub id with model.safetensors, its index and shards, or a trace; a safetensors file, its bytes (on
 * which float32 tensors may then be views), or a stream of them. 16-bit and 64-bit floats become float32. An int8 tensor with a sibling
 * `<name>.scale`, float32 with one element a row, becomes float32, and the scale is gone. `LayerNorm.gamma` and `.beta` of old
 * checkpoints become `.weight` and `.bias`.
 *
 * Throws `source` where nothing is found, `format` for a broken file, `checkpoint` where names or shards contradict each other.
 */
export async function openCheckpoint(source: CheckpointSource, given: SourceOptions = {}): Promise<Checkpoint> {
  const options = checkOptions('openCheckpoint', given, SOURCE_OPTIONS);
  options.signal?.throwIfAborted();
  if (typeof source === 'string' || isUrl(source)) return readCheckpoint(await placeOf(source, options), options);
  if (isBytes(source)) return plain(await openBytes(source));
  if (isArrayBuffer(source)) return plain(await openBytes(new Uint8Array(source)));
  return plain(await readStream('read' in source ? source : openGiven(source, options), options));
}

/** Reads the checkpoint in a folder, or the file of it that was meant. */
export async function readCheckpoint({ folder, file }: Place, options: SourceOptions): Promise<Checkpoint> {
  return plain(await (file === undefined ? readFolder(folder, options) : readFile(folder, file, options)));
}

function plain(checkpoint: Checkpoint): Checkpoint {
  dequantize(checkpoint);
  return { ...checkpoint, tensors: modernNames(checkpoint) };
}

async function readFile(folder: Folder, file: string, options: SourceOptions): Promise<Checkpoint> {
  if (!file.endsWith('.index.json')) return readStream(await openFile(folder, file), options);
  return readShards(folder, await textOfFile(folder, file), folder.at(file), options);
}

async function readFolder(folder: Folder, options: SourceOptions): Promise<Checkpoint> {
  const { name } = folder;
  const single = await folder.find(SINGLE);
  if (single) return { ...(await readStream(single, options)), name };
  const index = await textOf(folder, INDEX);
  if (index !== undefined) return { ...(await readShards(folder, index, folder.at(INDEX), options)), name };
  const trace = await folder.find(TRACE_NAME);
  if (trace) return readStream(trace, options);
  const legacy = await folder.find(PYTORCH);
  await legacy?.close();
  throw new TraceletError('source', {
    what: `checkpoint ${name}`,
    expected: `${folder.at(SINGLE)} or ${folder.at(INDEX)}`,
    got: legacy ? `only ${PYTORCH}` : 'neither',
    cure: legacy
      ? 'Save the model once more with safe_serialization'
      : (folder.cure ?? 'Name a directory with one of them, or a .safetensors file'),
  });
}

async function openBytes(bytes: Uint8Array): Promise<Checkpoint> {
  const { header, tensors, metadata } = readSafetensors(bytes, 'bytes');
  if (isTrace(header)) await completeTrace(header, tensors, 'bytes');
  for (const [name, tensor] of tensors) tensors.set(name, widened(tensor));
  return { name: 'bytes', tensors, metadata };
}

async function readStream(source: ByteSource, options: SourceOptions): Promise<Checkpoint> {
  try {
    const header = await readHeader(source, options);
    const tensors = await readTensors(source, header, options);
    await checkEnd(source, header);
    if (isTrace(header)) await completeTrace(header, tensors, source.name);
    return { name: source.name, tensors, metadata: header.metadata };
  } finally {
    await source.close();
  }
}

async function readTensors(source: ByteSource, header: Header, { signal }: SourceOptions): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  for (const info of header.tensors) {
    const what = `tensor ${describe(info.name)} of ${source.name}`;
    const { bytes, finish } = place(info, what);
    for (let at = 0; at < bytes.length; at += READ_BYTES) {
      signal?.throwIfAborted();
      const chunk = bytes.subarray(at, at + READ_BYTES);
      const read = await source.read(chunk);
      if (read < chunk.length) throw cutShort(what, bytes.length, at + read);
    }
    tensors.set(info.name, finish());
  }
  return tensors;
}

/** Memory for the bytes of a tensor, so placed that 16-bit floats can be widened where they lie. */
function place({ dtype, shape, begin, end }: TensorInfo, what: string): { bytes: Uint8Array; finish(): Tensor } {
  const stored = end - begin;
  const buffer = reserve(dtype === 'float16' || dtype === 'bfloat16' ? 2 * stored : stored, what);
  const offset = buffer.byteLength - stored;
  const data: TypedArray = new DTYPES[dtype].array(buffer, offset);
  const finish = () => {
    if (offset === 0) return widened(new Tensor(dtype, shape, data));
    const wide = new Float32Array(buffer);
    TO_FLOAT32[dtype]?.(data, wide);
    return new Tensor('float32', shape, wide);
  };
  return { bytes: new Uint8Array(buffer, offset), finish };
}

function reserve(bytes: number, what: string): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new TraceletError('memory', { what, expected: `${bytes} bytes of memory`, got: String((cause as Error).message), cause });
  }
}

function widened(tensor: Tensor): Tensor {
  const convert = TO_FLOAT32[tensor.dtype];
  if (!convert || tensor.dtype === 'float32') return tensor;
  const wide = new Float32Array(tensor.size);
  convert(tensor.data, wide);
  return new Tensor('float32', tensor.shape, wide);
}

/** Checks a trace's hashes, and gives tensors that are stored once the other names that they have. */
async function completeTrace(header: Header, tensors: Map<string, Tensor>, file: string): Promise<void> {
  const { aliases, hashes } = await checkTraceHeader(header, file);
  for (const [name, tensor] of [...tensors]) {
    await checkHash(bytesOfTensor(tensor), name, hashes);
    for (const alias of aliases.get(name) ?? []) tensors.set(alias, tensor);
  }
}

async function checkEnd(source: ByteSource, header: Header): Promise<void> {
  if (source.size !== undefined || (await source.read(new Uint8Array(1))) === 0) return;
  throw new TraceletError('format', {
    what: source.name,
    expected: `${header.headerBytes + header.dataBytes} bytes`,
    got: 'trailing bytes behind the last tensor',
  });
}

function cutShort(what: string, expected: number, got: number): TraceletError {
  return new TraceletError('format', { what, expected: `${expected} bytes`, got: `${got}`, cure: 'The file is cut short' });
}

async function readShards(folder: Folder, text: string, index: string, options: SourceOptions): Promise<Checkpoint> {
  const shardOf = parseIndex(text, index);
  const shards = [...new Set(shardOf.values())].sort();
  const tensors = new Map<string, Tensor>();
  const metadata: Record<string, string> = Object.create(null);
  for (const shard of shards) {
    options.signal?.throwIfAborted();
    const part = await readStream(await openShard(folder, shard, index), options);
    for (const [tensor, value] of part.tensors) {
      if (shardOf.get(tensor) !== shard)
        throw misplaced(tensor, index, shardOf.has(tensor) ? describe(shardOf.get(tensor)) : 'no shard', `it in ${describe(shard)}`);
      tensors.set(tensor, value);
    }
    Object.assign(metadata, part.metadata);
  }
  for (const [tensor, shard] of shardOf) if (!tensors.has(tensor)) throw misplaced(tensor, index, describe(shard), 'no such tensor there');
  return { name: index, tensors, metadata };
}

async function openShard(folder: Folder, shard: string, index: string): Promise<ByteSource> {
  const found = await folder.find(shard);
  if (found) return found;
  const problem = { what: `shard ${folder.at(shard)}`, expected: `a file, as ${index} lists it`, got: 'none', cure: folder.cure };
  throw new TraceletError('source', problem);
}

function misplaced(tensor: string, index: string, expected: string, got: string): TraceletError {
  return new TraceletError('checkpoint', { what: `tensor ${describe(tensor)}`, expected: `${expected}, as ${index} says`, got });
}

/** Tensor name to shard name. Shards are plain names of files beside the index. */
function parseIndex(text: string, name: string): Map<string, string> {
  const map = parseObject(text, name).weight_map;
  if (!isObject(map)) throw new TraceletError('format', { what: `weight_map of ${name}`, expected: 'an object', got: describe(map) });
  for (const [tensor, shard] of Object.entries(map))
    if (typeof shard !== 'string' || !/^[^/\\:\0]+\.safetensors$/.test(shard))
      throw new TraceletError('format', {
        what: `weight_map of ${name}`,
        expected: `the name of a .safetensors file beside it for ${describe(tensor)}`,
        got: describe(shard),
      });
  return new Map(Object.entries(map as Record<string, string>));
}

/** Turns integer tensors with a sibling of scales into float32 ones, in place, and drops what belongs to them alone. */
function dequantize(checkpoint: Checkpoint): void {
  const { tensors } = checkpoint;
  const quantised = [...tensors].filter(([name, { dtype }]) => (dtype === 'int8' || dtype === 'uint8') && tensors.has(name + SCALE));
  for (const [name, weight] of quantised) {
    tensors.set(name, floatsOf(checkpoint, name, weight));
    for (const suffix of [SCALE, STEPS, SUMS, SMOOTH]) tensors.delete(name + suffix);
  }
}

function floatsOf({ name: file, tensors }: Checkpoint, name: string, weight: Tensor): Tensor {
  const [rows, width] = weight.shape;
  const nibbles = weight.dtype === 'uint8';
  const cols = nibbles ? 2 * width : width;
  const sibling = (suffix: string, shape: readonly number[], dtype: DType = 'float32'): Tensor => {
    const tensor = tensors.get(name + suffix);
    if (tensor?.dtype === dtype && sameShape(tensor.shape, shape)) return tensor;
    throw new TraceletError('checkpoint', {
      what: `tensor ${describe(name + suffix)} of ${file}`,
      expected: `${dtype} [${shape}] beside ${weight.dtype} [${weight.shape}]`,
      got: tensor ? `${tensor.dtype} [${tensor.shape}]` : 'nothing',
    });
  };
  const scale = sibling(SCALE, [rows]).data as Float32Array;
  const smooth = tensors.has(name + SMOOTH) ? (sibling(SMOOTH, [cols]).data as Float32Array) : undefined;
  const steps = nibbles ? (sibling(STEPS, [rows, cols / GROUP], 'uint8').data as Uint8Array) : undefined;
  const from = steps ? unpackNibbles(weight.data as Uint8Array, steps) : (weight.data as Int8Array);
  const to = Float32Array.from(from, (value, i) => value * scale[Math.floor(i / cols)] * (smooth ? smooth[i % cols] : 1));
  return new Tensor('float32', nibbles ? [rows, cols] : weight.shape, to);
}

const MODERN: Record<string, string> = { gamma: 'weight', beta: 'bias' };

function modernNames({ name, tensors }: Checkpoint): Map<string, Tensor> {
  const modern = (old: string) => old.replace(/(^|\.)LayerNorm\.(gamma|beta)$/, (_, dot, last) => `${dot}LayerNorm.${MODERN[last]}`);
  const clash = [...tensors.keys()].filter((tensor) => modern(tensor) !== tensor && tensors.has(modern(tensor)));
  if (clash.length > 0)
    throw new TraceletError('checkpoint', {
      what: `checkpoint ${name}`,
      expected: 'one spelling of a LayerNorm parameter',
      got: `${quoteList(clash)} beside ${quoteList(clash.map(modern))}`,
    });
  return new Map([...tensors].map(([tensor, value]) => [modern(tensor), value]));
}

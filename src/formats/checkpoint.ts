import { TraceletError } from '../base/error.ts';
import { describe, isObject, quoteList } from '../base/json.ts';
import { onDemand } from '../base/ondemand.ts';
import { checkOptions } from '../base/options.ts';
import { isArrayBuffer, isBytes, isUrl } from '../base/realm.ts';
import type { ByteSource } from '../platform/platform.ts';
import { type Folder, openFile, SOURCE_OPTIONS, type SourceOptions, textOf, textOfFile } from '../sources/folder.ts';
import { peek, refusePointer } from '../sources/head.ts';
import { type Place, placeOf, withoutQuery } from '../sources/place.ts';
import { openGiven, type Source } from '../sources/source.ts';
import { bytesOf } from '../sources/stream.ts';
import { readWhole } from '../sources/whole.ts';
import { DTYPES, type DType, type ForeignDType, isForeign, type TypedArray } from '../tensor/dtype.ts';
import { allocate } from '../tensor/elements.ts';
import { TO_FLOAT32 } from '../tensor/float.ts';
import { type Half, isHalf } from '../tensor/half.ts';
import { Tensor } from '../tensor/tensor.ts';
import { dequantize } from './dequantize.ts';
import { byPlace, type TensorInfo } from './extents.ts';
import { isPyTorch, SIGNATURE_BYTES } from './pytorch.ts';
import { bytesOfTensor, expectEnd, type Header, readHeader, readSafetensors } from './safetensors.ts';
import { misplaced, openShard, parseIndex } from './shards.ts';
import { checkHash, checkTraceHeader, isTrace, TRACE_NAME, type TraceHeader } from './trace.ts';
import { insteadOfCheckpoint } from './unread.ts';
import { readTensors } from './walker.ts';
import { INDEX, PYTORCH, PYTORCH_INDEX, SINGLE } from './weightfiles.ts';

/** Named tensors, as a state_dict. Floating ones are float32 whatever the file holds; others keep their dtype. */
export interface Checkpoint {
  /** What messages call it: the path of the file or directory, or "bytes". */
  name: string;
  tensors: Map<string, Tensor>;
  /** Tensors that were passed over, for nothing here computes with their dtype; absent where there are none. */
  foreign?: ReadonlyMap<string, Foreign>;
  /** The 16-bit dtypes in which the file holds tensors that are float32 here; absent where it holds none. */
  halves?: ReadonlyMap<Tensor, Half>;
  metadata: Record<string, string>;
}

/** What is known of a tensor that was passed over; `dtype` is its name in safetensors. */
export type Foreign = Pick<TensorInfo<ForeignDType>, 'dtype' | 'shape'>;

/** Files that lie beside a checkpoint, and stand for it where one is looked for. */
const BESIDE = /(^|[/\\])(config|modules|config_sentence_transformers)\.json$|\.md$/;
/** Where a checkpoint may come from: any source, or an open one that is closed after reading. */
export type CheckpointSource = Source | ByteSource;

/**
 * Reads a checkpoint: a directory, address or hub id with model.safetensors, its index and shards, a trace, or pytorch_model.bin, its index and
 * shards; a safetensors file or one of torch.save, its bytes (on which float32 tensors may then be views), or a stream of them. 16-bit and 64-bit
 * floats become float32. Integers of a quantised trace become float32 on first use, and what belongs to them, such as `<name>.scale`, is gone.
 * `LayerNorm.gamma` and `.beta` of old checkpoints become `.weight` and `.bias`; `module.`, with which nn.DataParallel begins all
 * names, is cut off. Of files of torch.save nothing is run: their pickles may name what a state_dict is made of.
 *
 * Throws `source` where nothing is found, `format` for a broken file, `unsupported` for files of PyTorch that are no state_dict, and
 * `checkpoint` where names or shards contradict each other.
 */
export async function openCheckpoint(source: CheckpointSource, given: SourceOptions = {}): Promise<Checkpoint> {
  const options = checkOptions('openCheckpoint', given, SOURCE_OPTIONS);
  options.signal?.throwIfAborted();
  if (typeof source === 'string' || isUrl(source)) return readCheckpoint(await placeOf(source, options), options);
  if (isBytes(source) || isArrayBuffer(source)) return plain(await openBytes(bytesOf(source), options));
  return plain(await readStream(isOpen(source) ? source : openGiven(source, options), options));
}

const isOpen = (source: Exclude<CheckpointSource, string | URL>): source is ByteSource =>
  isObject(source) && 'read' in source && 'close' in source && typeof source.name === 'string';

/** Reads the checkpoint in a folder, or the file of it that was meant. */
export async function readCheckpoint({ folder, file }: Place, options: SourceOptions): Promise<Checkpoint> {
  return plain(await (file === undefined ? readFolder(folder, options) : readFile(folder, file, options)));
}

function plain(checkpoint: Checkpoint): Checkpoint {
  dequantize(checkpoint.tensors, checkpoint.name);
  return modernNames(withoutWrapper(checkpoint));
}

async function readFile(folder: Folder, file: string, options: SourceOptions): Promise<Checkpoint> {
  if (BESIDE.test(file)) return readFolder(folder, options);
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
  const pickled = await folder.find(PYTORCH);
  if (pickled) return { ...(await readStream(pickled, options)), name };
  const pickledIndex = await textOf(folder, PYTORCH_INDEX);
  if (pickledIndex !== undefined) return { ...(await readShards(folder, pickledIndex, folder.at(PYTORCH_INDEX), options)), name };
  const { got, cure } = await insteadOfCheckpoint(folder);
  throw new TraceletError('source', {
    what: `checkpoint ${name}`,
    expected: `${folder.at(SINGLE)} or ${folder.at(INDEX)}`,
    got,
    cure: cure ?? 'Name a directory with one of them or with pytorch_model.bin, or a .safetensors or .bin file',
  });
}

async function openBytes(bytes: Uint8Array, options: SourceOptions): Promise<Checkpoint> {
  refusePointer(bytes, 'bytes');
  const head = bytes.subarray(0, SIGNATURE_BYTES);
  if (isPyTorch(head)) return readPyTorch(bytes, head, 'bytes', options);
  const { header, tensors, metadata } = readSafetensors(bytes, 'bytes');
  const trace = isTrace(header) ? await checkTraceHeader(header, 'bytes') : undefined;
  const halves = new Map<Tensor, Half>();
  for (const [name, tensor] of tensors) {
    await checkHashIn(trace, bytesOfTensor(tensor), name);
    tensors.set(name, noted(halves, tensor.dtype, widened(tensor)));
  }
  addAliases(trace, tensors);
  return { name: 'bytes', tensors, foreign: foreignOf(header), halves: orNone(halves), metadata };
}

/** Only those who have such a file load what reads it. Tensors of the same elements are one. */
async function readPyTorch(from: Uint8Array | ByteSource, head: Uint8Array, name: string, { signal }: SourceOptions): Promise<Checkpoint> {
  const torch = await onDemand('what reads files of torch.save', () => import('./torch/checkpoint.ts'));
  torch.refuseOthers(head, name);
  const own = !isBytes(from);
  const raw = torch.readStateDict(own ? await readWhole(from, signal) : from, { name, own });
  const made = new Map<object, Tensor>();
  const tensors = new Map<string, Tensor>();
  const foreign = new Map<string, Foreign>();
  const halves = new Map<Tensor, Half>();
  for (const [key, each] of raw) {
    signal?.throwIfAborted();
    const { dtype, shape, elements } = each;
    if (isForeign(dtype)) {
      foreign.set(key, { dtype, shape });
      continue;
    }
    const tensor = made.get(each) ?? noted(halves, dtype, widened(new Tensor(dtype, shape, elements as TypedArray)));
    made.set(each, tensor);
    tensors.set(key, tensor);
  }
  return { name, tensors, foreign: orNone(foreign), halves: orNone(halves), metadata: Object.create(null) };
}

async function readStream(given: ByteSource, options: SourceOptions): Promise<Checkpoint> {
  const { head, whole: source } = await peek(given, SIGNATURE_BYTES);
  try {
    if (isPyTorch(head)) return await readPyTorch(source, head, source.name, options);
    const header = await readHeader(source, options);
    const trace = isTrace(header) ? await checkTraceHeader(header, source.name) : undefined;
    const { tensors, halves } = await tensorsOf(source, header, trace, options);
    await expectEnd(source, header);
    addAliases(trace, tensors);
    return { name: source.name, tensors, foreign: foreignOf(header), halves: orNone(halves), metadata: header.metadata };
  } finally {
    await source.close();
  }
}

const isForeignInfo = (info: Stored): info is TensorInfo<ForeignDType> => isForeign(info.dtype);

const foreignOf = ({ foreign }: Header): Checkpoint['foreign'] =>
  foreign.length > 0 ? new Map(foreign.map(({ name, dtype, shape }) => [name, { dtype, shape }])) : undefined;

type Stored = TensorInfo | TensorInfo<ForeignDType>;

/** A map, unless it is empty. */
const orNone = <M extends ReadonlyMap<unknown, unknown>>(map: M): M | undefined => (map.size > 0 ? map : undefined);

/** Notes that a file holds `tensor` in `dtype`, if that has 16 bits. */
function noted(halves: Map<Tensor, Half>, dtype: DType, tensor: Tensor): Tensor {
  if (isHalf(dtype)) halves.set(tensor, dtype);
  return tensor;
}

async function tensorsOf(
  source: ByteSource,
  header: Header,
  trace: TraceHeader | undefined,
  { signal }: SourceOptions,
): Promise<{ tensors: Map<string, Tensor>; halves: Map<Tensor, Half> }> {
  const tensors = new Map<string, Tensor>();
  const halves = new Map<Tensor, Half>();
  const placed = new Map<Stored, () => Tensor>();
  const placeOf = (info: Stored): Uint8Array | undefined => {
    if (isForeignInfo(info)) return undefined;
    const { bytes, finish } = place(info, `tensor ${describe(info.name)} of ${source.name}`);
    placed.set(info, finish);
    return bytes;
  };
  const done = async (info: Stored, bytes: Uint8Array): Promise<void> => {
    await checkHashIn(trace, bytes, info.name);
    tensors.set(info.name, noted(halves, info.dtype as DType, (placed.get(info) as () => Tensor)()));
    placed.delete(info);
  };
  await readTensors(source, [...header.tensors, ...header.foreign].sort(byPlace), placeOf, { signal, done });
  return { tensors, halves };
}

/** Memory for the bytes of a tensor, so placed that 16-bit floats can be widened where they lie. */
function place({ dtype, shape, begin, end }: TensorInfo, what: string): { bytes: Uint8Array; finish(): Tensor } {
  const stored = end - begin;
  const buffer = allocate('uint8', isHalf(dtype) ? 2 * stored : stored, what).buffer as ArrayBuffer;
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

function widened(tensor: Tensor): Tensor {
  const convert = TO_FLOAT32[tensor.dtype];
  if (!convert || tensor.dtype === 'float32') return tensor;
  const wide = new Float32Array(tensor.size);
  convert(tensor.data, wide);
  return new Tensor('float32', tensor.shape, wide);
}

/** Checks the hash of what a trace stores; other files have none. */
const checkHashIn = async (trace: TraceHeader | undefined, bytes: Uint8Array, name: string): Promise<void> =>
  trace && checkHash(bytes, name, trace.hashes);

/** Gives tensors that a trace stores once the other names that they have. */
function addAliases(trace: TraceHeader | undefined, tensors: Map<string, Tensor>): void {
  for (const [name, tensor] of [...tensors]) for (const alias of trace?.aliases.get(name) ?? []) tensors.set(alias, tensor);
}

async function readShards(folder: Folder, text: string, index: string, options: SourceOptions): Promise<Checkpoint> {
  const shardOf = parseIndex(text, index, withoutQuery(index).endsWith('.bin.index.json') ? 'bin' : 'safetensors');
  const shards = [...new Set(shardOf.values())].sort();
  const tensors = new Map<string, Tensor>();
  const foreign = new Map<string, Foreign>();
  const halves = new Map<Tensor, Half>();
  const metadata: Record<string, string> = Object.create(null);
  for (const shard of shards) {
    options.signal?.throwIfAborted();
    const part = await readStream(await openShard(folder, shard, index), options);
    for (const tensor of [...part.tensors.keys(), ...(part.foreign?.keys() ?? [])])
      if (shardOf.get(tensor) !== shard)
        throw misplaced(tensor, index, shardOf.has(tensor) ? describe(shardOf.get(tensor)) : 'no shard', `it in ${describe(shard)}`);
    for (const [tensor, value] of part.tensors) tensors.set(tensor, value);
    for (const [tensor, value] of part.foreign ?? []) foreign.set(tensor, value);
    for (const [tensor, dtype] of part.halves ?? []) halves.set(tensor, dtype);
    Object.assign(metadata, part.metadata);
  }
  for (const [tensor, shard] of shardOf)
    if (!tensors.has(tensor) && !foreign.has(tensor)) throw misplaced(tensor, index, describe(shard), 'no such tensor there');
  return { name: index, tensors, foreign: orNone(foreign), halves: orNone(halves), metadata };
}

/** What names of all tensors begin with where a model was saved within one that trains it: nn.DataParallel, torch.compile. */
const WRAPPERS = ['module.', '_orig_mod.'];
const MOST_WRAPPERS = 8;

function withoutWrapper(checkpoint: Checkpoint): Checkpoint {
  const { tensors, foreign } = checkpoint;
  const names = [...tensors.keys(), ...(foreign?.keys() ?? [])];
  let wrapper = '';
  for (let depth = 0; depth < MOST_WRAPPERS && names.length > 0; depth++) {
    const wider = WRAPPERS.map((each) => wrapper + each);
    wrapper = wider.find((prefix) => names.every((name) => name.startsWith(prefix))) ?? wrapper;
  }
  if (wrapper === '') return checkpoint;
  const cut = <T>(map: ReadonlyMap<string, T>) => new Map([...map].map(([name, value]) => [name.slice(wrapper.length), value]));
  return { ...checkpoint, tensors: cut(tensors), foreign: foreign && cut(foreign) };
}

const MODERN: Record<string, string> = { gamma: 'weight', beta: 'bias' };

function modernNames(checkpoint: Checkpoint): Checkpoint {
  const { name, tensors } = checkpoint;
  const modern = (old: string) => old.replace(/(^|\.)LayerNorm\.(gamma|beta)$/, (_, dot, last) => `${dot}LayerNorm.${MODERN[last]}`);
  const clash = [...tensors.keys()].filter((tensor) => modern(tensor) !== tensor && tensors.has(modern(tensor)));
  if (clash.length > 0)
    throw new TraceletError('checkpoint', {
      what: `checkpoint ${name}`,
      expected: 'one spelling of a LayerNorm parameter',
      got: `${quoteList(clash)} beside ${quoteList(clash.map(modern))}`,
    });
  return { ...checkpoint, tensors: new Map([...tensors].map(([tensor, value]) => [modern(tensor), value])) };
}

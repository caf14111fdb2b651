import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { TextDecoder, TextEncoder } from '../base/globals.ts';
import { describe, isObject } from '../base/json.ts';
import { Slice } from '../base/slices.ts';
import type { ByteSource } from '../platform/platform.ts';
import { DTYPES, type DType } from '../tensor/dtype.ts';
import { allocate } from '../tensor/elements.ts';
import { PROVED, type Shape, sizeOf, Tensor } from '../tensor/tensor.ts';
import { bytesOfTensor, encodeHeader, type Header, readHeader, type TensorInfo } from './safetensors.ts';

/**
 * A trace is a safetensors file. Its metadata:
 *
 *   format    "tracelet"
 *   version   of this layout, a whole number
 *   program   JSON of the program without its code, and of those of other methods
 *   aliases   JSON, tensor name to the name under which the same bytes are stored
 *   sha256    JSON, stored tensor name to hash of its bytes
 *   digest    hash of the header with the digest itself as zeros
 *
 * and its tensors:
 *
 *   trace.code                 int32, the instructions
 *   trace.golden.in.<name>     the dummy inputs
 *   trace.golden.out.<name>    what the baseline kernels answer on them
 *   trace.methods.<method>.…   code and golden tensors of another method than forward
 *   trace.files.<path>         uint8, extra files
 *   …                          weights, under their names in the model. An int8 one w stands for w[r, c] · scale[r] · smooth[c], with
 *                              <name>.scale and, unless it is 1, <name>.smooth; a uint8 one holds nibbles (src/ops/nibbles.ts) and has
 *                              <name>.steps as well; <name>.sums are what integer products add (assembly/lib/integer.ts)
 */
export const FORMAT = 'tracelet';
/** Versions that are read. */
const VERSIONS = ['2', '3', '4'] as const;
export type Version = (typeof VERSIONS)[number];
/** The version that is written, with methods beside `forward` and without: who has none of these writes what older readers read. */
const WRITTEN = { alone: '3', several: '4' } as const satisfies Record<string, Version>;
export const CODE = 'trace.code';
export const GOLDEN_IN = 'trace.golden.in.';
export const GOLDEN_OUT = 'trace.golden.out.';
/** The method that a call of a trace runs. */
export const FORWARD = 'forward';
/** What stands before these for another method. */
const METHODS = 'trace.methods.';

/** What the tensors of a method are called. */
export function tensorNames(method: string): { code: string; goldenIn: string; goldenOut: string } {
  const of = (name: string): string => (method === FORWARD ? name : `${METHODS}${method}.${name.slice('trace.'.length)}`);
  return { code: of(CODE), goldenIn: of(GOLDEN_IN), goldenOut: of(GOLDEN_OUT) };
}
export const FILES = 'trace.files.';
/** The file in a trace of what there is to know of it, a line each. */
export const NOTES = 'notes.txt';
/** What stands behind the name of an integer weight in those of the tensors that belong to it. */
export const SCALE = '.scale';
export const STEPS = '.steps';
export const SUMS = '.sums';
export const SMOOTH = '.smooth';
/** What a trace is called in a directory that stands for a model. */
export const TRACE_NAME = 'model.tracelet';
const ZERO_DIGEST = '0'.repeat(64);

/** A tensor to write; `read` may be called twice. */
export interface Entry {
  name: string;
  dtype: DType;
  shape: Shape;
  read: () => Tensor;
}

/** The pieces of a trace file, of one with `methods` beside forward if so said: equal tensors are stored once. Every entry is hashed before the first piece comes. */
export async function encodeTrace(
  entries: readonly Entry[],
  program: string,
  options: { signal?: AbortSignal; methods?: boolean } = {},
): Promise<Iterable<Uint8Array>> {
  const stored: Entry[] = [];
  const hashes: Record<string, string> = {};
  const aliases: Record<string, string> = {};
  const first = new Map<string, string>();
  const slice = new Slice(options.signal);
  for (const entry of entries.toSorted((a, b) => DTYPES[b.dtype].bytes - DTYPES[a.dtype].bytes)) {
    if (options.signal && slice.over) await slice.next();
    options.signal?.throwIfAborted();
    const hash = await platform.sha256(bytesOfTensor(entry.read()));
    const key = `${hash} ${entry.dtype} ${entry.shape}`;
    const same = first.get(key);
    if (same !== undefined) aliases[entry.name] = same;
    else {
      first.set(key, entry.name);
      hashes[entry.name] = hash;
      stored.push(entry);
    }
  }
  const metadata = {
    format: FORMAT,
    version: options.methods ? WRITTEN.several : WRITTEN.alone,
    program,
    aliases: JSON.stringify(aliases),
    sha256: JSON.stringify(hashes),
    digest: ZERO_DIGEST,
  };
  const { bytes } = encodeHeader(stored, metadata);
  const text = new TextDecoder().decode(bytes.subarray(8));
  const sealed = new TextEncoder().encode(
    text.replace(`"digest":"${ZERO_DIGEST}"`, `"digest":"${await platform.sha256(new TextEncoder().encode(text))}"`),
  );
  bytes.set(sealed, 8);
  return pieces(bytes, stored);
}

function* pieces(header: Uint8Array, entries: readonly Entry[]): Generator<Uint8Array> {
  yield header;
  for (const { read } of entries) yield bytesOfTensor(read());
}

/** The checked header of a trace file. */
export interface TraceHeader {
  header: Header;
  /** Of the format. */
  version: Version;
  program: string;
  /** Other names of each stored tensor. */
  aliases: Map<string, string[]>;
  hashes: Record<string, string>;
  /** A stored tensor by its name or another one. */
  find(name: string): TensorInfo | undefined;
}

/** Whether a safetensors file says that it is a trace. */
export const isTrace = ({ metadata }: Header): boolean => metadata.format === FORMAT;

/** Reads and checks the header of a trace. Throws `format`, `version` and `integrity` errors. */
export async function readTraceHeader(source: ByteSource, options: { signal?: AbortSignal } = {}): Promise<TraceHeader> {
  return checkTraceHeader(await readHeader(source, options), source.name);
}

/** Checks the header of the trace `name`. Throws `format`, `version` and `integrity` errors. */
export async function checkTraceHeader(header: Header, name: string): Promise<TraceHeader> {
  const { metadata, json, tensors } = header;
  if (!isTrace(header))
    throw new TraceletError('format', {
      what: name,
      expected: 'a trace',
      got: 'a safetensors file of another kind',
      cure: 'Trace the model first: tracelet trace, or jit.trace and jit.save',
    });
  const version = VERSIONS.find((known) => known === metadata.version);
  if (version === undefined)
    throw new TraceletError('version', {
      what: name,
      expected: `trace version ${VERSIONS.slice(0, -1).join(', ')} or ${VERSIONS.at(-1)}`,
      got: metadata.version ?? 'none',
      cure: 'Use the tracelet that wrote it, or trace the model again',
    });
  const digest = metadata.digest ?? '';
  const unsealed = json.replace(`"digest":"${digest}"`, `"digest":"${ZERO_DIGEST}"`);
  if ((await platform.sha256(new TextEncoder().encode(unsealed))) !== digest) throw damaged(`header of ${name}`);
  const [foreign] = header.foreign;
  if (foreign)
    throw new TraceletError('format', {
      what: `${name}: ${foreign.name}`,
      expected: `a dtype of ${Object.keys(DTYPES)}`,
      got: foreign.dtype,
    });
  const stored = new Map(tensors.map((info) => [info.name, info]));
  const links = stringMap(metadata.aliases, `aliases of ${name}`);
  const aliases = new Map<string, string[]>();
  for (const [alias, target] of Object.entries(links)) {
    if (stored.has(alias) || !stored.has(target))
      throw new TraceletError('format', { what: `${name}: alias ${alias}`, expected: 'a stored tensor under a new name', got: target });
    const others = aliases.get(target);
    if (others) others.push(alias);
    else aliases.set(target, [alias]);
  }
  const find = (tensor: string) => stored.get(tensor) ?? (Object.hasOwn(links, tensor) ? stored.get(links[tensor]) : undefined);
  return { header, version, program: metadata.program ?? '', aliases, hashes: stringMap(metadata.sha256, `sha256 of ${name}`), find };
}

function stringMap(json: string | undefined, what: string): Record<string, string> {
  let map: unknown;
  try {
    map = JSON.parse(json ?? '');
  } catch {
    map = undefined;
  }
  if (!isObject(map) || !Object.values(map).every((value) => typeof value === 'string'))
    throw new TraceletError('format', { what, expected: 'a JSON object of strings', got: describe(json) });
  return map as Record<string, string>;
}

/** Throws an `integrity` error unless `bytes` have the hash that the file states for the tensor `name`. */
export async function checkHash(bytes: Uint8Array, name: string, hashes: Record<string, string>): Promise<void> {
  if ((await platform.sha256(bytes)) !== hashes[name]) throw damaged(name);
}

const damaged = (what: string): TraceletError =>
  new TraceletError('integrity', {
    what,
    expected: 'bytes that match their SHA-256',
    got: 'bytes that do not',
    cure: 'The file is damaged: fetch or make it again',
  });

/** A host tensor for the bytes of `info`. Throws a `memory` error. */
export const tensorFor = ({ name, dtype, shape }: TensorInfo): Tensor =>
  new Tensor(dtype, shape, allocate(dtype, sizeOf(shape), name), PROVED);

import { archives } from '#archives';
import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { TextDecoder } from '../base/globals.ts';
import { describe, isObject } from '../base/json.ts';
import { type CureOf, checkOptions, curesIn, NAMED, OBJECT, type OptionTable, proved, SIGNAL } from '../base/options.ts';
import { isBytes, isDetached } from '../base/realm.ts';
import { kind } from '../base/schema.ts';
import type { ExtraFiles } from '../formats/beside.ts';
import { isPyTorch, SIGNATURE_BYTES } from '../formats/pytorch.ts';
import { TRACE_NAME } from '../formats/trace.ts';
import type { ModelOutput } from '../nn/outputs.ts';
import type { ByteSource } from '../platform/platform.ts';
import type { ThreadCount } from '../runtime/threads/choose.ts';
import { SOURCE_OPTIONS, type SourceOptions } from '../sources/folder.ts';
import { peek } from '../sources/head.ts';
import { openSource, type Source } from '../sources/source.ts';
import type { TracePool } from '../traced/pool/pool.ts';
import { proveTraced, type TracedModule } from '../traced/traced.ts';
import { ARCHIVE_OPTIONS, type ArchiveOptions, refuseArchiveOptions } from './archiveoptions.ts';
import { refuseMore } from './arguments.ts';
import { type LoadOptions, loadTrace, TRACE_LOAD_OPTIONS } from './load.ts';
import { serialized } from './serialized.ts';

export type { ExtraFiles } from '../formats/beside.ts';
export { TracingCheckError } from './checkerror.ts';
export type { TraceOptions } from './trace.ts';

/** Options of {@link save} and {@link serialize}. */
export interface SaveOptions {
  /** More files to travel in the trace, beside those it already has. */
  _extra_files?: ExtraFiles;
  signal?: AbortSignal;
}

const SAVE_OPTIONS: OptionTable<SaveOptions> = {
  _extra_files: kind(
    'texts or bytes by name',
    (value) =>
      isObject(value) &&
      Object.values(value).every((content) => typeof content === 'string' || (isBytes(content) && !isDetached(content.buffer))),
  ),
  signal: SIGNAL,
};

/** PyTorch takes extra files as the third argument. */
const filesByName: CureOf = (name, value) =>
  typeof value === 'string' || isBytes(value) ? `Pass extra files as { _extra_files: { ${JSON.stringify(name)}: … } }` : undefined;

/** The bytes of the trace file in pieces; weights are read back from wasm memory one tensor at a time. */
export async function serialize(traced: TracedModule<unknown>, options: SaveOptions = {}): Promise<Iterable<Uint8Array>> {
  return serialized(traced, proveSaving('jit.serialize', traced, options));
}

function proveSaving(what: string, traced: TracedModule<unknown>, options: SaveOptions): SaveOptions {
  proveTraced(what, traced);
  return checkOptions(what, options, SAVE_OPTIONS, filesByName);
}

/** Writes the trace to a file, whole or not at all. As `torch.jit.save`. */
export async function save(traced: TracedModule<unknown>, path: string, options: SaveOptions = {}, ...others: never[]): Promise<void> {
  const checked = proveSaving('jit.save', traced, options);
  refuseMore('jit.save', others, '{ _extra_files: { … } }');
  proved('jit.save: path', path, { ...NAMED, expected: 'a path', cure: 'jit.serialize answers the bytes of the file' });
  await platform.write(path, await serialized(traced, checked), checked);
}

/** Traces the archive of PyTorch that `source` is. */
export type OpenArchive = <Result>(source: ByteSource, options: ArchiveOptions & LoadOptions) => Promise<TracedModule<Result>>;

/** Options of {@link load}. */
export interface JitLoadOptions extends LoadOptions, SourceOptions, ArchiveOptions {
  /** Filled with the extra files whose names it has, as text. */
  _extra_files?: Record<string, string>;
}

const LOAD_OPTIONS: OptionTable<JitLoadOptions> = {
  ...SOURCE_OPTIONS,
  ...TRACE_LOAD_OPTIONS,
  ...ARCHIVE_OPTIONS,
  _extra_files: OBJECT,
};

const CURES: Readonly<Record<string, string>> = {
  map_location: 'All runs where the program runs: leave it out',
  device: 'All runs where the program runs: leave it out',
  _restore_shapes: 'Leave it out: a trace has its shapes',
};

const cureOf = curesIn(CURES);

/** Options that make {@link load} answer a {@link TracePool}. */
export type WithWorkers = { worker: true } | { workers: ThreadCount };

/**
 * Reads a trace: a file, a URL, bytes, a response or a stream, or the model.tracelet of a directory, an address that ends in a slash, or a
 * hub id. An archive of PyTorch, of `torch.jit.save` or `torch.export.save`, is traced. As `torch.jit.load`. With `worker` or `workers`, a
 * {@link TracePool}. What is damaged never loads.
 */
export function load<Result = ModelOutput>(source: Source, options: JitLoadOptions & WithWorkers): Promise<TracePool<Result>>;
export function load<Result = ModelOutput>(source: Source, options?: JitLoadOptions): Promise<TracedModule<Result>>;
export async function load<Result = ModelOutput>(source: Source, given: JitLoadOptions = {}): Promise<TracedModule<Result>> {
  return loadWith<Result>(archives, source, given);
}

/** As {@link load}; `open` reads archives of PyTorch. */
export async function loadWith<Result>(
  open: OpenArchive | undefined,
  source: Source,
  given: JitLoadOptions,
): Promise<TracedModule<Result>> {
  const options = checkOptions('jit.load', given, LOAD_OPTIONS, cureOf);
  const { head, whole } = await peek(await openSource(source, TRACE_NAME, options), SIGNATURE_BYTES);
  try {
    const traced = await (isPyTorch(head) ? opened<Result>(open, whole, options) : loaded<Result>(whole, options));
    try {
      fill(options._extra_files ?? {}, traced.files);
      return traced;
    } catch (cause) {
      traced.dispose();
      throw cause;
    }
  } finally {
    await whole.close();
  }
}

function loaded<Result>(source: ByteSource, options: JitLoadOptions): Promise<TracedModule<Result>> {
  refuseArchiveOptions(source.name, options);
  return loadTrace<Result>(source, options);
}

function opened<Result>(open: OpenArchive | undefined, source: ByteSource, options: JitLoadOptions): Promise<TracedModule<Result>> {
  if (open) return open<Result>(source, options);
  throw new TraceletError('unsupported', {
    what: source.name,
    expected: 'a trace',
    got: 'a file of PyTorch',
    cure: 'Trace it beforehand (tracelet trace model.pt -o model.tracelet), or open it with jit.open_script',
  });
}

/** Gives each of the `wanted` extra files its text. */
function fill(wanted: Record<string, string>, files: ReadonlyMap<string, Uint8Array>): void {
  for (const name of Object.keys(wanted)) {
    const content = files.get(name);
    if (!content)
      throw new TraceletError('value', {
        what: `extra file ${describe(name)}`,
        expected: `one of ${[...files.keys()].join(', ')}`,
        got: 'no such file',
      });
    wanted[name] = new TextDecoder().decode(content);
  }
}

import { archives } from '#archives';
import { platform } from '#platform';
import { isObject } from '../base/json.ts';
import { type CureOf, checkOptions, NAMED, type OptionTable, proved, SIGNAL } from '../base/options.ts';
import { isBytes, isDetached } from '../base/realm.ts';
import { kind } from '../base/schema.ts';
import type { ExtraFiles } from '../formats/beside.ts';
import type { ModelOutput } from '../nn/outputs.ts';
import type { Source } from '../sources/source.ts';
import type { TracePool } from '../traced/pool/pool.ts';
import { proveTraced, type TracedModule } from '../traced/traced.ts';
import { refuseMore } from './arguments.ts';
import { type JitLoadOptions, loadWith, type WithWorkers } from './loading.ts';
import { serialized } from './serialized.ts';

export type { ExtraFiles } from '../formats/beside.ts';
export { TracingCheckError } from './checkerror.ts';
export type { JitLoadOptions, WithWorkers } from './loading.ts';
export type { TraceOptions } from './trace.ts';
export type { MethodExamples, TracedMethods, TraceModuleOptions } from './tracemodule.ts';

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

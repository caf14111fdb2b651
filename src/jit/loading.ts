import { TraceletError } from '../base/error.ts';
import { TextDecoder } from '../base/globals.ts';
import { describe } from '../base/json.ts';
import { checkOptions, curesIn, OBJECT, type OptionTable } from '../base/options.ts';
import { isPyTorch, SIGNATURE_BYTES } from '../formats/pytorch.ts';
import { TRACE_NAME } from '../formats/trace.ts';
import type { ByteSource } from '../platform/platform.ts';
import type { ThreadCount } from '../runtime/threads/choose.ts';
import { peek } from '../sources/head.ts';
import { SOURCE_OPTIONS, type SourceOptions } from '../sources/options.ts';
import { openSource, type Source } from '../sources/source.ts';
import type { TracePool } from '../traced/pool/pool.ts';
import type { TracedModule } from '../traced/traced.ts';
import { ARCHIVE_OPTIONS, type ArchiveOptions, refuseArchiveOptions } from './archiveoptions.ts';
import { type LoadOptions, loadTrace, TRACE_LOAD_OPTIONS } from './load.ts';

/** Traces the archive of PyTorch that `source` is. */
export type OpenArchive = <Result>(source: ByteSource, options: ArchiveOptions & LoadOptions) => Promise<TracedModule<Result>>;

/** Options of `jit.load`. */
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

/** Options that make `jit.load` answer a {@link TracePool}. */
export type WithWorkers = { worker: true } | { workers: ThreadCount };

/** As `jit.load`; `open` reads archives of PyTorch. */
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
    cure: "Load it with import { jit } from 'tracelet', which reads such files, or trace it beforehand: tracelet trace model.pt -o model.tracelet",
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

import { TextDecoder } from '../base/globals.ts';
import { onDemand } from '../base/ondemand.ts';
import type { AnyModule } from '../nn/module.ts';
import type { ModelOutput } from '../nn/outputs.ts';
import { CONFIG } from '../sentence/config.ts';
import type { Source } from '../sources/source.ts';
import type { ScriptModule } from '../torchscript/module.ts';
import type { TracePool } from '../traced/pool/pool.ts';
import type { TracedModule, TracedResult } from '../traced/traced.ts';
import type { TracingCheckError } from './checkerror.ts';
import type { JitLoadOptions, SaveOptions, WithWorkers } from './files.ts';
import type { OpenArchive } from './loading.ts';
import type { OpenScriptOptions } from './script.ts';
import type { Inputs, TraceOptions } from './trace.ts';
import type { MethodExamples, TracedMethods, TraceModuleOptions } from './tracemodule.ts';

export { TracingCheckError } from './checkerror.ts';
export type { ExtraFiles, JitLoadOptions, SaveOptions, TraceOptions, WithWorkers } from './files.ts';
export type { OpenScriptOptions } from './script.ts';
export type { MethodExamples, TracedMethods, TraceModuleOptions } from './tracemodule.ts';

/** Not that of `archives.ts`: in edge workers, which have none, an import of that module makes `tracelet/jit` larger as well. */
const archives: OpenArchive = async (source, options) => {
  const { traceArchive } = await onDemand('what traces programs of PyTorch', () => import('./archive.ts'));
  return traceArchive(source, options);
};

/** Kinds of folders of sentence-transformers that are made of more modules than vectors of texts. */
const MANY = /"(?:Sparse|MultiVector)Encoder"/;

const files = () => onDemand('what reads and writes traces', () => import('./files.ts'));

/**
 * Reads a trace: a file, a URL, bytes, a response or a stream, or the model.tracelet of a directory, an address that ends in a slash, or a
 * hub id. An archive of PyTorch, of `torch.jit.save` or `torch.export.save`, is traced. As `torch.jit.load`. With `worker` or `workers`, a
 * {@link TracePool}. What is damaged never loads.
 */
export function load<Result = ModelOutput>(source: Source, options: JitLoadOptions & WithWorkers): Promise<TracePool<Result>>;
export function load<Result = ModelOutput>(source: Source, options?: JitLoadOptions): Promise<TracedModule<Result>>;
export async function load<Result = ModelOutput>(source: Source, options: JitLoadOptions = {}): Promise<TracedModule<Result>> {
  const { loadWith } = await onDemand('what reads traces', () => import('./loading.ts'));
  const traced = await loadWith<Result>(archives, source, options);
  try {
    if (MANY.test(new TextDecoder().decode(traced.files.get(CONFIG))))
      (await onDemand('what reads folders of sentence-transformers', () => import('../sentence/more.ts'))).knowMore();
    return traced;
  } catch (error) {
    traced.dispose();
    throw error;
  }
}

/** Writes the trace to a file, whole or not at all. As `torch.jit.save`. */
export async function save(traced: TracedModule<unknown>, path: string, options?: SaveOptions, ...others: never[]): Promise<void> {
  return (await files()).save(traced, path, options, ...others);
}

/** The bytes of the trace file in pieces; weights are read back from wasm memory one tensor at a time. */
export async function serialize(traced: TracedModule<unknown>, options?: SaveOptions): Promise<Iterable<Uint8Array>> {
  return (await files()).serialize(traced, options);
}

/**
 * The module that PyTorch saved with `torch.jit.save` (.pt) or `torch.export.save` (.pt2), of a path, an address, bytes, a response or a stream: its
 * parameters by name, its code, and a forward pass for {@link jit.trace}. Nothing in the file is run but ops that are known here. Throws `source`,
 * `format`, `unsupported` and `version` errors.
 */
export async function open_script(source: Source, options?: OpenScriptOptions): Promise<ScriptModule> {
  const scripts = await onDemand('what reads programs of PyTorch', () => import('./script.ts'));
  return scripts.open_script(source, options);
}

/**
 * Records what `model`, a module or a function of tensors, does on `inputs` (by position, or by name) as a program for their dimensions, or
 * for all sizes within the bounds of `dynamic`, as `torch.jit.trace`.
 * Throws `tied`, `tracing`, `value` and {@link TracingCheckError} errors, and those of the model.
 */
export async function trace<Result>(
  // biome-ignore lint/suspicious/noExplicitAny: takes modules and functions whatever their arguments
  model: (...inputs: any[]) => Result,
  inputs?: Inputs | null,
  options?: TraceOptions,
  ...others: never[]
): Promise<TracedModule<TracedResult<Result>>> {
  const tracing = await onDemand('what traces models', () => import('./trace.ts'));
  return tracing.trace(model, inputs, options, ...others);
}

/**
 * Records several methods of `model`, each on its dummy inputs, as one trace with their weights once: `{ forward: inputs, encode: others }`. The
 * trace has each method by its name, `traced.encode(x)`, and in `traced.methods`. As `torch.jit.trace_module`. Throws the errors of `jit.trace`, and
 * `value` errors for methods that the model does not have or a trace has already.
 */
export async function trace_module<Model extends AnyModule, Examples extends MethodExamples>(
  model: Model,
  inputs: Examples,
  options?: TraceModuleOptions,
  ...others: never[]
): Promise<TracedMethods<Model, Examples>> {
  const tracing = await onDemand('what traces models', () => import('./tracemodule.ts'));
  return tracing.trace_module(model, inputs, options, ...others);
}

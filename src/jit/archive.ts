import { TraceletError } from '../base/error.ts';
import { SEQUENCE } from '../graph/sequences.ts';
import { filling } from '../platform/pieces.ts';
import type { ByteSource } from '../platform/platform.ts';
import { openSource, type Source } from '../sources/source.ts';
import { readWhole } from '../sources/whole.ts';
import { Tensor } from '../tensor/tensor.ts';
import { filesIn } from '../tokenizer/files.ts';
import { partsFor } from '../tokenizer/parts.ts';
import { openScript } from '../torchscript/index.ts';
import type { ScriptModule } from '../torchscript/module.ts';
import type { TracedModule } from '../traced/traced.ts';
import type { ArchiveOptions } from './archiveoptions.ts';
import { exampleInputs } from './examples.ts';
import { type LoadOptions, loadTrace } from './load.ts';
import type { OpenScriptOptions } from './script.ts';
import { serialized } from './serialized.ts';
import { type Inputs, type TraceOptions, trace } from './trace.ts';

/** The module in an archive. */
export async function openModule(source: Source, options: OpenScriptOptions): Promise<ScriptModule> {
  const bytes = await openSource(source, '', options);
  try {
    return await readModule(bytes, options);
  } finally {
    await bytes.close();
  }
}

async function readModule(source: ByteSource, { input_names, signal }: OpenScriptOptions): Promise<ScriptModule> {
  const bytes = await readWhole(source, signal);
  signal?.throwIfAborted();
  return openScript(bytes, source.name, { input_names });
}

/**
 * Traces the module in an archive: on `inputs`, or on inputs of the sizes that it was traced with in Python. Throws the errors of
 * {@link openModule} and {@link trace}, and a `value` error where inputs are to be given.
 */
export async function traceArchive<Result>(source: ByteSource, options: ArchiveOptions & LoadOptions): Promise<TracedModule<Result>> {
  const { inputs, input_names, exact_padding, fusion, check_trace, tokenizer, kernels, threads, signal } = options;
  const module = await readModule(source, { input_names, signal });
  const { dynamic, dynamic_axes } = options.dynamic ? options : (module.open_sizes ?? options);
  const given = inputs ?? exampleInputs(module);
  if (!given) throw withoutInputs(module, source.name);
  const how = { dynamic, dynamic_axes, exact_padding, fusion, check_trace, tokenizer, kernels, signal };
  if (!options.worker && options.workers === undefined && options.integers === undefined)
    return traceScript<Result>(module, given, { ...how, threads });
  const traced = await traceScript<Result>(module, given, how);
  try {
    const pieces = (await serialized(traced, { signal }))[Symbol.iterator]();
    return await loadTrace<Result>({ name: source.name, read: filling(async () => pieces.next().value), close: async () => {} }, options);
  } finally {
    traced.dispose();
  }
}

/** As {@link trace}, for a module whose archive may hold a tokenizer of any kind. */
export async function traceScript<Result>(module: ScriptModule, inputs: Inputs, options: TraceOptions): Promise<TracedModule<Result>> {
  await partsFor(filesIn(module.files));
  const [first] = inputs instanceof Tensor ? [inputs] : Object.values(inputs);
  if (options.dynamic && SEQUENCE in options.dynamic && first instanceof Tensor) module.continue_ranges(first.shape.at(-1) ?? 0);
  return (await trace(module, inputs, options)) as unknown as TracedModule<Result>;
}

const withoutInputs = ({ input_names }: ScriptModule, what: string): TraceletError =>
  new TraceletError('value', {
    what: `jit.load of ${what}`,
    expected: 'inputs, for the archive does not say with which it was traced',
    got: 'none',
    cure: `Give tensors of the sizes to come: { inputs: { ${input_names.map((name) => `${name}: …`).join(', ')} } }`,
  });

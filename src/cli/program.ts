import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { traceScript } from '../jit/archive.ts';
import { exampleInputs, longestSequence } from '../jit/examples.ts';
import * as jit from '../jit/index.ts';
import type { LoadOptions } from '../jit/load.ts';
import type { Inputs } from '../jit/trace.ts';
import { FOREIGN } from '../models/foreign.ts';
import type { SourceOptions } from '../sources/folder.ts';
import { readWhole } from '../sources/whole.ts';
import type { Bounds } from '../tensor/dim.ts';
import type { ScriptModule } from '../torchscript/module.ts';
import type { TracedModule } from '../traced/traced.ts';
import { DEFAULT_SEQ } from './options.ts';
import type { TracingOptions } from './tracing.ts';

const ENDINGS = /\.(pt2?|pth|ptl)$/;
const ADDRESS = /^https?:/;
const MOST_TEXTS = 64;
const LONGEST = 512;

/** Whether `path` is a program that PyTorch saved, not weights: of a file its records say so, of an address its ending. */
export async function isProgram(path: string, signal: AbortSignal): Promise<boolean> {
  if (!ENDINGS.test(path.replace(/[?#].*$/, ''))) return false;
  if (ADDRESS.test(path)) return true;
  if ((await platform.kindOf(path)) !== 'file') return false;
  const source = await platform.open(path, signal);
  try {
    const { kindOf } = await import('../torchscript/archive.ts');
    const kind = kindOf(await readWhole(source, signal));
    return kind === 'script' || kind === 'exported';
  } finally {
    await source.close();
  }
}

/** Traces a program for the sizes that it was made with, or those that are asked for. */
export async function loadProgram(path: string, tracing: TracingOptions, options: LoadOptions & SourceOptions): Promise<TracedModule> {
  const { head, batch, seq: sequence, exactPadding: exact_padding, fusion, check: check_trace, stored } = tracing;
  if (head !== undefined)
    throw new TraceletError('value', { what: '--head', expected: 'a transformers directory', got: `${path}, which has its head` });
  const { kernels, threads, signal, progress_callback } = options;
  const module = await jit.open_script(path, { signal, progress_callback });
  const dtype = FOREIGN.dtype.read(stored);
  if (dtype && dtype !== 'auto') for (const [, parameter] of module.named_parameters()) parameter.store(dtype);
  const dynamic = tracing.dynamic === true ? boundsOf(module) : tracing.dynamic;
  const inputs =
    exampleInputs(module, { batch, sequence }) ?? exampleInputs(module, { sequence: Math.min(DEFAULT_SEQ, longestSequence(module)) });
  return traceScript(module, inputs as Inputs, { dynamic, exact_padding, fusion, check_trace, kernels, threads, signal });
}

function boundsOf(module: ScriptModule): Bounds {
  const longest = Math.min(longestSequence(module), LONGEST);
  return module.open_sizes?.dynamic ?? { batch: [1, MOST_TEXTS], sequence: [1, longest] };
}

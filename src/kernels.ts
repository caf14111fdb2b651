import { platform } from '#platform';
import { TraceletError } from './error.ts';
import { OPS } from './ops.ts';
import type { Variant } from './platform/platform.ts';

export type Kernel = (...args: number[]) => number | void;
export type Kernels = Readonly<Record<string, Kernel>>;

/** Where the host's own data may begin: the first page belongs to the binaries. */
export const MEMORY_BASE = 65536;
const PAGE = 65536;

/** The fastest variant that this engine runs. */
export const bestVariant = (): Variant => (platform.kernelModule('relaxed') ? 'relaxed' : 'baseline');

/** Binds the kernels of `variant` to `memory`; several variants may share one memory. */
export function instantiate(variant: Variant, memory: WebAssembly.Memory): Kernels {
  const module = platform.kernelModule(variant);
  if (!module)
    throw new TraceletError('kernels', {
      what: `${variant} kernels`,
      expected: 'an engine with the wasm features that they use',
      got: 'an engine without them',
      cure: 'Use the "baseline" kernels, or a newer runtime',
    });
  const abort = () => {
    throw new TraceletError('kernels', { what: `${variant} kernels`, expected: 'arguments that keep a kernel’s contract' });
  };
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort } });
  for (const name of Object.keys(OPS))
    if (typeof exports[name] !== 'function')
      throw new TraceletError('kernels', { what: `${variant} kernels`, expected: `an export named ${name}` });
  return exports as unknown as Kernels;
}

/** A memory of at least `bytes` that never grows, or growing from it. Throws a `memory` error. */
export function allocateMemory(bytes: number, what: string): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
  } catch (cause) {
    throw refused(what, bytes, cause);
  }
}

/** Grows `memory` until it holds `bytes`. Throws a `memory` error. */
export function growMemory(memory: WebAssembly.Memory, bytes: number, what: string): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch (cause) {
    throw refused(what, bytes, cause);
  }
}

function refused(what: string, bytes: number, cause: unknown): TraceletError {
  return new TraceletError('memory', {
    what,
    expected: `${(bytes / 2 ** 20).toFixed(1)} MiB of wasm memory (at most 4096)`,
    got: `a refusal (${(cause as Error).message})`,
    cure: 'Use a smaller model, batch or sequence, or quantised weights',
    cause,
  });
}

/** Calls a kernel, turning a wasm trap into a typed error that names `what`. */
export function callKernel(kernel: Kernel, args: readonly number[], what: () => string): void {
  try {
    kernel(...args);
  } catch (cause) {
    if (cause instanceof TraceletError) throw cause;
    throw new TraceletError('kernels', { what: what(), expected: 'a kernel that completes', got: String((cause as Error).message), cause });
  }
}

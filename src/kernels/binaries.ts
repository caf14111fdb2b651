import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { checkOptions, type OptionTable, proved } from '../base/options.ts';
import { isSharedBuffer, isWasmModule } from '../base/realm.ts';
import { kind, oneOf } from '../base/schema.ts';
import { SET_OPS, SETS, type SetName } from '../ops/sets.ts';
import { OP_NAMES } from '../ops/table.ts';
import type { Binary, KernelSource, Variant } from '../platform/platform.ts';
import { MOST_PAGES } from '../platform/shared.ts';
import { carriedBinary } from './sets.ts';

export type Kernel = (...args: number[]) => number | void;
export type Kernels = Readonly<Record<string, Kernel>>;

/** Where the host's own data may begin: the first page belongs to the binaries. */
export const MEMORY_BASE = 65536;
const PAGE = 65536;

let source: KernelSource = platform.kernelModule;
let used = false;

/** Takes kernels from `chosen` from now on. Throws a `kernels` error once any have been taken. */
export function setKernelSource(chosen: KernelSource): void {
  if (used)
    throw new TraceletError('kernels', {
      what: 'choice of kernels',
      expected: 'it before any are used',
      got: 'one after',
      cure: 'Make it first',
    });
  source = chosen;
}

/** Modules that the caller compiled, by the names of their files. */
export type KernelModules = { baseline: WebAssembly.Module; relaxed?: WebAssembly.Module } & {
  [binary in `${SetName}.baseline` | `${SetName}.relaxed`]?: WebAssembly.Module;
};

const MODULE = kind('a WebAssembly.Module', isWasmModule, 'Compile it: await WebAssembly.compile(bytes)');
const NAMED = [undefined, ...(Object.keys(SETS) as SetName[])].flatMap((set) => [binaryOf('baseline', set), binaryOf('relaxed', set)]);
const MODULES = Object.fromEntries(NAMED.map((name) => [name, MODULE])) as OptionTable<KernelModules>;

/**
 * Runs on modules that the caller compiled, from tracelet/wasm/baseline.wasm and tracelet/wasm/relaxed.wasm, and those of sets of ops, such as
 * tracelet/wasm/families.baseline.wasm: for runtimes that have no export condition of their own. Throws a `kernels` error once kernels have been used.
 */
export function useKernels(modules: KernelModules): void {
  checkOptions('useKernels', modules, MODULES);
  if (!modules?.baseline)
    throw new TraceletError('value', {
      what: 'useKernels',
      expected: 'the module of tracelet/wasm/baseline.wasm as { baseline }',
      got: 'none',
    });
  setKernelSource((binary, shared) => (shared ? undefined : (modules as Partial<Record<Binary, WebAssembly.Module>>)[binary]));
}

/** The binary that has the kernels of a set, or those that are always there, in one of their forms. */
export function binaryOf(variant: Variant, set?: SetName): Binary {
  return set ? `${set}.${variant}` : variant;
}

/** The binary that has the kernel of an op, or of that name. */
export const binaryWith = (variant: Variant, name: string): Binary => binaryOf(variant, SET_OPS.get(name));

/** A compiled binary, `shared` or not, or undefined where it cannot be had. */
export function kernelModule(binary: Binary, shared = false): WebAssembly.Module | undefined {
  used = true;
  return source(binary, shared, carriedBinary(binary));
}

export const isShared = ({ buffer }: WebAssembly.Memory): boolean => isSharedBuffer(buffer);

/** The fastest variant that this engine runs. Throws a `kernels` error where there is none. */
export function bestVariant(): Variant {
  if (kernelModule('relaxed')) return 'relaxed';
  if (kernelModule('baseline')) return 'baseline';
  throw new TraceletError('kernels', {
    what: 'tracelet',
    expected: 'an engine with wasm SIMD (Chrome 91, Firefox 89, Safari 16.4, Node 16 and later)',
    got: 'one without',
    cure: 'Use a newer runtime',
  });
}

/** The kernels of `variant` on `memory`, those of a set where one is named; several may share one memory. */
export function instantiate(variant: Variant, memory: WebAssembly.Memory, set?: SetName): Kernels {
  const binary = binaryOf(variant, set);
  const module = kernelModule(binary, isShared(memory));
  if (!module)
    throw new TraceletError('kernels', {
      what: `${binary} kernels`,
      expected: 'their module, and an engine with the wasm features that they use',
      got: 'none',
      cure: set
        ? `Where useKernels gives kernels, give it the module of tracelet/wasm/${binary}.wasm too`
        : 'Leave the option out: the fastest kernels of this engine are chosen',
    });
  const abort = () => {
    throw new TraceletError('kernels', { what: `${binary} kernels`, expected: 'arguments that keep a kernel’s contract' });
  };
  const kernels = kernelsIn(new WebAssembly.Instance(module, { env: { memory, abort } }).exports, variant);
  for (const name of OP_NAMES)
    if (SET_OPS.get(name) === set && typeof kernels[name] !== 'function')
      throw new TraceletError('kernels', { what: `${binary} kernels`, expected: `an export named ${name}` });
  return kernels;
}

/** The kernels of `variant`: in a binary that has several their names begin with it, where they are not those of the first. */
function kernelsIn(exports: WebAssembly.Exports, variant: Variant): Kernels {
  const prefix = `${variant}.`;
  const own = Object.entries(exports).filter(([name]) => name.startsWith(prefix));
  return { ...exports, ...Object.fromEntries(own.map(([name, kernel]) => [name.slice(prefix.length), kernel])) } as Kernels;
}

/** The kernels on a memory, of each binary that is asked for once. */
export class KernelsOn {
  readonly #memory: WebAssembly.Memory;
  readonly #known = new Map<Binary, Kernels>();

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  /** The kernel `name`: of an op, or one that no op has. */
  of(variant: Variant, name: string): Kernel {
    const set = SET_OPS.get(name);
    const binary = binaryOf(variant, set);
    const kernels = this.#known.get(binary) ?? instantiate(variant, this.#memory, set);
    this.#known.set(binary, kernels);
    return kernels[name];
  }
}

/** What may be given as one of the kernels. */
export const VARIANT = oneOf<Variant>(['baseline', 'relaxed', 'debug']);

/** Throws a `value` error unless `variant` names kernels. */
export const proveVariant = (what: string, variant: Variant): Variant => proved(`${what}: kernels`, variant, VARIANT);

const pagesOf = (bytes: number): number => Math.ceil(bytes / PAGE);

/** `bytes` as memories hold them, in whole pages. */
export const wholePages = (bytes: number): number => pagesOf(bytes) * PAGE;

/** A memory of at least `bytes`, which may grow; `shared` ones are for threads. Throws a `memory` error. */
export function allocateMemory(bytes: number, what: string, shared = false): WebAssembly.Memory {
  const initial = pagesOf(bytes);
  try {
    return new WebAssembly.Memory(shared ? { initial, maximum: MOST_PAGES, shared } : { initial });
  } catch (cause) {
    throw refused(what, bytes, cause);
  }
}

/** Grows `memory` until it holds `bytes`. Throws a `memory` error. */
export function growMemory(memory: WebAssembly.Memory, bytes: number, what: string): void {
  const missing = pagesOf(bytes - memory.buffer.byteLength);
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch (cause) {
    throw refused(what, bytes, cause);
  }
}

/** Adds `bytes` to `memory`, behind all that others may have added, and answers where they begin. Throws a `memory` error. */
export function extendMemory(memory: WebAssembly.Memory, bytes: number, what: string): number {
  try {
    return memory.grow(pagesOf(bytes)) * PAGE;
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
    throw new TraceletError('kernels', { what: what(), expected: 'an answer', got: (cause as Error).message, cause });
  }
}

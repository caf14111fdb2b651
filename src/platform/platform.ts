import type { ModelCache } from '../sources/cache.ts';

/** Which compiled form of the kernels: plain SIMD, relaxed SIMD, or SIMD with its asserts on. */
export type Variant = 'baseline' | 'relaxed' | 'debug';

/** Bytes read front to back into memory that the caller owns. */
export interface ByteSource {
  /** What messages call it: a path, a URL, "bytes". */
  readonly name: string;
  /** Bytes in all, where that is known before reading. */
  readonly size?: number;
  /** Fills `target` with the next bytes; answers how many there were (less only at the end). */
  read(target: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** The files of the runtime; where there are none, every call throws a `source` error that says so. */
export interface Files {
  open(path: string): Promise<ByteSource>;
  readText(path: string): Promise<string>;
  readTextSync(path: string): string;
  exists(path: string): Promise<boolean>;
  /** What is at `path`; nothing where there are no files. */
  kindOf(path: string): Promise<'directory' | 'file' | undefined>;
  /** Writes beside `path`, then renames: `path` is either whole or untouched. */
  write(path: string, chunks: Iterable<Uint8Array>, options?: { signal?: AbortSignal }): Promise<void>;
}

/** Gives the compiled kernels, or undefined where the engine cannot run that variant. Throws `kernels` errors. */
export type KernelSource = (variant: Variant) => WebAssembly.Module | undefined;

/** Everything the core asks of the runtime it stands in. Export conditions choose one module of this folder that answers it. */
export interface Platform extends Files {
  kernelModule: KernelSource;
  /** SHA-256 of `bytes` in hexadecimal. */
  sha256(bytes: Uint8Array): string | Promise<string>;
  /** An environment variable, where there are any. */
  env(name: string): string | undefined;
  /** The cache of that name, a directory where there are files, or the default one; undefined where nothing can be kept. */
  cache(name?: string): Promise<ModelCache | undefined>;
}

import type { ModelCache } from './cache.ts';

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
  /** A file, pipe or device; `signal` ends the waiting for what comes through a pipe. */
  open(path: string, signal?: AbortSignal): Promise<ByteSource>;
  readTextSync(path: string): string;
  /** What is at `path`. Throws a `source` error where that is kept from this process. */
  kindOf(path: string): Promise<'directory' | 'file' | undefined>;
  /** Names in a directory, those of directories with a slash behind; undefined where there is none. */
  list(path: string): Promise<readonly string[] | undefined>;
  /** Makes the directory at `path`, and those that it lies in, where they are not there. */
  makeFolder(path: string): Promise<void>;
  /** Writes beside the file at `path`, then renames: it is either whole or untouched. Links are followed; pipes and devices written where they are. */
  write(path: string, chunks: Iterable<Uint8Array>, options?: { signal?: AbortSignal }): Promise<void>;
}

/**
 * A wasm binary of the package: kernels in one of their forms, those of a set of ops, the barrier at which threads meet, or the kernels of
 * searches.
 */
export type Binary = Variant | `${string}.${Variant}` | 'team' | 'search';

/** Binaries that came with a script, by name: in base64, or compiled at an upload. */
export type Carried = Readonly<Record<string, string | WebAssembly.Module>>;

/**
 * Gives a compiled binary, or undefined where the engine cannot run it. `shared` asks for kernels over a memory that threads share, which
 * only a source that has the bytes can give; `carried` is the binary, where a set of ops came with it. Throws `kernels` errors.
 */
export type KernelSource = (binary: Binary, shared?: boolean, carried?: Carried[string]) => WebAssembly.Module | undefined;

/** Another thread. */
export interface Thread {
  post(message: unknown, transfer?: Transferable[]): void;
  /** Whether the process is to wait for the thread, where there is a process that could end. It does until the first message. */
  hold?(waits: boolean): void;
  end(): void;
}

/** Threads of the runtime, all of which run one script. */
export interface Threads {
  /** How many the machine runs at once. */
  readonly count: number;
  /** `heard` gets each message, and `died` the reason why a thread has ended or never began. */
  start(heard: (message: unknown) => void, died: (why: string) => void): Thread;
}

/** Everything the core asks of the runtime it stands in. Export conditions choose one module of this folder that answers it. */
export interface Platform extends Files {
  kernelModule: KernelSource;
  /** The threads that can be had here for src/runtime/threads/worker.ts, or why there are none. */
  threads(): Threads | string;
  /** The same for src/traced/pool/worker.ts, which may have to be loaded. */
  workers(): Promise<Threads | string>;
  /** SHA-256 of `bytes` in hexadecimal. */
  sha256(bytes: Uint8Array): string | Promise<string>;
  /** An environment variable, where there are any. */
  env(name: string): string | undefined;
  /** The cache of that name, a directory where there are files, or the default one; undefined where nothing can be kept. */
  cache(name?: string): Promise<ModelCache | undefined>;
}

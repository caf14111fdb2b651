type Globals = typeof globalThis;
type Builtins = { process?: { getBuiltinModule?(name: string): Partial<Globals> | undefined } };

const builtin = (module: string): Partial<Globals> | undefined => (globalThis as Builtins).process?.getBuiltinModule?.(module);

/** A global that a page imitated in Node, such as that of jsdom, may lack: Node has it in `module`. */
const given = <Name extends 'ReadableStream' | 'TextDecoder' | 'TextEncoder'>(name: Name, module: string): Globals[Name] =>
  globalThis[name] ?? (builtin(module)?.[name] as Globals[Name]);

export type ReadableStream<Chunk> = globalThis.ReadableStream<Chunk>;
export const ReadableStream: Globals['ReadableStream'] = given('ReadableStream', 'node:stream/web');
export const TextDecoder: Globals['TextDecoder'] = given('TextDecoder', 'node:util');
export const TextEncoder: Globals['TextEncoder'] = given('TextEncoder', 'node:util');

export const subtle = (): SubtleCrypto | undefined =>
  globalThis.crypto?.subtle ?? (builtin('node:crypto') as { webcrypto: Crypto } | undefined)?.webcrypto.subtle;

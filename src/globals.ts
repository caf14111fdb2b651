type Builtins = { process?: { getBuiltinModule?(name: string): unknown } };

const builtin = <T>(name: string): T | undefined => (globalThis as Builtins).process?.getBuiltinModule?.(name) as T | undefined;

/** Globals that a page imitated in Node, such as that of jsdom, may lack: Node has them in its modules. */
export const { TextDecoder, TextEncoder } =
  typeof globalThis.TextDecoder === 'function' ? globalThis : (builtin<typeof globalThis>('node:util') ?? globalThis);

export const subtle = (): SubtleCrypto => globalThis.crypto?.subtle ?? builtin<{ webcrypto: Crypto }>('node:crypto')?.webcrypto.subtle;

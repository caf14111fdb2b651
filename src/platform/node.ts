import { readFileSync } from 'node:fs';
import { compiled } from './compile.ts';
import { files } from './files.ts';
import { nodeThreads } from './nodethreads.ts';
import type { Platform } from './platform.ts';

const kernelModule = compiled((variant) => new Uint8Array(readFileSync(new URL(`../../dist/wasm/${variant}.wasm`, import.meta.url))));

/** Node and Deno: binaries in files beside the script. */
export const platform: Platform = {
  ...files,
  kernelModule,
  threads: () => nodeThreads(new URL('../../dist/threads/worker.js', import.meta.url)),
  workers: async () => nodeThreads(new URL('../../dist/pool/worker.js', import.meta.url)),
};

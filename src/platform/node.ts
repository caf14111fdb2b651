import { readFileSync } from 'node:fs';
import { compiled } from './compile.ts';
import { files } from './files.ts';
import { nodeThreads } from './nodethreads.ts';
import type { Platform, Threads } from './platform.ts';

const kernelModule = compiled((binary) => new Uint8Array(readFileSync(new URL(`../../dist/wasm/${binary}.wasm`, import.meta.url))));

/** What a bundler makes as CommonJS has no address that scripts could lie beside. */
function threadsOf(script: () => URL): Threads | string {
  if (process.permission?.has('worker') === false) return 'Node may not start workers here (--allow-worker)';
  try {
    return nodeThreads(script());
  } catch {
    return 'a bundler left the script of workers out (docs/bundlers.md)';
  }
}

/** Node and Deno: binaries in files beside the script. */
export const platform: Platform = {
  ...files,
  kernelModule,
  threads: () => threadsOf(() => new URL('../../dist/runtime/threads/worker.js', import.meta.url)),
  workers: async () => threadsOf(() => new URL('../../dist/traced/pool/worker.js', import.meta.url)),
};

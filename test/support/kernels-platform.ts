import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiled } from '../../src/platform/compile.ts';
import { platform as node } from '../../src/platform/node.ts';

const folder = process.env.TRACELET_KERNELS ?? 'dist/wasm';

/** Node with the kernels of another folder, for which `vitest.config.ts` puts this in the platform's place. */
export const platform = { ...node, kernelModule: compiled((binary) => new Uint8Array(readFileSync(join(folder, `${binary}.wasm`)))) };

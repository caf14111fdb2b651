import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const platform = process.env.TRACELET_KERNELS ? './test/kernels-platform.ts' : './src/platform/node.ts';
const relaxedBehindFlag = process.versions.node.startsWith('20.');

export default defineConfig({
  resolve: { alias: { '#platform': here(platform) } },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    execArgv: relaxedBehindFlag ? ['--experimental-wasm-relaxed-simd'] : [],
  },
});

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { clearEnvironment } from './test/setup/environment.ts';
import { LongFirst } from './test/setup/order.ts';
import { filesAlone } from './test/setup/projects.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const platform = process.env.TRACELET_KERNELS ? './test/support/kernels-platform.ts' : './src/platform/node.ts';
const relaxedBehindFlag = process.versions.node.startsWith('20.');
/** For what hangs: long enough for the slowest test on a machine that is busy with other things. */
const LIMIT_MS = 300_000;

clearEnvironment();
const alone = filesAlone(here('.'));

const resolve = {
  alias: [
    ...Object.entries({
      '#platform': here(platform),
      '#archives': here('./src/jit/archives.ts'),
      '#all-ops': here('./src/kernels/sets/index.ts'),
      '#ops': here('./src/kernels/sets/index.ts'),
      '#exported': here('./src/torchscript/exported/late.ts'),
      '#files': here('./src/sources/places/late.ts'),
      '#pool': here('./src/traced/pool/late.ts'),
      '#queue': here('./src/serve/queue.ts'),
      '#scripts': here('./src/jit/scripts/late.ts'),
      '#search': here('./src/platform/search/file.ts'),
      '#tokenizer-files': here('./src/tokenizer/places/late.ts'),
      '#server': here('./src/serve/server.ts'),
      '#tokenizers': here('./src/tokenizer/late.ts'),
      '#team': here('./src/runtime/threads/late.ts'),
      'fast-check': here('./test/setup/properties.ts'),
    }).map(([find, replacement]) => ({ find, replacement })),
    { find: /^#kernels\/.*$/, replacement: here('./src/platform/beside.ts') },
  ],
};

/** What holds in each project; what is done once for a run stands beside them. */
const common = {
  setupFiles: ['test/setup/bytes.ts'],
  maxWorkers: Math.max(3, availableParallelism() - 1),
  testTimeout: LIMIT_MS,
  hookTimeout: LIMIT_MS,
  restoreMocks: true,
  unstubGlobals: true,
  unstubEnvs: true,
  execArgv: relaxedBehindFlag ? ['--experimental-wasm-relaxed-simd'] : [],
};

export default defineConfig({
  resolve,
  test: {
    ...common,
    globalSetup: ['test/setup/run.ts'],
    sequence: { sequencer: LongFirst },
    projects: [
      { resolve, test: { ...common, name: 'alone', include: alone } },
      {
        resolve,
        test: { ...common, name: 'shared', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...alone], isolate: false },
      },
    ],
  },
});

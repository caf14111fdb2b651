import base from '../../vitest.config.ts';
import { AREAS } from './areas.mjs';

/** How long a mutant may wait for what does not come. Its tests took a few seconds at most. */
const WAIT_MS = 20_000;

const { tests } = AREAS[process.env.TRACELET_MUTATED];

export default {
  ...base,
  test: {
    ...base.test,
    include: tests.map((name) => `test/${name}.test.ts`),
    execArgv: [],
    globalSetup: [],
    testTimeout: WAIT_MS,
    hookTimeout: WAIT_MS,
    runner: './test/mutation/worker.mjs',
    maxWorkers: tests.length,
  },
};

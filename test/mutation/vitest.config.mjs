import base from '../../vitest.config.ts';
import { AREAS } from './areas.mjs';

const { tests, waitMs = 120_000 } = AREAS[process.env.TRACELET_MUTATED];

export default {
  ...base,
  test: {
    ...base.test,
    include: tests.map((name) => `test/${name}.test.ts`),
    execArgv: [],
    globalSetup: [],
    testTimeout: waitMs,
    hookTimeout: waitMs,
    runner: './test/mutation/worker.mjs',
    maxWorkers: tests.length,
  },
};

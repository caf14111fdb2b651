import base from '../../vitest.config.ts';
import { AREAS } from './areas.mjs';

const { tests } = AREAS[process.env.TRACELET_MUTATED];

export default {
  ...base,
  test: {
    ...base.test,
    include: tests.map((name) => `test/${name}.test.ts`),
    execArgv: [],
    globalSetup: [],
    runner: './test/mutation/worker.mjs',
    maxWorkers: tests.length,
  },
};

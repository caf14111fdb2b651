import base from '../../vitest.config.ts';
import { AREAS } from './areas.mjs';

const { TRACELET_MUTATED: area, TRACELET_TESTS: only } = process.env;
const { waitMs = 120_000 } = AREAS[area];
const tests = only ? only.split(',') : AREAS[area].tests;

export default {
  ...base,
  test: {
    ...base.test,
    projects: undefined,
    include: tests.map((name) => `test/${name}.test.ts`),
    execArgv: [],
    globalSetup: [],
    testTimeout: waitMs,
    hookTimeout: waitMs,
    runner: './test/mutation/worker.mjs',
    maxWorkers: tests.length,
  },
};

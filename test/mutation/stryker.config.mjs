const { TRACELET_MUTATED: area, TRACELET_SAMPLE: sample } = process.env;

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'kept',
  plugins: ['words.mjs', 'runner.mjs', 'told.mjs'].map((name) => new URL(name, import.meta.url).pathname),
  ignorers: ['words'],
  testRunnerNodeArgs: process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 600_000,
  dryRunTimeoutMinutes: 30,
  tsconfigFile: 'none',
  tempDirName: `build/mutation/${area}`,
  disableTypeChecks: false,
  ignorePatterns: [
    'assembly',
    'bench',
    'build',
    'docs',
    'examples',
    'models',
    'scripts',
    'test/runtimes',
    'test/mutation/node_modules',
  ].map((path) => `/${path}`),
  incremental: !sample,
  incrementalFile: `build/mutation/${area}.incremental.json`,
  reporters: sample ? ['told'] : ['told', 'clear-text', 'progress', 'json', 'html'],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false, reportMutants: false },
  jsonReporter: { fileName: `build/mutation/${area}.json` },
  htmlReporter: { fileName: `build/mutation/${area}.html` },
};

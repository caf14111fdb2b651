/** Runs the AssemblyScript tests with as-pect and all others with vitest, and ends with one count of both. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const report = `${root}build/vitest.json`;
const node = (stdio, ...args) => spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', stdio, maxBuffer: 1 << 28 });

/** Relaxed SIMD is behind a flag in Node 20 and always on in later ones. */
const FLAGS = process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [];

/** Counts of as-pect with the features of one binary, read off its summary. */
function aspect(config) {
  const { stdout, stderr, status } = node('pipe', ...FLAGS, 'node_modules/@as-pect/cli/lib/test.js', '-a', config);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  const [, passed, all] = stripVTControlCharacters(stdout).match(/\[Tests\]: (\d+) \/ (\d+)/) ?? [0, 0, 1];
  return { passed: Number(passed), failed: Math.max(Number(all) - Number(passed), status === 0 ? 0 : 1), skipped: 0 };
}

function vitest() {
  mkdirSync(`${root}build`, { recursive: true });
  const { status } = node(
    'inherit',
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  );
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'));
  const failed = status !== 0 && numFailedTests === 0 ? 1 : numFailedTests;
  return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests };
}

const counts = [aspect('as-pect.asconfig.json'), aspect('as-pect.relaxed.asconfig.json'), vitest()];
const total = (key) => counts.reduce((sum, each) => sum + each[key], 0);
console.log(`${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
process.exitCode = total('failed') > 0 ? 1 : 0;

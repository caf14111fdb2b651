/** Runs the AssemblyScript tests with as-pect and all others with vitest, and ends with one count of both. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const report = `${root}build/vitest.json`;
const node = (stdio, ...args) => spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', stdio, maxBuffer: 1 << 28 });

/** Counts of `npx asp`, which prints its own under the name of each file. */
function aspect() {
  const { stdout, stderr, status } = node('pipe', 'node_modules/@as-pect/cli/lib/index.js');
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  const plain = stripVTControlCharacters(stdout);
  const count = (pattern) => [...plain.matchAll(pattern)].reduce((sum, [, n]) => sum + Number(n), 0);
  const counts = { passed: count(/(\d+) pass/gi), failed: count(/(\d+) fail/gi), skipped: 0 };
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
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

const counts = [aspect(), vitest()];
const total = (key) => counts.reduce((sum, each) => sum + each[key], 0);
console.log(`${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
process.exitCode = total('failed') > 0 ? 1 : 0;

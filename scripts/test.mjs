/**
 * Runs the AssemblyScript tests with as-pect and all others with vitest, and ends with one count of both.
 *
 *   node scripts/test.mjs [--times 10] [--busy 2] [pool threads …]
 *
 * --times runs them so often, and ends with a count of each round; --busy keeps so many processes busy beside them. Words are those of
 * vitest: files whose names hold one of them, without the AssemblyScript tests.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { buildStale } from './fresh.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const report = `${root}build/vitest-${process.pid}.json`;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string', default: '1' }, busy: { type: 'string', default: '0' } },
});

/** Relaxed SIMD is behind a flag in Node 20 and always on in later ones. */
const FLAGS = process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [];

/** Ends by itself when whoever started it is gone. */
const BUSY = 'const { ppid } = process; while (process.ppid === ppid) for (let i = 0; i < 1e7; i++);';

const node = (stdio, ...args) => spawn(process.execPath, args, { cwd: root, stdio });

/** Counts of as-pect with the features of one binary, read off its summary, and what it wrote. */
async function aspect(config) {
  const child = node(['ignore', 'pipe', 'pipe'], ...FLAGS, 'node_modules/@as-pect/cli/lib/test.js', '-a', config);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
  const [code] = await once(child, 'close');
  const [, passed, all] = stripVTControlCharacters(said).match(/\[Tests\]: (\d+) \/ (\d+)/) ?? [0, 0, 1];
  const failed = Math.max(Number(all) - Number(passed), code === 0 ? 0 : 1);
  return { passed: Number(passed), failed, skipped: 0, names: failed > 0 ? [config] : [], said };
}

async function vitest() {
  mkdirSync(`${root}build`, { recursive: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const [code] = await once(node('inherit', 'node_modules/vitest/vitest.mjs', 'run', ...reporters, ...positionals), 'close');
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0, names: ['vitest did not end'], said: '' };
  const said = readFileSync(report, 'utf8');
  renameSync(report, `${root}build/vitest.json`);
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(said);
  const failures = testResults.flatMap(({ name, status, assertionResults }) => {
    const tests = assertionResults.filter((each) => each.status === 'failed').map(({ fullName }) => fullName);
    const place = name.slice(root.length);
    return status === 'failed' && tests.length === 0 ? [place] : tests.map((each) => `${place}: ${each}`);
  });
  const failed = code === 0 ? numFailedTests : Math.max(numFailedTests, failures.length, 1);
  return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests, names: failures, said: '' };
}

/** One round: as-pect takes seconds of one core, so it runs beside the first files of vitest. */
async function round() {
  const begin = performance.now();
  const configs = positionals.length > 0 ? [] : ['as-pect.asconfig.json', 'as-pect.relaxed.asconfig.json'];
  const counts = await Promise.all([...configs.map(aspect), vitest()]);
  for (const { said } of counts) process.stdout.write(said);
  const total = (key) => counts.reduce((sum, each) => sum + each[key], 0);
  const seconds = Math.round((performance.now() - begin) / 1000);
  const line = `${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`;
  return { line, failed: total('failed'), names: counts.flatMap(({ names }) => names), seconds };
}

buildStale();
const busy = Array.from({ length: Number(values.busy) }, () => node('ignore', '-e', BUSY));
const rounds = [];
try {
  for (let i = 0; i < Number(values.times); i++) {
    rounds.push(await round());
    if (i + 1 < Number(values.times)) console.log(rounds[i].line);
  }
} finally {
  for (const each of busy) each.kill();
}
if (rounds.length > 1)
  rounds.forEach(({ line, names, seconds }, i) => {
    console.log([`round ${i + 1}: ${line}, ${seconds} s`, ...names].join('\n  '));
  });
else console.log(rounds[0].line);
process.exitCode = rounds.some(({ failed }) => failed > 0) ? 1 : 0;

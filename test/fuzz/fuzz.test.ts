import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { shareOf } from '../setup/depth.ts';
import type { Case, Tally } from './messages.ts';

const RUN = fileURLToPath(new URL('./run.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'fuzz-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Report {
  tallies: Record<string, Tally>;
  findings: { file: string; problem: string }[];
}

/** What the command line reports, and how it ends. */
async function fuzz(...args: string[]): Promise<Report & { code: number | null }> {
  const report = join(folder, `${args[1]}.report`.replaceAll('/', '-'));
  const given = [RUN, ...args, '--findings', join(folder, 'found'), '--report', report];
  const child = spawn(process.execPath, given, { stdio: ['ignore', 'ignore', 'pipe'] });
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  if (!existsSync(report)) throw new Error(`it ended with ${code}: ${errors.slice(-3000)}`);
  return { code, ...JSON.parse(readFileSync(report, 'utf8')) };
}

const COUNT = shareOf(400);

/** How many mutants of each kind at least are accepted: otherwise nothing behind the first checks is tried. */
const ACCEPTED = { traces: 40, configs: 80, tokenizers: 125, safetensors: 23, pickles: 10, archives: 25, indexes: 68 };

test('mutants of each kind are refused in words, or used as they say', { timeout: 600_000 }, async () => {
  const { tallies, findings, code } = await fuzz('--kind', Object.keys(ACCEPTED).join(), '--count', `${COUNT}`, '--seed', '1');
  expect(findings).toEqual([]);
  expect(code).toBe(0);
  for (const [kind, fewest] of Object.entries(ACCEPTED)) {
    expect(Object.values(tallies[kind]).reduce((a, b) => a + b)).toBe(COUNT);
    expect(tallies[kind].accepted, kind).toBeGreaterThan(shareOf(fewest));
  }
});

/** What is said of each fault; nothing of those that are none. */
const FAULTS: Record<string, RegExp | undefined> = {
  hang: /does not end within/,
  never: /does not end within/,
  slow: /it took \d|does not end within/,
  untyped: /TypeError/,
  unnamed: /does not say what is wrong/,
  long: /its message has \d+ characters/,
  unprintable: /cannot be printed/,
  object: /\[object Object\]/,
  trap: /of code kernels/,
  late: /an error that nobody handles: .*nobody waits/,
  wrong: /other bits/,
  unusable: /it was accepted, and cannot be used/,
  memory: /the process grew by \d+ MB/,
  crash: /the process ended \(SIGABRT\)/,
  exit: /the process ended \(3\)/,
  prototype: /Object\.prototype has polluted/,
  refused: undefined,
  sound: undefined,
};

test('whatever may go wrong is found, and the next mutant tried all the same', { timeout: 600_000 }, async () => {
  const files = Object.keys(FAULTS).map((name) => {
    const given: Case = {
      kind: 'faults',
      name: `fault ${name}`,
      seed: 'sound',
      steps: ['fault'],
      inert: false,
      files: { fault: Buffer.from(name).toString('base64') },
    };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(given));
    return join(folder, `${name}.json`);
  });
  const { tallies, findings, code } = await fuzz('--replay', ...files, '--patience', '1500', '--jobs', '4');
  expect(code).toBe(1);
  expect(Object.values(tallies.faults).reduce((a, b) => a + b)).toBe(files.length);
  for (const [name, said] of Object.entries(FAULTS)) {
    const found = findings.find(({ file }) => file.endsWith(`fault-${name}.json`));
    if (said) expect(found?.problem, name).toMatch(said);
    else expect(found, name).toBeUndefined();
  }
});

test('a campaign goes on behind mutants that end or stop their process', { timeout: 600_000 }, async () => {
  const { tallies, findings } = await fuzz('--kind', 'faults', '--count', '8', '--seed', '3', '--patience', '1500');
  expect(Object.values(tallies.faults).reduce((a, b) => a + b)).toBe(8);
  expect(findings.map(({ problem }) => problem).join()).toMatch(/the process ended/);
});

/**
 * Mutates src and tells which mutants no test notices.
 *
 *   npm run mutate -- tokenizer                       an area, see areas.mjs; without one, all in turn
 *   npm run mutate -- src/tokenizer/row.ts:10-40      a file, or lines of it
 *   npm run mutate -- tokenizer --sample 0.1 --seed 2 a share of its mutants, each equally likely, and the score that follows for all
 *   npm run mutate -- regex --tests tokenizer/pieces  those tests alone: fewer mutants are noticed, in less time
 *   npm run mutate -- formats --static --again        what modules compute when they are loaded as well, and mutants whose result is known
 *
 * Reports and results are in build/mutation; a sample leaves none. Only what changed since is run again, unless --again says so.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildStale } from '../../scripts/fresh.mjs';
import { AREAS, areaOf, filesOf } from './areas.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const STRYKER = `${HERE}node_modules/@stryker-mutator/core/bin/stryker.js`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    static: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    concurrency: { type: 'string', default: '2' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    tests: { type: 'string' },
  },
});

function install() {
  if (existsSync(STRYKER)) return;
  const { npm_execpath: npm } = process.env;
  const [command, ...args] = npm ? [process.execPath, npm] : ['npm'];
  execFileSync(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: HERE, stdio: 'inherit' });
}

/** Areas, and what of each is mutated. @param {string[]} asked */
function targetsOf(asked) {
  const targets = new Map();
  for (const one of asked) {
    const area = one in AREAS ? one : areaOf(one);
    if (!area) throw new Error(`${one} is in no area. Areas are ${Object.keys(AREAS).join(', ')}; areas.mjs says what is in them`);
    targets.set(area, [...(targets.get(area) ?? []), ...(one in AREAS ? filesOf(one) : [one])]);
  }
  return targets;
}

/** A test that was renamed would be missed by nothing else. @param {string} area */
function checkTests(area) {
  const missing = AREAS[area].tests.filter((name) => !existsSync(`${ROOT}test/${name}.test.ts`));
  if (missing.length > 0) throw new Error(`areas.mjs: there are no tests called ${missing.join(', ')} for ${area}`);
}

/** What decides which mutants are made. */
function sampleOf({ sample, seed }) {
  if (sample === undefined) return {};
  if (!(Number(sample) > 0 && Number(sample) <= 1)) throw new Error('--sample takes a share, above 0 and at most 1');
  return { TRACELET_SAMPLE: sample, TRACELET_SEED: seed };
}

function mutate(area, files) {
  const flags = [...(values.static ? [] : ['--ignoreStatic']), ...(values.again ? ['--force'] : [])];
  const args = ['run', `${HERE}stryker.config.mjs`, '--mutate', files.join(','), '--concurrency', values.concurrency, ...flags];
  const { status } = spawnSync(process.execPath, [STRYKER, ...args], {
    cwd: ROOT,
    env: { ...process.env, TRACELET_MUTATED: area, ...sampleOf(values), TRACELET_TESTS: values.tests ?? '' },
    stdio: 'inherit',
  });
  return status === 0;
}

const targets = targetsOf(positionals.length > 0 ? positionals : Object.keys(AREAS));
for (const area of targets.keys()) checkTests(area);
install();
buildStale();
mkdirSync(`${ROOT}build/mutation`, { recursive: true });
const failed = [...targets].filter(([area, files]) => !mutate(area, files)).map(([area]) => area);
if (failed.length > 0) throw new Error(`no result for ${failed.join(', ')}`);

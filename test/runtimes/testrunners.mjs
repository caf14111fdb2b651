/** Test runners that have realms of their own: each runs the suite as a test. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HERE, installed, ROOT } from './install.mjs';
import { LIMIT_MS, start } from './processes.mjs';
import { listPrograms } from './programfiles.mjs';

/** A runner whose arguments `argsOf(folder)` gives; `page` says that it takes the files for pages, which have no files and no workers. */
function runner(name, { node, program, argsOf, page = false }) {
  const where = () => installed(program) && installed(`node${node}/bin/node`);
  return {
    name,
    where,
    async run({ folder, server: { base } }) {
      const lines = join(folder, `${name.replaceAll(/\W/g, '-')}.json`);
      const fixtures = join(ROOT, 'test/fixtures');
      const options = { base, fixtures, programs: listPrograms(), lines, relaxed: node > 20, files: !page, threads: !page };
      const child = start(where(), argsOf(folder), { cwd: folder, env: { TRACELET_SUITE: JSON.stringify(options) } });
      const timer = setTimeout(child.stop, LIMIT_MS);
      const code = await child.ended;
      clearTimeout(timer);
      if (code !== 0) throw new Error(`${name}: exit code ${code}\n${(child.said.stdout + child.said.stderr).slice(-4000)}`);
      const [manifest] = program.match(/^[^/]+/);
      const { version } = JSON.parse(readFileSync(installed(`${manifest}/package.json`), 'utf8'));
      return { version, lines: JSON.parse(readFileSync(lines, 'utf8')) };
    },
  };
}

/** jest with modules as Node has them; `conditions` are those that a jsdom environment resolves packages by. */
export function jest(name, { node, environment, conditions }) {
  const program = 'jest/bin/jest.js';
  const config = (folder) => ({
    rootDir: folder,
    testMatch: ['**/testrunner.test.mjs'],
    moduleFileExtensions: ['mjs', 'js'],
    transform: {},
    testEnvironment: join(HERE, `node_modules/jest-environment-${environment}`),
    testEnvironmentOptions: conditions && { customExportConditions: conditions },
    testTimeout: LIMIT_MS,
    cache: false,
    watchman: false,
  });
  const argsOf = (folder) => ['--experimental-vm-modules', installed(program), '--runInBand', '--config', JSON.stringify(config(folder))];
  return runner(name, { node, program, argsOf, page: environment === 'jsdom' && !conditions });
}

export function vitest(name, { node, environment, pool }) {
  const program = 'vitest/vitest.mjs';
  const options = { environment, pool, testTimeout: LIMIT_MS, maxWorkers: 1, globals: true };
  const flags = Object.entries(options).map(([option, value]) => `--${option}=${value}`);
  return runner(name, { node, program, argsOf: (folder) => [installed(program), 'run', `--root=${folder}`, ...flags] });
}

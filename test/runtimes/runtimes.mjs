/** Every runtime: where it is, and how the suite is run in it. */
import { chromium, firefox, webkit } from './browsers.mjs';
import { bundle, installed } from './install.mjs';
import { LIMIT_MS, output } from './processes.mjs';
import { jest, vitest } from './testrunners.mjs';
import { askWorker, where } from './workerd.mjs';

const binary = (path) => () => installed(path);

function program(name, { where, args = [], relaxed = true }) {
  return {
    name,
    where,
    async run({ folder, server }) {
      const version = (await output(where(), ['--version'])).match(/\d+\.\d+\.\d+/)[0];
      const said = await output(where(), [...args, 'program.mjs', server.base, String(relaxed)], { cwd: folder });
      return { version, lines: JSON.parse(said.trim().split('\n').at(-1)) };
    },
  };
}

function browser(name, { where, open }, relaxed = true) {
  return {
    name,
    where,
    async run({ folder, server }) {
      const script = await bundle({ folder, entry: 'page.mjs' });
      server.pages.set('/page.js', { body: script });
      server.pages.set('/page.html', { body: '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>' });
      const result = server.result(LIMIT_MS);
      result.catch(() => {});
      const { version, close } = await open(`${server.base}/page.html?relaxed=${relaxed}`);
      try {
        return { version, lines: await result };
      } finally {
        await close();
      }
    },
  };
}

const workerd = {
  name: 'workerd',
  where,
  async run({ folder, server }) {
    const version = (await output(where(), ['--version'])).trim().split(' ').at(-1);
    const query = `?base=${encodeURIComponent(server.base)}`;
    return { version, lines: JSON.parse(await askWorker(folder, { entry: 'worker.mjs', query })) };
  },
};

export const RUNTIMES = [
  program('Node 20.0', { where: binary('node20first/bin/node'), relaxed: false }),
  program('Node 20', { where: binary('node20/bin/node'), relaxed: false }),
  program('Node 22', { where: binary('node22/bin/node') }),
  program('Node 24', { where: binary('node24/bin/node') }),
  program('Node 26', { where: binary('node26/bin/node') }),
  program('Deno', { where: binary('.bin/deno'), args: ['run', '-A', '--quiet', '--node-modules-dir=manual'] }),
  program('Bun', { where: binary('.bin/bun') }),
  workerd,
  browser('Chromium', chromium),
  browser('Firefox', firefox),
  browser('WebKitGTK', webkit, false),
  jest('jest, node, Node 20', { node: 20, environment: 'node' }),
  jest('jest, node, Node 22', { node: 22, environment: 'node' }),
  jest('jest, jsdom, Node 20', { node: 20, environment: 'jsdom' }),
  jest('jest, jsdom as Node, Node 22', { node: 22, environment: 'jsdom', conditions: ['node', 'node-addons'] }),
  vitest('vitest, node, forks', { node: 22, environment: 'node', pool: 'forks' }),
  vitest('vitest, node, vmThreads', { node: 22, environment: 'node', pool: 'vmThreads' }),
  vitest('vitest, jsdom, forks', { node: 22, environment: 'jsdom', pool: 'forks' }),
  vitest('vitest, jsdom, vmThreads', { node: 22, environment: 'jsdom', pool: 'vmThreads' }),
];

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error a script without types
import { HERE, installed, installPackage, required } from '../runtimes/install.mjs';
// @ts-expect-error a script without types
import { freePort, output, start, untilAnswered } from '../runtimes/processes.mjs';
// @ts-expect-error a script without types
import { alone, env, put, recipes, server, shell, workshop } from '../runtimes/recipes.mjs';

interface Recipe {
  files: Record<string, string>;
  commands: string[];
}

const present = required || installed('webpack-cli') !== undefined;
const all: Map<string, Recipe> = recipes();
const recipe = (name: string): Recipe => all.get(name) as Recipe;
const COPY = /^cp .*\n/m;
const ASK = `
  const served = await import(process.argv[1]);
  console.log((await (served.handler ?? served.default.handler)({ text: 'a cat' })).length);`;
/** Reads alone are allowed: no recipe needs a folder that can be written to. */
const READ_ONLY = ['--permission', '--allow-fs-read=*'];

let folder: string;
let elsewhere: string;
let remove: () => void;
beforeAll(() => {
  if (!present) return;
  ({ folder, remove } = installPackage());
  elsewhere = mkdtempSync(join(tmpdir(), 'tracelet-alone-'));
});
afterEach(() => {
  if (present) rmSync(join(folder, 'out'), { recursive: true, force: true });
});
afterAll(() => {
  remove?.();
  if (elsewhere) rmSync(elsewhere, { recursive: true, force: true });
});

const scriptOf = (place: string): string => join(place, readdirSync(place).find((name) => /^server\.[cm]?js$/.test(name)) as string);

/** What a bundled server answers, run by `runtime` in `cwd`. */
const ask = (script: string, cwd: string, runtime = installed('node22/bin/node'), flags = READ_ONLY): Promise<string> =>
  output(runtime, [...flags, '--input-type=module', '-e', ASK, script], { cwd });

const build = async (name: string, command: string): Promise<string> => {
  put(folder, { 'server.js': server(), ...recipe(name).files });
  await shell(folder, command);
  return join(folder, 'out');
};

const BUNDLERS = ['esbuild', 'webpack', 'Vite, for servers', 'Bun'].flatMap((name) =>
  recipe(name).commands.map((command, i) => ({ name, command, i })),
);

if (!present) test.skip('left out, npm run runtimes:setup installs the bundlers', () => {});

test('the page has recipes', () => expect(BUNDLERS.length).toBe(7));

describe.runIf(present)('a bundled server', () => {
  test.each(BUNDLERS)('$name $i: runs where nothing else is', async ({ name, command }) => {
    const place = alone(await build(name, command), elsewhere);
    if (command.includes('--target=bun')) {
      put(place, { 'ask.mjs': ASK.replace('process.argv[1]', JSON.stringify(scriptOf(place))) });
      expect(await output(installed('.bin/bun'), ['ask.mjs'], { cwd: place })).toBe('384\n');
    } else expect(await ask(scriptOf(place), place)).toBe('384\n');
  });

  test.each(BUNDLERS.filter(({ command }) => COPY.test(command) && !command.includes('bun ')))(
    '$name $i: finds the model among its packages without a copy',
    async ({ name, command }) => {
      const out = await build(name, command.replace(COPY, ''));
      expect(await ask(scriptOf(out), '/')).toBe('384\n');
      const place = alone(out, elsewhere);
      expect(await ask(scriptOf(place), folder)).toBe('384\n');
      await expect(ask(scriptOf(place), place)).rejects.toThrow(/model\.tracelet: expected a file, got none .*copy it there/);
    },
  );

  test('that lacks the condition of its bundler says which one', async () => {
    const [command] = recipe('esbuild').commands;
    const place = alone(await build('esbuild', command.replace('--bundle', '--bundle --conditions=production')), elsewhere);
    await expect(ask(scriptOf(place), place)).rejects.toThrow(/kernels: expected the file .*"module" beside "node"/);
  });

  /** A server that tells whether calls in threads and workers have the same bits, and how many of each there are. */
  const counting = (from: string): string => `
      import { minilm } from '@tracelet/all-minilm-l6-v2';
      import { jit } from '${from}';
      export async function handler() {
        const [one, two, pool] = await Promise.all([{}, { threads: 2 }, { workers: 1 }].map((options) => jit.load(minilm, options)));
        const rows = await Promise.all([one, two, pool].map((each) => each.embed('a cat')));
        const same = rows.every(({ data }) => data.every((value, i) => value === rows[0].data[i]));
        const counts = { length: [same, two.threads, pool.workers].join() };
        two.dispose();
        pool.dispose();
        return counts;
      }`;

  test('has threads and workers', async () => {
    for (const command of recipe('esbuild').commands) {
      put(folder, { 'server.js': counting('tracelet') });
      await shell(folder, command);
      const place = alone(join(folder, 'out'), elsewhere);
      expect(await ask(scriptOf(place), place, process.execPath, [])).toBe('true,2,1\n');
    }
  });

  test('with tracelet/inline has one thread where its bundler left the others out', async () => {
    put(folder, { 'server.js': counting('tracelet/inline') });
    for (const command of recipe('esbuild').commands.slice(0, 2)) {
      await shell(folder, command.replace('--bundle', '--bundle --conditions=production'));
      const place = alone(join(folder, 'out'), elsewhere);
      expect(await ask(scriptOf(place), place, process.execPath, [])).toBe('true,1,0\n');
    }
  });
});

/** Long, because a build is the work of one core that others may share. */
const BUILD_MS = 900_000;
const LAYOUT = 'export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }';

/** The config of the page, or none, told that the tools lie above the folder. */
const nextConfig = (own = 'export default {};'): string =>
  `${own.replace('export default', 'const own =')}\nexport default { ...own, turbopack: { root: '${HERE}' }, outputFileTracingRoot: '${HERE}' };`;

async function answerOf(script: string[], cwd: string): Promise<number> {
  const port = await freePort();
  const child = start(process.execPath, script, { cwd, env: { ...env, PORT: String(port), HOSTNAME: '127.0.0.1' } });
  try {
    const ask = () => fetch(`http://127.0.0.1:${port}/api?text=a%20cat`);
    const response = await Promise.race([untilAnswered(ask), child.ended.then(() => Promise.reject(new Error(child.said.stderr)))]);
    expect(response.status, child.said.stderr).toBe(200);
    return ((await response.json()) as number[]).length;
  } finally {
    await child.stop();
  }
}

describe.runIf(present)('a route of Next.js', () => {
  const next = installed('next/dist/bin/next');
  let folder: string;
  let remove: () => void;
  beforeAll(() => {
    ({ folder, remove } = workshop());
  });
  afterAll(() => remove?.());

  async function built(config: string, ...flags: string[]): Promise<void> {
    rmSync(join(folder, '.next'), { recursive: true, force: true });
    put(folder, { 'app/layout.js': LAYOUT, ...recipe('Next.js').files, 'next.config.mjs': config });
    await output(process.execPath, [next, 'build', ...flags], { cwd: folder, env, ms: BUILD_MS });
  }

  /** Where the server of a standalone build lies, at another place. */
  function standalone(): string {
    const place = alone(join(folder, '.next/standalone'), elsewhere);
    return join(place, folder.slice(HERE.length));
  }

  test('by Turbopack, in place and standalone', { timeout: 2 * BUILD_MS }, async () => {
    await built(nextConfig("export default { output: 'standalone' };"));
    expect(await answerOf([next, 'start'], folder)).toBe(384);
    const place = standalone();
    expect(await answerOf(['server.js'], place)).toBe(384);
  });

  test('by webpack, in place and standalone', { timeout: 2 * BUILD_MS }, async () => {
    await built(nextConfig(recipe('Next.js').files['next.config.mjs']), '--webpack');
    expect(await answerOf([next, 'start'], folder)).toBe(384);
    const place = standalone();
    expect(await answerOf(['server.js'], place)).toBe(384);
  });

  test('is built out of sight of git', () => {
    expect(execFileSync('git', ['check-ignore', folder], { cwd: HERE, encoding: 'utf8' }).trim()).toBe(folder);
  });
});

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error a script without types
import { chromium } from '../runtimes/browsers.mjs';
// @ts-expect-error a script without types
import { installed, installPackage, required, tool } from '../runtimes/install.mjs';
// @ts-expect-error a script without types
import { LIMIT_MS } from '../runtimes/processes.mjs';
// @ts-expect-error a script without types
import { put, recipes } from '../runtimes/recipes.mjs';
// @ts-expect-error a script without types
import { serve } from '../runtimes/server.mjs';

const present = required || installed('webpack-cli') !== undefined;
const HTML = '<!doctype html><meta charset="utf-8"><title></title><script type="module" src="/page.js"></script>';

let folder: string;
let remove: () => void;
beforeAll(() => {
  ({ folder, remove } = installPackage());
  put(folder, { ...recipes().get('Pages').files, 'index.html': HTML });
});
afterAll(() => remove?.());

const sizeOfModel = (): number => statSync(join(folder, 'node_modules/@tracelet/all-minilm-l6-v2/model.tracelet')).size;

/** What the page at `url` says in its title once the model has answered, where there is a browser to show it. */
async function shown(url: string): Promise<string | undefined> {
  if (!required && !chromium.where()) return undefined;
  const { page, close } = await chromium.open(url);
  try {
    await page.waitForFunction(() => document.title !== '', undefined, { timeout: LIMIT_MS });
    return await page.title();
  } finally {
    await close();
  }
}

const ANSWER = chromium.where() || required ? '1,384' : undefined;

/** The model and a script that names it are in what was made; the page answers. */
async function check(made: string): Promise<void> {
  const names = readdirSync(made, { recursive: true, encoding: 'utf8' });
  const model = names.find((name) => name.endsWith('.tracelet')) as string;
  expect(statSync(join(made, model)).size).toBe(sizeOfModel());
  const scripts = names.filter((name) => name.endsWith('.js')).map((name) => readFileSync(join(made, name), 'utf8'));
  expect(scripts.some((script) => script.includes(model.split('/').at(-1) as string))).toBe(true);
  const server = await serve(made);
  try {
    expect(await shown(`${server.base}/index.html`)).toBe(ANSWER);
  } finally {
    server.close();
  }
}

if (!present) test.skip('left out, npm run runtimes:setup installs the bundlers', () => {});

describe.runIf(present)('a page with the default model', () => {
  test('by vite build', async () => {
    const { build } = await tool('vite');
    const options = { outDir: 'made-by-vite', target: 'es2022' };
    await build({ root: folder, logLevel: 'silent', configFile: false, build: options });
    await check(join(folder, 'made-by-vite'));
  });

  test('by webpack', async () => {
    const { default: webpack } = await tool('webpack');
    const made = join(folder, 'made-by-webpack');
    const config = {
      mode: 'development',
      devtool: false,
      context: folder,
      entry: './page.js',
      output: { path: made, filename: 'page.js' },
    };
    await new Promise<void>((resolve, reject) => {
      webpack(config, (error: Error | null, stats: { hasErrors(): boolean; toString(): string }) =>
        error || stats.hasErrors() ? reject(error ?? new Error(stats.toString())) : resolve(),
      );
    });
    put(made, { 'index.html': HTML });
    await check(made);
  });

  test('by vite dev', async () => {
    const { createServer } = await tool('vite');
    const server = await createServer({ root: folder, logLevel: 'silent', configFile: false, server: { port: 0, hmr: false } });
    try {
      await server.listen();
      const [base] = server.resolvedUrls.local;
      const text = async (path: string): Promise<string> => (await fetch(new URL(path, base))).text();
      const address = /from "([^"]*minilm[^"]*)"/.exec(await text('/page.js'))?.[1] as string;
      const model = /new URL\("([^"]*model\.tracelet)"/.exec(await text(address))?.[1] as string;
      const response = await fetch(new URL(model, base));
      expect(response.headers.get('content-length')).toBe(String(sizeOfModel()));
      await response.body?.cancel();
      expect(await shown(base)).toBe(ANSWER);
    } finally {
      await server.close();
    }
  });
});

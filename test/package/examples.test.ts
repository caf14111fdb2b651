import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jit } from '../../src/index.ts';
// @ts-expect-error a script without types
import { chromium, LEFT_OUT } from '../runtimes/browsers.mjs';
// @ts-expect-error a script without types
import { bundle, installed, installPackage, ROOT, required, tool } from '../runtimes/install.mjs';
// @ts-expect-error a script without types
import { freePort, LIMIT_MS, output, start, untilAnswered } from '../runtimes/processes.mjs';
// @ts-expect-error a script without types
import { serve } from '../runtimes/server.mjs';

const [deno, bun]: (string | undefined)[] = [installed('@deno/linux-x64-glibc/deno'), installed('.bin/bun')];
const TEXT = 'A man is eating food.';

let folder: string;
let remove: () => void;
let wanted: number[];
beforeAll(async () => {
  ({ folder, remove } = installPackage());
  cpSync(join(ROOT, 'examples'), join(folder, 'examples'), { recursive: true, filter: (path) => !path.includes('node_modules') });
  const embedder = await jit.load(join(ROOT, 'models/all-MiniLM-L6-v2/model.tracelet'));
  wanted = Array.from(embedder(TEXT).sentence_embedding.data, Number);
});
afterAll(() => remove?.());

test('Node ranks sentences', async () => {
  const said: string = await output(process.execPath, ['examples/node.mjs', 'Who makes music?'], { cwd: folder });
  expect(said.split('\n')[0]).toMatch(/^0\.\d{3} (A musician performs on stage|The girl plays the violin)\.$/);
});

test.runIf(deno ?? required)('Deno serves embeddings', async () => {
  const port = String(await freePort());
  const permissions = ['--allow-read', '--allow-net', '--allow-env', '--node-modules-dir=manual', '--no-check'];
  const server = start(deno, ['run', ...permissions, 'examples/deno.ts', port], { cwd: folder });
  try {
    const ask = (body: unknown) => fetch(`http://localhost:${port}`, { method: 'POST', body: JSON.stringify(body) });
    expect(await (await untilAnswered(() => ask({ texts: [TEXT] }))).json()).toEqual({ embeddings: [wanted] });
    expect((await ask({})).status).toBe(400);
  } finally {
    await server.stop();
  }
});

test.runIf(bun ?? required)('Bun makes one program with the model inside', async () => {
  await output(bun, ['build', '--compile', 'examples/bun.ts', '--outfile', 'similar'], { cwd: folder });
  const alike = Number(await output(join(folder, 'similar'), ['A cat sleeps.', 'A kitten naps.'], { cwd: '/' }));
  const apart = Number(await output(join(folder, 'similar'), ['A cat sleeps.', 'Stocks fell sharply.'], { cwd: '/' }));
  expect(alike).toBeGreaterThan(0.5);
  expect(apart).toBeLessThan(0.3);
});

if (!required && !chromium.where()) test.skip(LEFT_OUT, () => {});

describe.runIf(chromium.where() ?? required)('in Chromium', () => {
  /** Serves the folder, and hands over a page of it. */
  async function withPage<T>(
    path: string,
    use: (page: { waitForFunction(body: string): Promise<unknown>; evaluate(body: string): Promise<T> }) => Promise<T>,
  ) {
    const server = await serve(folder);
    const { default: playwright } = await tool('playwright-core');
    const browser = await playwright.chromium.launch({
      executablePath: chromium.where(),
      args: ['--no-sandbox', '--disable-gpu'],
      timeout: LIMIT_MS,
    });
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(LIMIT_MS);
      await page.goto(server.base + path);
      return await use(page);
    } finally {
      await browser.close();
      server.close();
    }
  }

  test('a page without a bundler compares sentences', async () => {
    const cells = await withPage<string[]>('/examples/page/index.html', async (page) => {
      await page.waitForFunction('document.querySelectorAll("tr").length === 3');
      return page.evaluate('[...document.querySelectorAll("td")].map((cell) => cell.textContent)');
    });
    expect(cells).toEqual(['1.00', '0.68', '-0.07', '0.68', '1.00', '0.03', '-0.07', '0.03', '1.00']);
  });

  test('a service worker answers for its pages', async () => {
    writeFileSync(join(folder, 'examples/service-worker/sw.js'), await bundle({ folder, entry: 'examples/service-worker/worker.js' }));
    const text = await withPage<string>('/examples/service-worker/index.html', async (page) => {
      await page.waitForFunction('document.title === "ready" || document.title === "failed"');
      return page.evaluate('document.querySelector("pre").textContent');
    });
    expect(text).toContain(JSON.stringify({ embeddings: [wanted] }).slice(0, 150));
  });
});

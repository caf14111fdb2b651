import { cpSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jit } from '../../src/index.ts';
// @ts-expect-error a script without types
import { chromium, firefox, LEFT_OUT } from '../runtimes/browsers.mjs';
// @ts-expect-error a script without types
import { bundle, installed, installPackage, ROOT, required } from '../runtimes/install.mjs';
// @ts-expect-error a script without types
import { freePort, output, start, untilAnswered } from '../runtimes/processes.mjs';
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

describe('tasks', () => {
  const run = (name: string, ...args: string[]): Promise<string> =>
    output(process.execPath, [`examples/tasks/${name}.mjs`, ...args], { cwd: folder });

  test('Markdown files are indexed once, and searched by what they say', async () => {
    mkdirSync(join(folder, 'notes'));
    const notes = { 'garden.md': 'Water the tomatoes in the evening.', 'money.md': 'The bank raised its interest rates again.' };
    for (const [name, text] of Object.entries(notes)) writeFileSync(join(folder, 'notes', name), text);
    expect((await run('search', 'notes', 'loans are getting expensive')).split('\n')[0]).toMatch(/^0\.\d{3} money\.md: The bank/);
    const { mtimeMs } = statSync(join(folder, 'notes/index.json'));
    expect((await run('search', 'notes', 'growing vegetables')).split('\n')[0]).toMatch(/^0\.\d{3} garden\.md: Water/);
    expect(statSync(join(folder, 'notes/index.json')).mtimeMs).toBe(mtimeMs);
  });

  test('a reranker puts what answers before what has the same words', async () => {
    const [words, read] = (await run('rerank')).split('read together');
    const first = (part: string): string[] => [...part.matchAll(/^\d+\.\d+ (.*)$/gm)].map(([, text]) => text);
    expect(first(words)[0]).toBe('Stop it in your account and leave when you like.');
    expect(first(read)[0]).toBe('Ask for a refund in your account.');
    expect((await run('rerank', 'my parcel is late')).split('read together')[1]).toMatch(
      /^1\.00 A late delivery is traced by our carrier\.$/m,
    );
  });

  test('personal data are replaced, and nothing else', async () => {
    expect(await run('redact', 'Please write to grace.kim@example.com or call 0412 558291.')).toBe(
      'Please write to [MAIL] or call [PHONE].\n',
    );
    expect(await run('redact', 'My name is Ada Lovelace and I live in Lisbon.')).toBe('My name is [NAME] and I live in [PLACE].\n');
    expect(await run('redact', '☎ Tel. +44 20 7946018')).toBe('☎ Tel. [PHONE]\n');
    expect(await run('redact', 'The meeting starts at 10:30 in room 204.')).toBe('The meeting starts at 10:30 in room 204.\n');
  });
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

interface Page {
  waitForFunction(body: string): Promise<unknown>;
  evaluate<T>(body: string): Promise<T>;
  reload(): Promise<unknown>;
}
interface Browser {
  where(): string | undefined;
  open(url: string): Promise<{ page: Page; close(): Promise<void>; stopWorkers?(): Promise<void> }>;
}

test.runIf(chromium.where() ?? required)('a page without a bundler compares sentences in Chromium', async () => {
  const server = await serve(folder);
  const { page, close } = await (chromium as Browser).open(`${server.base}/examples/page/index.html`);
  try {
    await page.waitForFunction('document.querySelectorAll("tr").length === 3');
    const cells = await page.evaluate<string[]>('[...document.querySelectorAll("td")].map((cell) => cell.textContent)');
    expect(cells).toEqual(['1.00', '0.68', '-0.07', '0.68', '1.00', '0.03', '-0.07', '0.03', '1.00']);
  } finally {
    await close();
    server.close();
  }
});

const BROWSERS = Object.entries<Browser>({ Chromium: chromium, Firefox: firefox });

describe.each(BROWSERS)('a service worker in %s', (_, browser) => {
  const ask = (path: string, body: object): string =>
    `fetch('${path}', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '${JSON.stringify(body)}' }).then((answer) => answer.json())`;

  /** That the worker answers as the model does here. */
  async function check(page: Page): Promise<void> {
    const [vector] = await page.evaluate<number[][]>(ask('/embed', { inputs: TEXT }));
    expect(Array.from(vector, Math.fround)).toEqual(wanted);
    const { data, usage } = await page.evaluate<{ data: { embedding: number[] }[]; usage: object }>(
      ask('/v1/embeddings', { model: 'minilm', input: [TEXT, 'Hello'] }),
    );
    expect([data.length, Array.from(data[0].embedding, Math.fround)]).toEqual([2, wanted]);
    expect(usage).toEqual({ prompt_tokens: 11, total_tokens: 11 });
    expect(await page.evaluate(ask('/embed', { inputs: '' }))).toMatchObject({ error_type: 'Empty' });
  }

  test.runIf(browser.where() ?? required)('answers its pages, and goes on without a network', async () => {
    writeFileSync(join(folder, 'examples/service-worker/sw.js'), await bundle({ folder, entry: 'examples/service-worker/worker.js' }));
    const server = await serve(folder);
    const { page, close, stopWorkers } = await browser.open(`${server.base}/examples/service-worker/index.html`);
    try {
      await page.waitForFunction('document.title === "ready"');
      await check(page);
      server.close();
      await stopWorkers?.();
      await page.reload();
      await page.waitForFunction('document.title === "ready"');
      await check(page);
    } finally {
      await close();
      server.close();
    }
  });
});

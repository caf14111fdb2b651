import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
// @ts-expect-error a script without types
import { chromium, LEFT_OUT } from '../runtimes/browsers.mjs';
// @ts-expect-error a script without types
import { bundle, installPackage, required } from '../runtimes/install.mjs';
// @ts-expect-error a script without types
import { serve } from '../runtimes/server.mjs';

const PAGE = `
import { jit } from 'tracelet';
const file = await (await fetch('/fixtures/model.tracelet')).arrayBuffer();
const [pool, place] = [await jit.load(file, { worker: true }), await jit.load(file)];
const texts = Array.from({ length: 40 }, (_, i) => 'a man is eating food '.repeat(1 + (i % 20)));
let ticks = 0;
const timer = setInterval(() => ticks++, 5);
const got = await pool.embed(texts);
clearInterval(timer);
const want = await place.embed(texts);
const same = got.data.every((value, i) => value === want.data[i]);
await fetch('/result', { method: 'POST', body: JSON.stringify({ same, ticks, why: pool.explain().split('\\n').at(-1) }) });`;

let folder: string;
let remove: () => void;
beforeAll(() => {
  ({ folder, remove } = installPackage());
});
afterAll(() => remove?.());

const OPEN = { 'cross-origin-opener-policy': 'unsafe-none', 'cross-origin-embedder-policy': 'unsafe-none' };
const pages = [
  ['isolated', {}, /^1 worker, one copy of the weights in all: /],
  ['not isolated', OPEN, /^1 worker, a copy of the weights in each: SharedArrayBuffer is missing/],
  [
    'without leave to make workers of blobs',
    { 'content-security-policy': "worker-src 'self'" },
    /^no workers, so that calls run in place: .*a worker that does not start/,
  ],
] as const;

if (!required && !chromium.where()) test.skip(LEFT_OUT, () => {});

test.runIf(required || chromium.where()).each(pages)('a page that is %s', async (_, headers, why) => {
  const server = await serve();
  writeFileSync(join(folder, 'pool-page.mjs'), PAGE);
  server.pages.set('/page.js', { body: await bundle({ folder, entry: 'pool-page.mjs' }) });
  server.pages.set('/page.html', { body: '<!doctype html><script type="module" src="/page.js"></script>', headers });
  const result = server.result();
  result.catch(() => {});
  try {
    const { close } = await chromium.open(`${server.base}/page.html`);
    try {
      const said = await result;
      expect(said).toMatchObject({ same: true, why: expect.stringMatching(why) });
      if (said.why.startsWith('1 worker')) expect(said.ticks).toBeGreaterThan(10);
    } finally {
      await close();
    }
  } finally {
    server.close();
  }
});

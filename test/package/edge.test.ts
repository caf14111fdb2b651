import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BertConfig, BertForMaskedLM, BertTokenizer, jit, tensor } from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
// @ts-expect-error a script without types
import { HERE, installPackage, ROOT, required } from '../runtimes/install.mjs';
// @ts-expect-error a script without types
import { output, untilAnswered } from '../runtimes/processes.mjs';
// @ts-expect-error a script without types
import { where, withWorker } from '../runtimes/workerd.mjs';
import { fixture } from '../support/fixtures.ts';

const present = where() !== undefined;
const MINILM = join(ROOT, 'models/all-MiniLM-L6-v2/model.tracelet');
/** What an edge worker may take, and V8 held to it: pages of wasm memory and megabytes of objects. */
const LIMIT = 128e6;
const HELD = ['--wasm-max-mem-pages=1600', '--max-old-space-size=96'];

let folder: string;
let remove: () => void;

const vocab = readFileSync(fixture('tokenizer/vocab.txt'), 'utf8');
const tokenizer = BertTokenizer.from_files({ 'vocab.txt': vocab });
const dummies = (length: number) => ({
  input_ids: tensor([new Array(length).fill(5)]),
  attention_mask: tensor([new Array(length).fill(1)]),
});

/** Makes the largest of the models: in the package itself, whose loops are not slowed down by how tests import. */
const LARGE = `
import { readFileSync } from 'node:fs';
import { BertConfig, BertTokenizer, full, jit, SentenceEmbedder } from 'tracelet';
import { quantize } from 'tracelet/quantize';
const [vocab, path] = process.argv.slice(2);
const tokenizer = BertTokenizer.from_files({ 'vocab.txt': readFileSync(vocab, 'utf8') });
const dummies = Object.fromEntries(['input_ids', 'attention_mask'].map((name) => [name, full([1, 32], 1, { dtype: 'int64' })]));
const traced = await jit.trace(new SentenceEmbedder(new BertConfig(), { seed: 1 }), dummies, { tokenizer, check_trace: false });
await jit.save((await quantize(traced, { bits: 4 })).traced, path);
`;

async function saveMaskedModel(path: string): Promise<void> {
  const config = new BertConfig({
    hidden_size: 32,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 64,
    torchscript: true,
  });
  const { traced } = await quantize(await jit.trace(new BertForMaskedLM(config, { seed: 2 }), dummies(16), { tokenizer }));
  await jit.save(traced, path);
}

beforeAll(async () => {
  ({ folder, remove } = installPackage());
  cpSync(join(ROOT, 'examples/edge-worker'), join(folder, 'edge'), { recursive: true, filter: (path) => !/node_modules|build/.test(path) });
  for (const name of ['esbuild', 'miniflare']) symlinkSync(join(HERE, 'node_modules', name), join(folder, 'node_modules', name));
  mkdirSync(join(folder, 'assets'));
  cpSync(MINILM, join(folder, 'assets/embed.tracelet'));
  await saveMaskedModel(join(folder, 'assets/fill.tracelet'));
});
afterAll(() => remove?.());

const post = (url: string | URL, path: string, body: unknown): Promise<Response> =>
  fetch(new URL(path, url), { method: 'POST', body: JSON.stringify(body) });

async function embedding(url: string | URL, text: string): Promise<number[]> {
  const response = await post(url, 'embed', { texts: [text] });
  const body = (await response.json()) as { embeddings: number[][]; error?: string };
  expect(body.error).toBe(undefined);
  return body.embeddings[0];
}

test.runIf(required)('the runtime of edge workers is installed', () => expect(present).toBe(true));

describe.runIf(present)('the worker in workerd', () => {
  test('with its models in a bucket: embeds, fills masks, refuses what is wrong', async () => {
    const { serve } = await import(join(folder, 'edge/local.mjs'));
    const traces = { 'embed.tracelet': MINILM, 'fill.tracelet': join(folder, 'assets/fill.tracelet') };
    const { server, url } = await serve({ port: 0, traces });
    try {
      const text = 'A man is eating food.';
      const answers = await Promise.all([embedding(url, text), embedding(url, text), embedding(url, text)]);
      const here = await jit.load(MINILM);
      for (const answer of answers) expect(answer).toEqual(Array.from(here(text).sentence_embedding.data, Number));
      const { masks } = (await (await post(url, 'fill', { text: 'a [MASK] and a [MASK]' })).json()) as {
        masks: { probability: number }[][];
      };
      expect(masks.map((candidates) => candidates.length)).toEqual([5, 5]);
      expect(masks[0][0].probability).toBeGreaterThanOrEqual(masks[0][1].probability);
      expect((await post(url, 'embed', { texts: 'no list' })).status).toBe(400);
      expect((await post(url, 'fill', [])).status).toBe(400);
      expect((await fetch(new URL('embed', url))).status).toBe(405);
      expect((await post(url, 'elsewhere', {})).status).toBe(404);
    } finally {
      await server.dispose();
    }
  });

  test('is below 90 kB gzipped, its wasm below 13.5 kB', async () => {
    const { bundle } = await import(join(folder, 'edge/bundle.mjs'));
    const files = (await bundle(join(folder, 'uploaded'))) as { path: string; contents: Uint8Array }[];
    const size = (ending: string) =>
      files.filter(({ path }) => path.endsWith(ending)).reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
    console.log(`${size('')} bytes, ${size('.wasm')} of them wasm`);
    expect(files.map(({ contents }) => Buffer.from(contents).toString()).join()).not.toContain('vectors of a search');
    expect(size('.wasm')).toBeGreaterThan(0);
    expect(size('.wasm')).toBeLessThan(13_500);
    expect(size('')).toBeLessThan(90_000);
  });

  test('loads a model once for requests that come together, and again after a failure', async () => {
    const { openModel } = await import(join(folder, 'edge/src/models.js'));
    const bytes = readFileSync(join(folder, 'assets/fill.tracelet'));
    let asked = 0;
    const env = { MODELS: { get: async () => (asked++ === 0 ? null : { body: new Blob([bytes]).stream() }) } };
    const context = { waitUntil: () => {} };
    await expect(openModel('fill.tracelet', env, context)).rejects.toThrow('neither in the bucket');
    const [first, second] = await Promise.all([openModel('fill.tracelet', env, context), openModel('fill.tracelet', env, context)]);
    expect(first).toBe(second);
    expect(asked).toBe(2);
  });

  test('too little memory is an error that names the cure, each time', () =>
    withWorker(
      folder,
      { entry: 'edge/src/worker.js', flags: ['--wasm-max-mem-pages=100'], assets: join(folder, 'assets') },
      async ({ url }: { url: string }) => {
        await untilAnswered(() => fetch(url));
        for (let i = 0; i < 2; i++) {
          const response = await post(url, 'embed', { texts: ['a'] });
          expect(response.status).toBe(500);
          expect(await response.json()).toMatchObject({ code: 'memory', error: expect.stringContaining('Use a smaller model') });
        }
      },
    ));

  /** Bytes that the first answer needed beyond a worker that has answered nothing yet. */
  const measured = (assets: string) =>
    withWorker(folder, { entry: 'edge/src/worker.js', flags: HELD, assets }, async ({ url, peak }: { url: string; peak: () => number }) => {
      await untilAnswered(() => fetch(url));
      const before = peak();
      const vector = await embedding(url, 'A man is eating food.');
      for (let i = 0; i < 20; i++) expect(await embedding(url, 'A man is eating food.')).toEqual(vector);
      return { bytes: peak() - before, vector };
    }) as Promise<{ bytes: number; vector: number[] }>;

  test('MiniLM answers from an isolate that is held to 128 MB', async () => {
    const { bytes, vector } = await measured(join(folder, 'assets'));
    console.log(`MiniLM int8 in workerd: ${(bytes / 1e6).toFixed(1)} MB`);
    expect(vector).toHaveLength(384);
    expect(bytes).toBeLessThan(LIMIT);
  });

  test.runIf(required)('BERT-base at 4 bits answers from an isolate that is held to 128 MB', async () => {
    const assets = join(folder, 'large');
    mkdirSync(assets);
    writeFileSync(join(folder, 'large.mjs'), LARGE);
    await output(process.execPath, ['large.mjs', fixture('tokenizer/vocab.txt'), join(assets, 'embed.tracelet')], { cwd: folder });
    const { bytes, vector } = await measured(assets);
    console.log(`BERT-base int4 in workerd: ${(bytes / 1e6).toFixed(1)} MB`);
    expect(vector).toHaveLength(768);
    expect(bytes).toBeLessThan(LIMIT);
  });
});

test('the README of the worker names commands that are there', () => {
  const readme = readFileSync(join(ROOT, 'examples/edge-worker/README.md'), 'utf8');
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'examples/edge-worker/package.json'), 'utf8')) as { scripts: object };
  for (const [, name] of readme.matchAll(/npm (?:run )?(\w+)/g)) expect(['install', ...Object.keys(scripts)]).toContain(name);
});

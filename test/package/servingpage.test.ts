import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
// @ts-expect-error a script without types
import { ROOT } from '../runtimes/install.mjs';
// @ts-expect-error a script without types
import { freePort, output } from '../runtimes/processes.mjs';
import { encoderFolder } from '../support/encoders.ts';
import { blocksIn, pageAt } from '../support/page.ts';

const page = pageAt('docs/serving.md');
const [listening, answering, clients, within, ...others] = blocksIn(page, 'js');

/** A folder in which `tracelet` resolves to this package, and models have the names that the page gives them. */
let folder: string;
beforeAll(() => {
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  folder = mkdtempSync(join(ROOT, 'build', 'serving-'));
  symlinkSync(join(ROOT, 'models/all-MiniLM-L6-v2/model.tracelet'), join(folder, 'all-MiniLM-L6-v2.tracelet'));
  symlinkSync(encoderFolder('ce-1'), join(folder, 'ms-marco-MiniLM-L6-v2'));
  symlinkSync(encoderFolder('st-mean'), join(folder, 'sentence-transformer'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a program prints, as JSON. */
async function printed(name: string, ...lines: string[]): Promise<unknown> {
  writeFileSync(join(folder, name), lines.join('\n'));
  return JSON.parse(await output(process.execPath, [name], { cwd: folder }));
}

/** The expressions of a block, a line each. */
const expressions = (code: string): string[] => code.split('\n').flatMap((line) => line.replace(/ +\/\/.*$/, '') || []);

const TEXTS = `['A man is eating food.', 'Shares fell on Monday.']`;

test('the server listens, and every client has answers of it', async () => {
  const port = await freePort();
  const [imported, served, closed, ...rest] = expressions(listening.replace('port: 8080', `port: ${port}`));
  expect(rest).toEqual([]);
  const made = expressions(clients).map((each) => each.replace('8080', `${port}`));
  const answers = await printed(
    'clients.mjs',
    imported,
    `import OpenAI from 'openai'
     import { CohereClientV2 } from 'cohere-ai'
     import { InferenceClient, setLogger } from '@huggingface/inference'
     import { createOpenAI } from '@ai-sdk/openai'
     import { createCohere } from '@ai-sdk/cohere'
     import { embedMany, rerank } from 'ai'
     setLogger({ ...console, warn() {} })
     process.env.OPENAI_API_KEY = process.env.COHERE_API_KEY = 'none'
     const [apiKey, token, inputs] = ['none', 'none', ${TEXTS}]`,
    served,
    `const [openai, cohere, vectors, embedding, reranking] = [${made.join(',')}]
     const { data } = await openai.embeddings.create({ model: 'minilm', input: inputs })
     const asked = { query: 'Who eats?', documents: inputs }
     const ranked = [(await cohere.rerank({ model: 'ranker', ...asked })).results, (await rerank({ model: reranking, ...asked })).ranking]
     const all = [data.map(({ embedding }) => embedding), await vectors, (await embedMany({ model: embedding, values: inputs })).embeddings]
     console.log(JSON.stringify({ models: server.models, all: all.map((rows) => rows.map((row) => row.map(Math.fround))), ranked }))`,
    closed,
  );
  const { models, all, ranked } = answers as { models: object; all: number[][][]; ranked: object[][] };
  expect(Object.keys(models)).toEqual(['minilm', 'ranker']);
  expect(all.map((rows) => rows.map(({ length }) => length))).toEqual(Array(3).fill([384, 384]));
  for (const rows of all) expect(rows).toEqual(all[0]);
  expect(ranked.map(({ length }) => length)).toEqual([2, 2]);
});

test('the handler answers what each of its places hands it', async () => {
  const main = `import { posts } from './posts.mjs'
    const { default: { fetch } } = await import('./handler.mjs')
    console.log(JSON.stringify(await posts(fetch)))`;
  writeFileSync(
    join(folder, 'posts.mjs'),
    `let listener, mounted
     globalThis.self = { addEventListener: (type, given) => { if (type === 'fetch') listener = given } }
     globalThis.app = { mount: (path, given) => { if (path === '/models') mounted = given } }
     const viaListener = (request) => new Promise((respondWith) => listener({ request, respondWith }))
     const ask = async (answer) => {
       const headers = { 'content-type': 'application/json' }
       const request = new Request('http://here/embed', { method: 'POST', headers, body: JSON.stringify({ inputs: ${TEXTS} }) })
       const response = await answer(request)
       return [response.status, (await response.json()).map((row) => row.length)]
     }
     export const posts = async (fetch) => [await ask(fetch), await ask(viaListener), await ask(mounted)]`,
  );
  writeFileSync(
    join(folder, 'handler.mjs'),
    `import { jit } from 'tracelet'\nimport { minilm } from '@tracelet/all-minilm-l6-v2'\n${answering}`,
  );
  expect(await printed('places.mjs', main)).toEqual(Array(3).fill([200, [384, 384]]));
});

test('the interfaces of other libraries are answered in the program itself', async () => {
  const lines = within.replaceAll(/^(?:const \w+ = )?await (.*\))(?: +\/\/.*)?$/gm, 'got.push(await $1)');
  const got = await printed(
    'within.mjs',
    `import { CrossEncoder, SentenceTransformer } from 'tracelet'
     import { embedMany, rerank } from 'ai'
     import { FakeVectorStore as SomeVectorStore } from '@langchain/core/utils/testing'
     const sentenceTransformer = await SentenceTransformer.from_pretrained('sentence-transformer')
     const crossEncoder = await CrossEncoder.from_pretrained('ms-marco-MiniLM-L6-v2')
     const [values, query, metadatas, got] = [${TEXTS}, 'Who eats?', [{}, {}], []]
     const [documents, texts] = [values, values]`,
    lines,
    `new TraceletRerank(crossEncoder)
     const [{ embeddings }, { ranking }, store, { shape, data, pooling }] = got
     console.log(JSON.stringify([embeddings.length, ranking.length, store.memoryVectors.length, shape, data.length, pooling]))`,
  );
  expect(got).toEqual([2, 2, 2, [1, expect.any(Number)], 1, 'mean']);
});

test('no block is left out', () => expect(others).toEqual([]));

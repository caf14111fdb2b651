import { join } from 'node:path';
import { createOpenAI } from '@ai-sdk/openai';
import { InferenceClient } from '@huggingface/inference';
import { embedMany } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jit } from '../../src/index.ts';
// @ts-expect-error a script without types
import { installed, installPackage, ROOT, required } from '../runtimes/install.mjs';
// @ts-expect-error a script without types
import { start, untilAnswered } from '../runtimes/processes.mjs';
// @ts-expect-error a script without types
import { where, withWorker } from '../runtimes/workerd.mjs';
import { until } from '../support/until.ts';

const MODEL = join(ROOT, 'models/all-MiniLM-L6-v2');
const TEXTS = ['A man is eating food.', 'Someone is having a meal.', 'Shares fell on Monday.'];

type Use = (url: string) => Promise<void>;

const program = (command: string | undefined, ...args: string[]) => ({
  command,
  async run(folder: string, use: Use): Promise<void> {
    const child = start(command, [...args, 'servingprogram.mjs'], { cwd: folder });
    try {
      const ended = child.ended.then((code: number) => Promise.reject(new Error(`${code}: ${child.said.stderr}`)));
      await Promise.race([until(() => expect(child.said.stdout).toContain('at http')), ended]);
      await Promise.race([use(/at (\S+)/.exec(child.said.stdout)?.[1] as string), ended]);
    } finally {
      await child.stop();
    }
  },
});

const worker = {
  command: where() as string | undefined,
  run: (folder: string, use: Use): Promise<void> =>
    withWorker(folder, { entry: 'servingworker.mjs', assets: MODEL }, async ({ url }: { url: string }) => {
      await untilAnswered(() => fetch(`${url}health`));
      await use(url);
    }),
};

const RUNTIMES = Object.entries({
  'Node 20': program(installed('node20/bin/node')),
  'Node 26': program(installed('node26/bin/node')),
  Bun: program(installed('.bin/bun')),
  Deno: program(installed('.bin/deno'), 'run', '-A', '--quiet', '--node-modules-dir=manual'),
  workerd: worker,
});

let place: { folder: string; remove(): void };
let want: number[][];
beforeAll(async () => {
  place = installPackage();
  const embedder = await jit.load(join(MODEL, 'model.tracelet'));
  want = (await embedder.embed(TEXTS)).tolist() as number[][];
});
afterAll(() => place?.remove());

const floats = (values: readonly number[]): number[] => Array.from(values, Math.fround);

/** That official clients have of a server what the model makes here, and that its errors are those that they know. */
async function clientsAgree(url: string): Promise<void> {
  const openai = new OpenAI({ baseURL: `${url}v1`, apiKey: 'none', maxRetries: 0 });
  const asked = Array.from({ length: 6 }, () => openai.embeddings.create({ model: 'minilm', input: TEXTS }));
  for (const { data } of await Promise.all(asked)) expect(data.map(({ embedding }) => floats(embedding))).toEqual(want);
  await expect(openai.embeddings.create({ model: 'minilm', input: '' })).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  const hub = new InferenceClient();
  expect(((await hub.featureExtraction({ endpointUrl: url, inputs: TEXTS })) as number[][]).map(floats)).toEqual(want);
  const { embeddings } = await embedMany({
    model: createOpenAI({ baseURL: `${url}v1`, apiKey: 'none' }).embedding('minilm'),
    values: TEXTS,
  });
  expect(embeddings.map(floats)).toEqual(want);
  const leaving = AbortSignal.timeout(1);
  await Promise.allSettled([openai.embeddings.create({ model: 'minilm', input: TEXTS }, { signal: leaving })]);
  for (const path of ['health', 'metrics', 'docs', 'openapi.json']) expect((await fetch(url + path)).status).toBe(200);
  expect((await openai.embeddings.create({ model: 'minilm', input: TEXTS[0] })).data).toHaveLength(1);
}

describe('official clients are answered in', () => {
  const missing = RUNTIMES.filter(([, { command }]) => !command);
  if (!required) for (const [name] of missing) test.skip(`${name}: left out, npm run runtimes:setup installs it`, () => {});
  test.each(RUNTIMES.filter(([, { command }]) => required || command))('%s', async (_, { run }) => {
    await run(place.folder, clientsAgree);
  });
});

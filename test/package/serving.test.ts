import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CrossEncoder, jit } from '../../src/index.ts';
// @ts-expect-error a script without types
import { HERE, installed, installPackage, ROOT, required } from '../runtimes/install.mjs';
// @ts-expect-error a script without types
import { output, start, untilAnswered } from '../runtimes/processes.mjs';
// @ts-expect-error a script without types
import { clientsAt, QUERY, TEXTS } from '../runtimes/servingclients.mjs';
// @ts-expect-error a script without types
import { askWorker, where, withWorker } from '../runtimes/workerd.mjs';
import { posted, reranker } from '../support/serving.ts';
import { until } from '../support/until.ts';

const MODEL = join(ROOT, 'models/all-MiniLM-L6-v2/model.tracelet');

type Use = (url: string) => Promise<void>;
type Ranking = readonly (readonly [index: number, score: number])[];
/** What clients have, by client. */
interface Answers {
  vectors: Record<string, number[][]>;
  rankings: Record<string, Ranking>;
  statuses: Record<string, number>;
}

/** A runtime that starts servers, and runs clients. */
interface Runtime {
  command: string | undefined;
  run(folder: string, use: Use): Promise<void>;
  clients(folder: string, url: string): Promise<string>;
}

const program = (command: string | undefined, ...args: string[]): Runtime => ({
  command,
  async run(folder, use) {
    const child = start(command, [...args, 'servingprogram.mjs'], { cwd: folder });
    try {
      const ended = child.ended.then((code: number) => Promise.reject(new Error(`${code}: ${child.said.stderr}`)));
      await Promise.race([until(() => expect(child.said.stdout).toContain('at http')), ended]);
      await Promise.race([use(/at (\S+)/.exec(child.said.stdout)?.[1] as string), ended]);
    } finally {
      await child.stop();
    }
  },
  clients: (_folder, url) => output(command, [...args, 'servingclients.mjs', url], { cwd: HERE }),
});

const worker: Runtime = {
  command: where(),
  run: (folder, use) =>
    withWorker(folder, { entry: 'servingworker.mjs', assets: join(folder, 'assets') }, async ({ url }: { url: string }) => {
      await untilAnswered(() => fetch(`${url}health`));
      await use(url);
    }),
  clients: (folder, url) => askWorker(folder, { entry: join(HERE, 'servingclientsworker.mjs'), query: `?at=${encodeURIComponent(url)}` }),
};

const RUNTIMES = Object.entries({
  'Node 20': program(installed('node20/bin/node')),
  'Node 26': program(installed('node26/bin/node')),
  Bun: program(installed('.bin/bun')),
  Deno: program(installed('.bin/deno'), 'run', '-A', '--quiet', '--node-modules-dir=manual'),
  workerd: worker,
});

let place: { folder: string; remove(): void };
let vectors: number[][];
let ranking: Ranking;
beforeAll(async () => {
  place = installPackage();
  const ranker: CrossEncoder = await reranker();
  ranking = (await ranker.rank(QUERY, TEXTS)).map(({ corpus_id, score }) => [corpus_id, score]);
  vectors = (await (await jit.load(MODEL)).embed(TEXTS)).tolist() as number[][];
  const assets = join(place.folder, 'assets');
  mkdirSync(assets);
  cpSync(MODEL, join(assets, 'model.tracelet'));
  await jit.save(ranker.traced, join(assets, 'ranker.tracelet'));
});
afterAll(() => place?.remove());

const floats = (rows: readonly (readonly number[])[]): number[][] => rows.map((row) => Array.from(row, Math.fround));

/** That clients have of a server what the models make here, and the statuses of errors. Scores are in float32, whose bits depend on the kernels of a runtime. */
function check(answers: Answers): void {
  expect(answers.statuses).toEqual({ openai: 400, 'cohere-ai': 400 });
  for (const [client, rows] of Object.entries(answers.vectors)) expect(Array.isArray(rows) ? floats(rows) : rows, client).toEqual(vectors);
  const near = ranking.map(([index, score]) => [index, expect.closeTo(score, 6)]);
  for (const [client, rows] of Object.entries(answers.rankings)) expect(rows, client).toEqual(near);
}

/** That a client which leaves is no harm, and pages are there. */
async function lives(url: string): Promise<void> {
  const leaving = AbortSignal.timeout(1);
  const { method, headers } = posted('/embed', '');
  await Promise.allSettled([fetch(`${url}embed`, { method, headers, body: JSON.stringify({ inputs: TEXTS }), signal: leaving })]);
  for (const path of ['health', 'metrics', 'docs', 'openapi.json']) expect((await fetch(url + path)).status).toBe(200);
}

describe('official clients are answered in', () => {
  const missing = RUNTIMES.filter(([, { command }]) => !command);
  if (!required) for (const [name] of missing) test.skip(`${name}: left out, npm run runtimes:setup installs it`, () => {});
  test.each(RUNTIMES.filter(([, { command }]) => required || command))('%s, and run in it', async (_, { run, clients }) => {
    await run(place.folder, async (url) => {
      const [here, there] = await Promise.all([clientsAt(url), clients(place.folder, url)]);
      await lives(url);
      for (const answers of [here, JSON.parse(there)]) check(answers);
    });
  });
});

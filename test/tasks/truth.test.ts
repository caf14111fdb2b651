import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Pipeline, pipeline, type TaskName } from '../../src/index.ts';
// @ts-expect-error a script without types
import { apart, callApart } from '../runtimes/answers.mjs';
import { answersIn, foldersOf } from '../support/encoders.ts';
import { pipelineCases } from '../support/pipelines.ts';

let worst = 0;

describe.each(pipelineCases())('$name', ({ directory, task, calls, name }) => {
  let run: Pipeline & ((...args: unknown[]) => Promise<unknown>);
  beforeAll(async () => {
    run = (await pipeline(task as TaskName, directory)) as never;
  });
  afterAll(() => {
    run.dispose();
    if (process.env.TRACELET_PIPELINES) console.log(`${name}: ${worst}`);
    worst = 0;
  });

  test.each(calls.map((call, i) => [i, JSON.stringify(call.kwargs), call] as const))('call %i %s', async (_, __, call) => {
    worst = Math.max(worst, await callApart(task, run, call));
  });
});

interface Ranking {
  method: string;
  args: readonly [query: string, documents: readonly string[]];
  kwargs: { top_k?: number; return_documents?: boolean };
  output: unknown;
}

test.each(foldersOf('ce-1'))('$name ranks as sentence-transformers does, opened again as well', async ({ path }) => {
  const folder = path();
  const rank = await pipeline('text-ranking', folder);
  const file = join(mkdtempSync(join(tmpdir(), 'ranker-')), 'ranker.tracelet');
  await rank.save(file);
  const again = await pipeline('reranker', file);
  const calls = answersIn<{ calls: Ranking[] }>(folder, 'cross.json').calls.filter(({ method }) => method === 'rank');
  expect(calls.length).toBeGreaterThan(0);
  for (const { args, kwargs, output } of calls) {
    const { top_k, return_documents } = kwargs;
    const answer = await rank(...args, { top_k, return_documents, truncation: true });
    apart(answer, output);
    expect(await again(...args, { top_k, return_documents, truncation: true })).toEqual(answer);
  }
  rank.dispose();
  again.dispose();
});

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Pipeline, pipeline, type TaskName, Tensor } from '../../src/index.ts';
import { answersIn, foldersOf } from '../support/encoders.ts';
import { type PipelineCall, pipelineCases, unitsIn } from '../support/pipelines.ts';
import { problem } from '../support/tiny.ts';

const TOLERANCE = 1e-4;

/** Python cuts these in silence, which is asked for here; its batches are none of the caller's business here. */
const asked = (task: string, { batch_size: _, ...kwargs }: Record<string, unknown>): Record<string, unknown> =>
  ['token-classification', 'zero-shot-classification'].includes(task) && kwargs.stride === undefined
    ? { truncation: true, ...kwargs }
    : kwargs;

/** What Python answered, with places in the text as strings are indexed here. */
function inUnits(output: unknown, text: string): unknown {
  if (Array.isArray(output)) return output.map((each) => inUnits(each, text));
  const { start, end, ...others } = output as { start: number; end: number };
  const at = unitsIn(text);
  return { ...others, start: at(start), end: at(end) };
}

function wanted({ inputs, output }: PipelineCall): unknown {
  const texts = [inputs].flat().map((each) => (each as { context?: string })?.context ?? (each as string));
  const hasPlaces = JSON.stringify(output).includes('"start":');
  if (!hasPlaces) return output;
  return Array.isArray(inputs) ? (output as unknown[]).map((each, i) => inUnits(each, texts[i])) : inUnits(output, texts[0]);
}

let worst = 0;

/** Fails unless all is equal but for numbers called score or scores, which are as near as the tolerance. */
function expectAnswer(got: unknown, want: unknown, what: string): void {
  if (typeof want === 'number' && /score|\[\d+\]$/.test(what)) {
    const off = Math.abs((got as number) - want) / Math.max(1, Math.abs(want));
    worst = Math.max(worst, off);
    expect(off, `${what}: ${got} against ${want}`).toBeLessThan(TOLERANCE);
  } else if (typeof want === 'object' && want !== null) {
    expect(Object.keys(got as object).sort(), what).toEqual(Object.keys(want).sort());
    for (const [key, value] of Object.entries(want))
      expectAnswer((got as Record<string, unknown>)[key], value, Array.isArray(want) ? `${what}[${key}]` : `${what}.${key}`);
  } else expect(got, what).toBe(want);
}

/** The shapes that Python's answers have in their own way: one answer of several is none of a list, features are lists of lists. */
function shaped(task: string, got: unknown, { inputs, output }: PipelineCall): unknown {
  if (got instanceof Tensor)
    return Array.isArray(inputs)
      ? got.tolist().map((rows: number[][], i: number) => [rows.slice(0, (output as number[][][][])[i][0].length)])
      : got.tolist();
  const isOne = !Array.isArray(output) || (Array.isArray(inputs) && !Array.isArray((output as unknown[])[0]));
  if (task === 'question-answering' && isOne && Array.isArray(got) && !Array.isArray(inputs)) return got.length === 1 ? got[0] : got;
  return got;
}

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
    const answer = () => run(call.inputs, asked(task, call.kwargs));
    if (call.error) {
      await problem('value', answer);
      return;
    }
    expectAnswer(shaped(task, await answer(), call), wanted(call), 'answer');
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
    expectAnswer(answer, output, 'answer');
    expect(await again(...args, { top_k, return_documents, truncation: true })).toEqual(answer);
  }
  rank.dispose();
  again.dispose();
});

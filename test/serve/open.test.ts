import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openModel } from '../../src/serve/open.ts';
import { Registry } from '../../src/serve/registry.ts';
import { nameOf } from '../../src/serve/start.ts';
import { encoderFolder } from '../support/encoders.ts';
import { fixture } from '../support/fixtures.ts';
import { embedder } from '../support/serving.ts';
import { problem } from '../support/tiny.ts';

const WATCH = { waiting: () => {}, batch: () => {} };
const folder = mkdtempSync(join(tmpdir(), 'tracelet-open-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder of transformers alone. */
function plain(from: string): string {
  const to = join(folder, 'plain');
  cpSync(fixture(from), to, { recursive: true });
  return to;
}

const PLACES: readonly [what: string, place: () => string | Promise<string>, abilities: readonly string[]][] = [
  ['vectors', () => encoderFolder('st-mean'), ['embed', 'embed_all', 'tokenize']],
  ['a CrossEncoder', () => encoderFolder('ce-1'), ['rerank', 'predict', 'tokenize']],
  ['SPLADE', () => encoderFolder('sparse-max'), ['embed_sparse', 'tokenize']],
  ['ColBERT', () => encoderFolder('colbert'), ['embed_all', 'tokenize']],
  ['a classifier of transformers, of one label', () => plain('pipelines/classify-1'), ['rerank', 'predict', 'tokenize']],
  ['an encoder of transformers, whose mean is taken', () => plain('pipelines/mask'), ['embed', 'embed_all', 'tokenize']],
  ['a folder with a trace', savedFolder, ['embed', 'embed_all', 'tokenize']],
];

async function savedFolder(): Promise<string> {
  const to = mkdtempSync(join(folder, 'saved-'));
  await (await embedder()).save(join(to, 'model.tracelet'));
  return to;
}

describe('what a folder holds is opened as what it says that it is', () => {
  test.each(PLACES)('%s', async (_, place, abilities) => {
    const traced = await openModel(await place(), {});
    expect(new Registry(traced, {}, WATCH).abilities()).toEqual({ model: abilities });
    traced.dispose();
  });

  test('in workers', async () => {
    const traced = await openModel(encoderFolder('ce-1'), { workers: 1 });
    expect(traced.workers).toBe(1);
    expect(new Registry({ ranks: traced }, {}, WATCH).abilities().ranks).toContain('rerank');
    traced.dispose();
  });

  test('or there is an error', async () => {
    await problem('source', () => openModel(join(folder, 'nowhere'), {}));
  });
});

test('models are called what their places are', () => {
  expect(['a/b/minilm.tracelet', 'folder/', 'org/name', 'https://a.example/x/model.tracelet', 'model.tracelet'].map(nameOf)).toEqual([
    'minilm',
    'folder',
    'name',
    'x',
    'model',
  ]);
});

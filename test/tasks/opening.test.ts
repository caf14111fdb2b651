import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pipeline } from '../../src/index.ts';
import { fixture } from '../support/fixtures.ts';
import { pipelineOpener } from '../support/pipelines.ts';
import { fileOf, problem } from '../support/tiny.ts';

const open = pipelineOpener();

const TEXT = 'A man is eating food in Paris.';

const classify = await open('sentiment-analysis', 'classify-1');
const ner = await open('ner', 'ner');
const fill = await open('fill-mask', 'mask');
const answer = await open('question-answering', 'qa');

describe('one file', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'pipeline-')), 'saved.tracelet');

  test('opens as the same pipeline, with its labels and options', async () => {
    const grouped = await open('ner', 'ner', { aggregation_strategy: 'simple', ignore_labels: ['O', 'B-ORG'] });
    await grouped.save(path);
    const again = await open('token-classification', path);
    expect(again.task).toBe('token-classification');
    expect(await again(TEXT)).toEqual(await grouped(TEXT));
    expect(await again(TEXT, { aggregation_strategy: 'none' })).toEqual(await ner(TEXT, { ignore_labels: ['O', 'B-ORG'] }));
    const bytes = await pipeline('ner', readFileSync(path), { aggregation_strategy: 'none' });
    expect(await bytes(TEXT)).toEqual(await ner(TEXT, { ignore_labels: ['O', 'B-ORG'] }));
    bytes.dispose();
    expect((await problem('value', () => pipeline('fill-mask', path))).message).toMatch(/expected token-classification/);
    expect((await problem('value', () => pipeline('ner', path, { dtype: 'bf16' }))).message).toMatch(/option dtype.*got a trace/);
  });

  test('that jit.save wrote opens by what its config.json says', async () => {
    const plain = await pipeline('text-classification', await fileOf(classify.model));
    expect(await plain(TEXT)).toEqual(await classify(TEXT));
    plain.dispose();
    expect((await problem('value', async () => pipeline('fill-mask', await fileOf(answer.model)))).message).toMatch(/outputs logits/);
  });

  test('runs in workers, with the same answers', async () => {
    const beside = await pipeline('text-classification', fixture('pipelines/classify-1'), { workers: 1 });
    expect(beside.model.workers).toBe(1);
    expect(await beside([TEXT, 'Hello'])).toEqual(await classify([TEXT, 'Hello']));
    beside.dispose();
  });
});

describe('opening', () => {
  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['no task', () => pipeline('nap' as never, 'x'), /expected one of feature-extraction, .*ner.*got "nap"/],
    ['nearly a task', () => pipeline('text-clasification' as never, 'x'), /Did you mean .*text-classification/],
    ['an option', () => pipeline('ner', 'x', { top_k: 3 } as never), /option "top_k"/],
    ['a device', () => pipeline('ner', 'x', { device: 'wasm' } as never), /leave it out/],
    ['a tokenizer', () => pipeline('ner', 'x', { tokenizer: 1 as never }), /a tokenizer, or where one lies, got 1/],
    ['options of another task', () => pipeline('fill-mask', 'x', { stride: 3 } as never), /stride/],
  ])('refuses %s', async (_, call, message) => {
    expect((await problem('value', call)).message).toMatch(message);
  });

  test('a tokenizer that is given takes the place of that of the folder', async () => {
    const own = await open('fill-mask', 'mask', { tokenizer: fixture('pipelines/zero-shot') });
    expect(await own('A [MASK].')).toEqual(await fill('A [MASK].'));
    const given = await open('fill-mask', 'mask', { tokenizer: fill.tokenizer, dtype: 'bf16', top_k: 2 });
    expect(await given('A [MASK].')).toHaveLength(2);
  });
});

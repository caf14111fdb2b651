import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { pipeline } from '../../src/index.ts';
import type { EntityGroup, TokenEntity } from '../../src/tasks/entities.ts';
import type { Filled } from '../../src/tasks/fillmask.ts';
import type { Answer } from '../../src/tasks/questionanswering.ts';
import type { Classified } from '../../src/tasks/textclassification.ts';
import { fixture } from '../support/fixtures.ts';
import { pipelineOpener } from '../support/pipelines.ts';
import { problem } from '../support/tiny.ts';

const open = pipelineOpener();

/** A folder of the fixtures with other fields in one of its files. */
function edited(name: string, file: string, fields: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-'));
  cpSync(fixture(`pipelines/${name}`), folder, { recursive: true });
  writeFileSync(join(folder, file), JSON.stringify({ ...JSON.parse(readFileSync(join(folder, file), 'utf8')), ...fields }));
  return folder;
}

const TEXT = 'A man is eating food in Paris.';
const LONG = Array(40).fill(TEXT).join(' ');

const classify = await open('sentiment-analysis', 'classify-1');
const ner = await open('ner', 'ner');
const fill = await open('fill-mask', 'mask');
const answer = await open('question-answering', 'qa');
const judge = await open('zero-shot-classification', 'zero-shot');

describe('what peers get wrong', () => {
  test('one logit is a score by sigmoid, not 1 by softmax; none for regression', async () => {
    const [{ score: logit }] = await classify(TEXT, { function_to_apply: 'none' });
    expect((await classify(TEXT))[0].score).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6);
    const regression = await open('text-classification', edited('classify-1', 'config.json', { problem_type: 'regression' }));
    expect(await regression(TEXT)).toEqual([{ label: 'score', score: logit }]);
  });

  test('labels that exclude nothing are scored each by itself', async () => {
    const several = { problem_type: 'multi_label_classification' };
    const scores = await (await open('text-classification', edited('zero-shot', 'config.json', several)))(TEXT, { top_k: null });
    const logits = await (await open('text-classification', 'zero-shot'))(TEXT, { top_k: null, function_to_apply: 'none' });
    for (const [i, { score }] of scores.entries()) expect(score).toBeCloseTo(1 / (1 + Math.exp(-logits[i].score)), 6);
  });

  test('entities have places in the text as strings are indexed', async () => {
    const text = 'İstanbul ve Köln, Straße 12 👍🏽 test';
    const found = await ner(text, { ignore_labels: [] });
    expect(found.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text.replaceAll(' ', ''));
  });

  test('places behind emoji are those of JavaScript', async () => {
    const context = '👍🏽👍🏽 Jim Henson was a puppeteer';
    for (const { start, end, answer: found } of await answer('Who?', context, { top_k: 5 })) expect(context.slice(start, end)).toBe(found);
  });

  test('answers are of the text, never of the question, and as short as asked', async () => {
    const context = 'one two three four five six seven eight nine ten';
    for (const align_to_words of [true, false])
      for (const { answer: found } of await answer('Zebra zebra zebra?', context, { top_k: 20, max_answer_len: 2, align_to_words })) {
        expect(context).toContain(found);
        expect(found).not.toBe('');
        expect(answer.tokenizer.encode(found, { add_special_tokens: false }).length).toBeLessThanOrEqual(align_to_words ? 16 : 2);
      }
  });

  test('a long text is read to its end', async () => {
    const context = `${LONG} Jim Henson`;
    const all = await answer('Who?', context, { top_k: 5000, max_seq_len: 32, doc_stride: 8, max_answer_len: 1, align_to_words: false });
    expect(all.some(({ start }) => start >= LONG.length)).toBe(true);
  });

  test('an impossible answer is empty, where there may be one', async () => {
    const all = await answer('Where?', TEXT, { top_k: 500, handle_impossible_answer: true });
    expect(all.filter(({ answer: found }) => found === '')).toEqual([{ score: expect.any(Number), start: 0, end: 0, answer: '' }]);
    expect((await answer('Where?', TEXT, { top_k: 500 })).every(({ answer: found }) => found !== '')).toBe(true);
  });

  test('what follows is found by the beginning of its label, in any case, and no model without is taken', async () => {
    expect((await judge(TEXT, ['food', 'sports'])).labels).toHaveLength(2);
    const labels = { id2label: { 0: 'no', 1: 'perhaps', 2: 'yes' }, label2id: { no: 0, perhaps: 1, yes: 2 } };
    const { message } = await problem('config', () => open('zero-shot-classification', edited('zero-shot', 'config.json', labels)));
    expect(message).toMatch(/begins with "entail".*got "no", "perhaps", "yes"/);
  });

  test('what is said of a text is never cut, the text is', async () => {
    const label = 'a very particular label';
    const [long, short] = await Promise.all([judge(LONG, [label], { truncation: true }), judge(TEXT, [label])]);
    expect(long.scores[0]).not.toBe(short.scores[0]);
    const { message } = await problem('value', () => judge(TEXT, [LONG], { truncation: true }));
    expect(message).toMatch(/only_first/);
  });

  test('each of several masks is filled', async () => {
    const filled = await fill('[MASK] is a [MASK] man.', { top_k: 2 });
    expect(filled).toMatchObject(
      [
        [{ sequence: /\[MASK\]/ }, {}],
        [{}, {}],
      ].map((list) => list.map(() => ({}))),
    );
    expect(await fill(['[MASK] is.'], { top_k: 1 })).toEqual([[expect.objectContaining({ token: expect.any(Number) })]]);
  });
});

describe('a text that is too long is an error that says what can be done', () => {
  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['text-classification', () => classify(LONG), /text: expected at most 128 tokens.*truncation: true/],
    ['a list', () => classify([TEXT, LONG]), /texts\[1\]/],
    ['token-classification', () => ner(LONG), /at most 32 tokens.*stride/],
    ['fill-mask', () => fill(`${LONG} [MASK]`), /truncation/],
    ['zero-shot-classification', () => judge(LONG, 'a'), /at most 64 tokens/],
    ['question-answering', () => answer('Who?', LONG, { max_seq_len: 1000 }), /max_seq_len: expected at most 128/],
  ])('%s', async (_, call, message) => {
    expect((await problem('value', call)).message).toMatch(message);
  });

  test('and cut where asked', async () => {
    expect(await classify(LONG, { truncation: true, max_length: 12 })).toEqual(await classify(LONG, { max_length: 12 }));
    expect((await ner(LONG, { truncation: true, ignore_labels: [] })).length).toBe(30);
    const cut = { truncation: true, max_length: 12 };
    expect(await fill(`[MASK] ${LONG}`, { tokenizer_kwargs: cut })).toEqual(await fill(`[MASK] ${LONG}`, cut));
    await problem('value', () => fill(`[MASK] ${LONG}`, { tokenizer_kwargs: cut, max_length: 12 }));
    await problem('value', () => fill('[MASK]', { tokenizer_kwargs: { padding: true } as never }));
    expect((await ner(LONG, { stride: 4, ignore_labels: [] })).at(-1)?.end).toBe(LONG.length);
  });
});

describe('calls', () => {
  const texts = [TEXT, 'Hello', '', 'food and drink and more', 'x'];

  test.each([1, 7, 64, 1e6])('do not depend on what runs beside a text, with batchTokens %i', async (batchTokens) => {
    const alone = await Promise.all(texts.map((text) => classify(text)));
    expect(await classify(texts, { batchTokens })).toEqual(alone.flat());
    expect(await ner(texts, { batchTokens })).toEqual(await Promise.all(texts.map((text) => ner(text))));
  });

  test('answer with lists where top_k is given', async () => {
    expect(await classify(texts, { top_k: 1 })).toEqual((await classify(texts)).map((each) => [each]));
    const one: Answer = await answer({ question: 'Who?', context: TEXT });
    expect(await answer({ question: 'Who?', context: TEXT }, { top_k: 1 })).toEqual([one]);
    expect(await answer([{ question: 'Who?', context: TEXT }])).toEqual([one]);
    expect(await classify([])).toEqual([]);
  });

  test('take several questions beside their texts, or about one text', async () => {
    const question = ['Who?', 'Where?'];
    const each = await Promise.all(question.map((one) => answer(one, TEXT)));
    const asked: Answer[] = await answer({ question, context: TEXT });
    expect(asked).toEqual(each);
    expect(await answer(question, TEXT)).toEqual(each);
    const several: Answer[][] = await answer({ question, context: [TEXT, LONG] }, { top_k: 2 });
    expect(several).toEqual([await answer('Who?', TEXT, { top_k: 2 }), await answer('Where?', LONG, { top_k: 2 })]);
    expect(await answer(question, [TEXT, LONG], { top_k: 2 })).toEqual(several);
    expect(await answer({ question: ['Who?'], context: [TEXT] })).toEqual(each.slice(0, 1));
  });

  test('have types that follow from the task', async () => {
    const one: Classified[] = await classify(TEXT);
    const each: Classified[] = await classify([TEXT, 'Hello']);
    const several: Classified[][] = await classify([TEXT, 'Hello'], { top_k: null });
    const groups: EntityGroup[][] = await ner([TEXT], { aggregation_strategy: 'max' });
    const tokens: TokenEntity[] = await ner(TEXT);
    const shapes = [one, each, several, groups, tokens].map((list) => list.map((item) => Array.isArray(item)));
    expect(shapes.map(([isList]) => isList)).toEqual([false, false, true, true, false]);
    // @ts-expect-error a label is no entity
    expect(one[0].entity).toBeUndefined();
  });

  test('have types that follow from the options at opening, and from those of a call before them', async () => {
    const grouping = await pipeline('ner', fixture('pipelines/ner'), { aggregation_strategy: 'simple' });
    expectTypeOf(grouping(TEXT)).resolves.toEqualTypeOf<EntityGroup[]>();
    expectTypeOf(grouping([TEXT], { truncation: true })).resolves.toEqualTypeOf<EntityGroup[][]>();
    const tokens: TokenEntity[] = await grouping(TEXT, { aggregation_strategy: 'none' });
    expect([(await grouping(TEXT)).every((each) => 'entity_group' in each), 'entity' in tokens[0]]).toEqual([true, true]);
    const all = await pipeline('text-classification', fixture('pipelines/classify-1'), { top_k: null });
    const lists: Classified[][] = await all([TEXT]);
    expect(Array.isArray(lists[0])).toBe(true);
    const several = await pipeline('question-answering', fixture('pipelines/qa'), { top_k: 2 });
    const answers: Answer[] = await several('Who?', TEXT);
    expect(answers).toHaveLength(2);
    expectTypeOf(pipeline<'ner'>).returns.resolves.toBeCallableWith(TEXT);
    for (const each of [grouping, all, several]) each.dispose();
    // @ts-expect-error a name that no option has
    await problem('value', () => pipeline('ner', fixture('pipelines/ner'), { aggregation_strategi: 'simple' }));
  });

  test('leave padding out of what they fill', async () => {
    const [[{ sequence }]] = (await fill('[PAD] [MASK] and [PAD] [MASK]', { top_k: 1 })) as Filled[][];
    expect(sequence).toMatch(/\[CLS\].*\[MASK\] \[SEP\]/);
    expect(sequence).not.toContain('[PAD]');
  });

  test('take braces in templates as Python does', async () => {
    const template = (hypothesis_template: string) => judge(TEXT, ['a', 'b'], { hypothesis_template });
    expect(await template('{0} or {0}, {{of}} all')).toEqual(await judge(TEXT, ['a or a, {of} all', 'b or b, {of} all'], { hypothesis_template: '{}' }).then(({ labels, ...rest }) => ({ ...rest, labels: labels.map((label) => label[0]) }))); // biome-ignore format: one row
  });

  test('take an empty pair as none', async () => {
    expect(await classify({ text: TEXT, text_pair: '' })).toEqual(await classify(TEXT));
    expect(await classify([[TEXT, '']])).toEqual(await classify([TEXT]));
  });

  test('take pairs as objects and as lists', async () => {
    const [pair] = await classify([[TEXT, 'Hello']]);
    expect(await classify({ text: TEXT, text_pair: 'Hello' })).toEqual([pair]);
    expect(await classify({ text: TEXT })).toEqual(await classify(TEXT));
  });

  test('tell how far they are, and stop', async () => {
    const told: unknown[] = [];
    await classify(texts, { batchTokens: 1, progress_callback: (progress) => told.push(progress) });
    expect(told.at(-1)).toEqual({ done: 5, total: 5 });
    const stop = new AbortController();
    const call = classify(Array(50).fill(TEXT), { batchTokens: 1, signal: stop.signal, progress_callback: () => stop.abort('enough') });
    await expect(call).rejects.toBe('enough');
    expect(await classify(TEXT)).toHaveLength(1);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['an option of nothing', () => classify(TEXT, { topk: 1 } as never), /topk.*Did you mean top_k/],
    ['a batch size', () => classify(TEXT, { batch_size: 2 } as never), /batchTokens/],
    ['a function of scores', () => classify(TEXT, { function_to_apply: 'tanh' as never }), /"sigmoid", "softmax", "none"/],
    ['a strategy', () => ner(TEXT, { aggregation_strategy: 'best' as never }), /"none", "simple", "first", "average", "max"/],
    ['a number', () => classify(1 as never), /expected a string, \[text, pair\] or \{ text, text_pair \}, got 1/],
    ['nothing', () => fill(undefined as never), /text: expected a string, got undefined/],
    ['more arguments', () => classify(TEXT, TEXT as never), /at most 1 argument, and options/],
    ['no mask', () => fill(['[MASK]', TEXT]), /texts\[1\]: expected \[MASK\] in it/],
    ['targets of nothing', () => fill('[MASK]', { targets: [] }), /targets/],
    ['no labels', () => judge(TEXT, []), /candidate_labels/],
    ['a template', () => judge(TEXT, 'a', { hypothesis_template: 'none' }), /\{\} where the label goes/],
    ['an empty text among others', () => judge([TEXT, ''], 'a'), /texts\[1\]: expected a text that is not empty/],
    ['a template with a label twice', () => judge(TEXT, 'a', { hypothesis_template: '{} {}' }), /once, or \{0\}/],
    ['a template of two kinds', () => judge(TEXT, 'a', { hypothesis_template: '{} {0}' }), /once, or \{0\}/],
    ['a template with a name', () => judge(TEXT, 'a', { hypothesis_template: '{} {label}' }), /other braces doubled/],
    ['a template without a label', () => judge(TEXT, 'a', { hypothesis_template: 'no {{}}' }), /\{\} where the label goes/],
    ['an empty question', () => answer('', TEXT), /question: expected a text that is not empty/],
    ['an empty text', () => answer([{ question: 'Who?', context: '' }]), /questions\[0\]: context/],
    [
      'fewer texts than questions',
      () => answer(['Who?', 'Where?'], [TEXT]),
      /context: expected a text, or 2, one for each question, got 1/,
    ],
    ['an empty one of several', () => answer({ question: ['Who?', ''], context: TEXT }), /questions\[1\]: question: expected a text/],
    ['texts for one question', () => answer({ question: 'Who?', context: [TEXT] } as never), /context: expected a text/],
    ['a stride', () => answer('Who?', LONG, { max_seq_len: 16, doc_stride: 12 }), /stride/],
  ])('refuse %s', async (_, call, message) => {
    expect((await problem('value', call)).message).toMatch(message);
  });
});

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pipeline, SentenceTransformer } from '../../src/index.ts';
import { answer, at, call, failure, lines, withTraces } from '../support/cli.ts';
import { encoderFolder } from '../support/encoders.ts';
import { fixture } from '../support/fixtures.ts';

withTraces();

const model = (name: string): string => fixture(`pipelines/${name}`);
const parsed = async (args: readonly string[], input?: string) => (await lines(args, { input })).map((line) => JSON.parse(line));
const LONG = 'food and drink and '.repeat(60);

describe('rank', () => {
  const folder = encoderFolder('ce-1');
  const documents = ['food', 'Hello', 'A man is eating 👍🏽.'];

  test('answers as the pipeline does, the best first', async () => {
    const rank = await pipeline('text-ranking', folder);
    const want = await rank('What is food?', documents, { return_documents: true });
    rank.dispose();
    expect(await parsed(['rank', 'What is food?', '-', '-m', folder, '--json'], documents.join('\n'))).toEqual(want);
    expect(await parsed(['rank', 'What is food?', ...documents, '-m', folder, '--json', '--top', '1'])).toEqual(want.slice(0, 1));
    const [head, ...rows] = await lines(['rank', 'What is food?', ...documents, '-m', folder]);
    expect(head.split(/ {2,}/)).toEqual(['score', 'number', 'document']);
    expect(rows.map((row) => row.trim().split(/ {2,}/))).toEqual(
      want.map(({ corpus_id, score, text }) => [score.toFixed(3), `${corpus_id + 1}`, text]),
    );
  });

  test('cuts long documents only where asked', async () => {
    expect(await failure(3, ['rank', 'food', 'a', LONG, '-m', folder])).toMatch(/document 2: expected at most 64 tokens.*--truncate/);
    expect(await lines(['rank', 'food', 'a', LONG, '-m', folder, '--truncate'])).toHaveLength(3);
  });

  test('of nothing is nothing', async () => {
    expect(await call(['rank', 'food', '-', '-m', folder], { input: '' })).toMatchObject({
      status: 0,
      stdout: '',
      stderr: expect.stringContaining('no lines'),
    });
  });
});

describe('classify', () => {
  const args = ['classify', '-m', model('classify-1'), '--json'];

  test('answers a line for each text, blank ones as well', async () => {
    const classify = await pipeline('text-classification', model('classify-1'));
    const texts = ['A man is eating.', '', 'Hello'];
    const want = await classify(texts, { top_k: 5 });
    classify.dispose();
    expect(await parsed([...args, '-'], `${texts.join('\n')}\n`)).toEqual(texts.map((text, i) => ({ text, labels: want[i] })));
    const [head, row] = await lines(['classify', '-m', model('classify-1'), 'Hello']);
    expect([head, row].map((line) => line.split(/ {2,}/)[0])).toEqual(['text', 'Hello']);
  });

  test('takes labels that the model was not trained for', async () => {
    const judge = await pipeline('zero-shot-classification', model('zero-shot'));
    const zero = ['classify', '-m', model('zero-shot'), 'A man is eating.', '--labels', 'food, sport', '--json'];
    for (const [flags, options] of [
      [[], {}],
      [['--multi'], { multi_label: true }],
      [['--template', 'It is {}!'], { hypothesis_template: 'It is {}!' }],
    ] as const) {
      const { labels, scores } = await judge('A man is eating.', 'food, sport', options);
      expect(await parsed([...zero, ...flags])).toEqual([
        { text: 'A man is eating.', labels: labels.map((label, i) => ({ label, score: scores[i] })) },
      ]);
    }
    judge.dispose();
    expect(await failure(3, [...zero, '--template', 'none'])).toMatch(/--template: expected a string with \{\}/);
    expect(await failure(3, ['classify', '-m', model('classify-1'), 'a', '--labels', 'b, c'])).toMatch(/begins with "entail"/);
  });

  test('names a text by its number among all of stdin', async () => {
    const input = [...Array(70).keys(), LONG].join('\n');
    const { status, stdout, stderr } = await call([...args, '-'], { input });
    expect([status, stdout.split('\n').length - 1]).toEqual([3, 64]);
    expect(stderr).toMatch(/^tracelet: text 71: expected at most 128 tokens.*got \d+ for "food.*--truncate/);
  });
});

describe('ner', () => {
  test('shows entities with their places, or tokens', async () => {
    const text = '👍🏽 Jim Henson lived in Paris';
    const ner = await pipeline('ner', model('ner'));
    for (const aggregation_strategy of ['simple', 'none', 'max'] as const) {
      const entities = await ner(text, { aggregation_strategy });
      const strategy = aggregation_strategy === 'simple' ? [] : ['--strategy', aggregation_strategy];
      expect(await parsed(['ner', text, '-m', model('ner'), '--json', ...strategy])).toEqual([{ text, entities }]);
      const [, ...rows] = await lines(['ner', text, '-m', model('ner'), ...strategy]);
      expect(rows.map((row) => row.trim().split(/ {2,}/).at(-1))).toEqual(entities.map(({ start, end }) => text.slice(start, end).trim()));
    }
    ner.dispose();
  });

  test('reads long texts in parts where asked', async () => {
    expect(await failure(3, ['ner', LONG, '-m', model('ner')])).toMatch(/text 1: .*--truncate.*--stride/);
    const [{ entities }] = await parsed(['ner', LONG, '-m', model('ner'), '--json', '--stride', '4', '--strategy', 'none']);
    expect(entities.at(-1).end).toBeGreaterThan(LONG.length / 2);
    expect(await failure(2, ['ner', 'a', '-m', model('ner'), '--strategy', 'best'])).toContain('Allowed choices are none, simple');
  });
});

describe('answer', () => {
  const context = '👍🏽 Jim Henson was a puppeteer.\nHe was the voice of a frog.';

  test('shows the likeliest answers with their places', async () => {
    const find = await pipeline('question-answering', model('qa'));
    const want = await find('Who was Jim?', context, { top_k: 3 });
    expect(await parsed(['answer', 'Who was Jim?', context, '-m', model('qa'), '--json'])).toEqual(want);
    expect(await parsed(['answer', 'Who was Jim?', '-', '-m', model('qa'), '--json', '--top', '1'], context)).toEqual(
      await find('Who was Jim?', context, { top_k: 1 }),
    );
    const short = await find('Who was Jim?', context, { top_k: 2, max_answer_len: 1 });
    expect(await parsed(['answer', 'Who was Jim?', context, '-m', model('qa'), '--json', '--top', '2', '--longest', '1'])).toEqual(short);
    find.dispose();
    expect((await lines(['answer', 'Who was Jim?', context, '-m', model('qa')])).length).toBe(4);
    expect(await answer(['answer', 'Who?', context, '-m', model('qa'), '--none', '--top', '500'])).toContain('(none)');
    expect(await failure(3, ['answer', '', context, '-m', model('qa')])).toContain('expected a text that is not empty');
  });
});

describe('search', () => {
  const folder = encoderFolder('st-mean');
  const notes = (...parts: string[]): string => at('notes', ...parts);
  const index = (): string => notes('.tracelet-search.safetensors');
  const search = (question: string, ...more: string[]) => ['search', at('notes'), question, '-m', folder, '--json', ...more];
  const filesOf = (hits: { file: string }[]): string[] => hits.map(({ file }) => file).sort();
  const TEXTS = { 'food.md': '# Food\n\nA man is eating food.\n', 'deep/hello.txt': 'Hello 👍🏽', 'long.markdown': LONG };

  beforeAll(() => {
    for (const path of ['', 'deep', '.git', 'node_modules']) mkdirSync(notes(path), { recursive: true });
    for (const [name, text] of Object.entries(TEXTS)) writeFileSync(notes(name), text);
    for (const name of ['.git/a.md', 'node_modules/b.md', 'c.json', '.hidden.md']) writeFileSync(notes(name), 'passed over');
  });
  afterAll(() => rmSync(at('notes'), { recursive: true }));

  test('finds passages with their places, the nearest first', async () => {
    const [{ question, hits }] = await parsed(search('food', '--top', '50'));
    expect(question).toBe('food');
    const model = await SentenceTransformer.from_pretrained(folder);
    const texts = hits.map(({ text }: { text: string }) => text);
    const want = model.similarity(await model.encode_query(['food']), await model.encode_document(texts)).data;
    model.dispose();
    for (const [i, { file, line, start, end, score, text }] of hits.entries()) {
      expect(TEXTS[file as keyof typeof TEXTS].slice(start, end)).toBe(text);
      expect(line).toBe(TEXTS[file as keyof typeof TEXTS].slice(0, start).split('\n').length);
      expect(score).toBeCloseTo(want[i], 5);
      if (i > 0) expect(score).toBeLessThanOrEqual(hits[i - 1].score);
    }
    expect([...new Set(filesOf(hits))]).toEqual(Object.keys(TEXTS).sort());
    expect(filesOf(hits).filter((file) => file === 'long.markdown').length).toBeGreaterThan(1);
  });

  test('reads each file once, and again what has changed', async () => {
    const before = await answer(search('food'));
    const made = statSync(index()).mtimeMs;
    expect(await answer(search('food'))).toBe(before);
    expect(statSync(index()).mtimeMs).toBe(made);
    writeFileSync(notes('food.md'), 'Nothing of the kind');
    rmSync(notes('deep/hello.txt'));
    writeFileSync(notes('new.md'), 'food');
    const [{ hits }] = await parsed(search('food', '--top', '50'));
    expect([...new Set(filesOf(hits))]).toEqual(['food.md', 'long.markdown', 'new.md']);
    expect(hits[0]).toMatchObject({ file: 'new.md', text: 'food' });
    expect(hits.find(({ file }: { file: string }) => file === 'food.md').text).toBe('Nothing of the kind');
    writeFileSync(notes('food.md'), '');
    expect((await parsed(search('food', '--top', '50')))[0].hits.every(({ file }: { file: string }) => file !== 'food.md')).toBe(true);
    writeFileSync(notes('food.md'), 'Nothing of the kind');
    expect(await parsed(search('food', '--top', '50'))).toMatchObject([{ hits: [...hits] }]);
  });

  test('takes nothing from an index of another model, or one that is broken', async () => {
    const want = await answer(search('food'));
    const other = await answer(['search', at('notes'), 'food', '-m', encoderFolder('st-max'), '--json']);
    expect(other).not.toBe(want);
    expect(await answer(search('food'))).toBe(want);
    const whole = readFileSync(index());
    const lied = Buffer.from(whole.toString('latin1').replace(/passages\\":\[\[0,/, 'passages\\":[[-,'), 'latin1');
    for (const bytes of [whole.subarray(0, 100), whole.subarray(0, whole.length - 4), Buffer.from('no'), lied]) {
      writeFileSync(index(), bytes);
      const { status, stdout, stderr } = await call(search('food'));
      expect({ status, stdout }).toEqual({ status: 0, stdout: want });
      expect(stderr).toContain('is made anew');
      expect(readFileSync(index()).equals(whole)).toBe(true);
    }
  });

  test('answers each line of stdin', async () => {
    const answers = await parsed(['search', at('notes'), '-', '-m', folder, '--json', '--top', '1'], 'food\nHello\n');
    expect(answers.map(({ question }) => question)).toEqual(['food', 'Hello']);
    const table = await answer(['search', at('notes'), 'food', 'Hello', '-m', folder, '--top', '1']);
    expect(table).toMatch(/^food\nscore {2}place .*\n.*new\.md:1 .*\n\nHello\n/);
  });

  test('keeps its index elsewhere where asked, and does without where it cannot', async () => {
    const want = await answer(search('food'));
    expect(await answer(search('food', '--index', at('mine.safetensors')))).toBe(want);
    expect(statSync(at('mine.safetensors')).size).toBeGreaterThan(0);
    const { status, stdout, stderr } = await call(search('food', '--index', at('no', 'where')));
    expect({ status, stdout }).toEqual({ status: 0, stdout: want });
    expect(stderr).toContain('the index cannot be kept');
  });

  test('passes over what is no text, and says so', async () => {
    writeFileSync(notes('bytes.txt'), Buffer.from([0xff, 0xfe]));
    const { status, stderr } = await call(search('food'));
    expect([status, stderr]).toEqual([0, 'tracelet: bytes.txt is passed over, for it is not UTF-8\n']);
    rmSync(notes('bytes.txt'));
    mkdirSync(at('empty'));
    const nothing = await call(['search', at('empty'), 'food', '-m', folder, '--json']);
    expect(nothing).toMatchObject({
      status: 0,
      stdout: '{"question":"food","hits":[]}\n',
      stderr: expect.stringContaining('no text or Markdown files'),
    });
    expect(await failure(3, ['search', at('nowhere'), 'food', '-m', folder])).toMatch(/nowhere: expected a folder of texts, got ENOENT/);
  });
});

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { CrossEncoder, F, jit, type Tensor } from '../../src/index.ts';
import { answersIn, encoderFolder, expectClose, foldersOf } from '../support/encoders.ts';
import { embedderOf, folderOf } from '../support/sentence.ts';
import { bytesOf, fileOf, problem } from '../support/tiny.ts';

interface Call {
  method: 'predict' | 'rank';
  args: unknown[];
  kwargs: Record<string, unknown>;
  output?: unknown;
  error?: string;
}
interface Ranking {
  corpus_id: number;
  score: number;
  text?: string;
}
type Any = (...args: unknown[]) => Promise<Tensor | number | Ranking[]>;

const json = (value: unknown): string => JSON.stringify(value);
const edited = (file: string, edit: (content: Record<string, unknown>) => unknown): string =>
  encoderFolder('ce-1', { [file]: json(edit(JSON.parse(readFileSync(join(encoderFolder('ce-1'), file), 'utf8')))) });
const PAIRS = [
  ['A man is eating.', 'food'],
  ['A man is eating food in Paris.', 'Hello'],
  ['Hello', "I can't believe it's not butter!"],
] as const;

test.each(foldersOf('ce-'))('$name answers as sentence-transformers does', async ({ path }) => {
  const folder = path();
  const model = await CrossEncoder.from_pretrained(folder);
  for (const { method, args, kwargs, output, error } of answersIn<{ calls: Call[] }>(folder, 'cross.json').calls) {
    const { batch_size: _, ...options } = kwargs;
    const answer = () => (model[method] as Any).call(model, ...args, { truncate: true, ...options });
    if (error) {
      await problem('value', answer);
      continue;
    }
    const got = await answer();
    if (method === 'predict') expectClose(got as Tensor, output);
    else {
      const [mine, theirs] = [got as Ranking[], output as Ranking[]];
      expect(mine.map(({ score: _, ...document }) => document)).toEqual(theirs.map(({ score: _, ...document }) => document));
      for (const [i, { score }] of mine.entries()) expectClose(score, theirs[i].score);
    }
  }
  model.dispose();
});

describe('scores', () => {
  test('do not depend on what else is asked, on batchTokens, or on whether the trace was saved', async () => {
    const model = await CrossEncoder.from_pretrained(encoderFolder('ce-1'));
    const all = await model.predict(PAIRS);
    expect(all.shape).toEqual([3]);
    const single = await model.predict(PAIRS[1]);
    expect(single).toBe(all.data[1]);
    expect(bytesOf(await model.predict(PAIRS, { batchTokens: 8 })).equals(bytesOf(all))).toBe(true);
    const again = await CrossEncoder.from_pretrained(await jit.load(await fileOf(model.traced)));
    expect(again.activation_fn).toBe('Sigmoid');
    expect(bytesOf(await again.predict(PAIRS)).equals(bytesOf(all))).toBe(true);
    expect((await model.predict([])).shape).toEqual([0]);
  });

  test('of a saved file, which from_pretrained opens by its path', async () => {
    const model = await CrossEncoder.from_pretrained(encoderFolder('ce-1'));
    const path = join(encoderFolder('ce-1'), 'pairs.tracelet');
    await model.save(path);
    const again = await CrossEncoder.from_pretrained(path);
    expect(bytesOf(await again.predict(PAIRS)).equals(bytesOf(await model.predict(PAIRS)))).toBe(true);
    expect([again.max_seq_length, again.num_labels, again.prompts]).toEqual([64, 1, {}]);
  });

  test('go through the activation that the folder or the caller names', async () => {
    const bare = { sentence_transformers: undefined, activation_fn: undefined };
    const says = async (config: object, general: object = {}) => {
      const folder = edited('config.json', (content) => ({ ...content, ...config }));
      const file = join(folder, 'config_sentence_transformers.json');
      const content = { ...JSON.parse(readFileSync(file, 'utf8')), ...bare, ...general };
      writeFileSync(file, json(content));
      return (await CrossEncoder.from_pretrained(folder)).activation_fn;
    };
    const identity = 'torch.nn.modules.linear.Identity';
    expect(await says({})).toBe('Sigmoid');
    expect(await says({ sbert_ce_default_activation_function: identity })).toBe('Identity');
    expect(await says({ sentence_transformers: { activation_fn: identity, version: '4.0.1' } })).toBe('Identity');
    expect(await says({ sentence_transformers: { activation_fn: identity } }, { activation_fn: 'torch.nn.modules.activation.Tanh' })).toBe(
      'Tanh',
    );
    const spy = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(await says({ sbert_ce_default_activation_function: 'mine.Own' })).toBe('Sigmoid');
    spy.mockRestore();
    const { message } = await problem('config', () =>
      says({ sbert_ce_default_activation_function: 'torch.nn.modules.activation.Hardswish' }),
    );
    expect(message).toMatch(/activation_fn.*Hardswish/);
    const model = await CrossEncoder.from_pretrained(encoderFolder('ce-1'));
    const plain = await model.predict(PAIRS, { activation_fn: 'identity' });
    expect(bytesOf(F.sigmoid(plain)).equals(bytesOf(await model.predict(PAIRS)))).toBe(true);
    expect(bytesOf(F.relu(plain)).equals(bytesOf(await model.predict(PAIRS, { activation_fn: F.relu })))).toBe(true);
  });

  test('of a folder without modules.json, as rerankers were published before', async () => {
    const folder = encoderFolder('ce-1', { 'modules.json': '', 'config_sentence_transformers.json': '{}' });
    rmSync(join(folder, 'modules.json'));
    const [before, now] = [await CrossEncoder.from_pretrained(folder), await CrossEncoder.from_pretrained(encoderFolder('ce-1'))];
    expect(bytesOf(await before.predict(PAIRS)).equals(bytesOf(await now.predict(PAIRS)))).toBe(true);
  });

  test('a prompt stands before the first text', async () => {
    const general = { model_type: 'CrossEncoder', prompts: { task: 'food ' }, default_prompt_name: 'task' };
    const asking = await CrossEncoder.from_pretrained(encoderFolder('ce-1', { 'config_sentence_transformers.json': json(general) }));
    const plain = await CrossEncoder.from_pretrained(encoderFolder('ce-1'));
    const prompted = PAIRS.map(([text, pair]) => [`food ${text}`, pair] as const);
    expect(bytesOf(await asking.predict(PAIRS)).equals(bytesOf(await plain.predict(prompted)))).toBe(true);
    expect(bytesOf(await asking.predict(PAIRS, { prompt: '' })).equals(bytesOf(await plain.predict(PAIRS)))).toBe(true);
  });

  test('texts that are too long are cut as in sentence-transformers and told of, unless said otherwise', async () => {
    const spy = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const model = await CrossEncoder.from_pretrained(encoderFolder('ce-1-short'));
    const long = ['Who?', 'butter '.repeat(40)] as const;
    const told = await model.predict(long);
    expect(spy.mock.calls.flat().join()).toMatch(/predict\(\): text 0 has \d+ tokens, of which \d+ were left out/);
    spy.mockClear();
    expect(await model.predict(long, { truncate: true })).toBe(told);
    expect(spy).not.toHaveBeenCalled();
    expect((await problem('value', () => model.predict(long, { truncate: false }))).message).toContain('at most 16 tokens');
    spy.mockRestore();
  });
});

describe('ranking', () => {
  test('answers the best first, in their order where scores are the same', async () => {
    const model = await CrossEncoder.from_pretrained(encoderFolder('ce-1'));
    const texts = ['Hello', 'food', 'Hello', 'butter'];
    const all = await model.rank('A man is eating.', texts, { return_documents: true });
    expect(all.map(({ score }) => score)).toEqual(all.map(({ score }) => score).sort((a, b) => b - a));
    expect(all.map(({ corpus_id, text }) => texts[corpus_id] === text)).toEqual([true, true, true, true]);
    const same = all.filter(({ text }) => text === 'Hello').map(({ corpus_id }) => corpus_id);
    expect(same).toEqual([0, 2]);
    expect(await model.rank('A man is eating.', texts, { top_k: 2 })).toEqual(all.slice(0, 2).map(({ text: _, ...rest }) => rest));
    expect(await model.rank('A man is eating.', [])).toEqual([]);
  });
});

describe('what is no pair, or no reranker, is refused', () => {
  test.each([
    ['one text', () => 'a text'],
    ['a list of texts', () => ['a', 'b', 'c']],
    ['a pair of three', () => [['a', 'b', 'c']]],
    ['numbers', () => [[1, 2]]],
  ])('%s', async (_, pairs) => {
    const model = await CrossEncoder.from_pretrained(encoderFolder('ce-1'));
    await problem('value', () => model.predict(pairs() as never));
  });

  test.each<[string, () => string, RegExp]>([
    [
      'a folder of another kind',
      () => edited('config_sentence_transformers.json', (content) => ({ ...content, model_type: 'SentenceTransformer' })),
      /model_type.*CrossEncoder.*SentenceTransformer\.from_pretrained/,
    ],
    [
      'a task of another kind',
      () => encoderFolder('ce-1', { 'sentence_bert_config.json': json({ transformer_task: 'fill-mask' }) }),
      /transformer_task.*sequence-classification/,
    ],
    [
      'modules that do not fit',
      () =>
        edited('modules.json', () => [
          { type: 'sentence_transformers.models.Transformer', path: '' },
          { type: 'sentence_transformers.models.Normalize', path: '1' },
        ]),
      /none but it, got Transformer, Normalize/,
    ],
    [
      'outputs that contradict the task',
      () => edited('sentence_bert_config.json', (content) => ({ ...content, module_output_name: 'token_embeddings' })),
      /transformer_task of sentence_bert_config/,
    ],
  ])('%s', async (_, folder, message) => {
    expect((await problem('config', () => CrossEncoder.from_pretrained(folder()))).message).toMatch(message);
  });

  test('a trace of something else', async () => {
    const other = await embedderOf(folderOf('mean'));
    const { message } = await problem('config', () => CrossEncoder.from_pretrained(other));
    expect(message).toMatch(/a trace of a CrossEncoder, got one of a SentenceTransformer/);
  });
});

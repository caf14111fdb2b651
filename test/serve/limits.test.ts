import { beforeAll, describe, expect, test, vi } from 'vitest';
import { nextTask } from '../../src/base/slices.ts';
import type { CrossEncoder, SentenceTransformer } from '../../src/index.ts';
import { asking, embedder, got, heldBack, posted, reranker } from '../support/serving.ts';
import { until } from '../support/until.ts';

let model: SentenceTransformer;
let ranks: CrossEncoder;
let served: ReturnType<typeof asking>;
beforeAll(async () => {
  [model, ranks] = await Promise.all([embedder(), reranker()]);
  served = asking({ model, ranks });
});

describe('bodies at the edge of JSON', () => {
  test('a mark of byte order is passed over, and of names that stand twice the last one counts', async () => {
    const want = await served.ask('/embed', { inputs: 'Hello' });
    expect(await served.ask('/embed', '\ufeff{"inputs":"Hello"}')).toEqual(want);
    expect(await served.ask('/embed', '{"inputs":"A man","inputs":"Hello","__proto__":{"normalize":false},"constructor":1}')).toEqual(want);
  });

  test.each([
    '{"inputs":"a","dimensions":1e400}',
    '{"inputs":"a","dimensions":1e308}',
    '{"inputs":"a","dimensions":1.5}',
    '{"inputs":[9007199254740993]}',
    '{"inputs":[-1]}',
    '{"inputs":[1e-400, 4294967296]}',
    `{"inputs":${'[['.repeat(400_000)}${']]'.repeat(400_000)}}`,
    `{"inputs":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}}`,
    `{"inputs":[${'"",'.repeat(1000)}""]}`,
  ])('%.60s is refused in words', async (body) => {
    const { status, body: answer } = await served.fail('/embed', body);
    expect([400, 422]).toContain(status);
    expect(answer.error.length).toBeLessThan(300);
  });
});

test('an answer for each token has so many numbers at most', async () => {
  const run = vi.spyOn(model.traced.runner, 'run');
  const text = 'Hello '.repeat(model.max_seq_length);
  const [output] = model.traced.outputs.filter(({ shape }) => shape.length === 3);
  const most = Math.floor(2 ** 24 / (output.shape.at(-1) as number) / model.max_seq_length);
  const many = asking({ model }, { payload_limit: 2 ** 30, max_client_batch_size: 2 ** 20 });
  const { status, body } = await many.fail('/embed_all', { inputs: Array(most + 1).fill(text) });
  expect([status, body.error]).toEqual([
    413,
    expect.stringMatching(/^An answer has at most 16777216 numbers, not \d+: ask for fewer texts$/),
  ]);
  expect(run).not.toHaveBeenCalled();
  run.mockRestore();
});

test('other requests are answered while many texts are cut into tokens, or made of them', async () => {
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 10));
  for (const [path, body] of [
    ['/tokenize', { inputs: Array(20).fill('Hello') }],
    ['/decode', { ids: Array(20).fill([1]) }],
  ] as const) {
    const done: string[] = [];
    const tokens = served.ask(path, body).then(() => done.push('tokens'));
    for (let i = 0; i < 5; i++) await nextTask();
    await served.get('/health').then(() => done.push('health'));
    await tokens;
    expect(done).toEqual(['health', 'tokens']);
  }
  clock.mockRestore();
});

describe('what interfaces ask beside texts', () => {
  const [query, ...documents] = ['Hello', 'A man is eating food and more food', "I can't believe it"];

  test('Cohere: documents are cut at so many tokens of their own', async () => {
    const of = (body: object) => served.ask('/v2/rerank', { model: 'ranks', query, documents, ...body });
    const byIndex = ({ results }: { results: { index: number; relevance_score: number }[] }) =>
      results.toSorted((a, b) => a.index - b.index).map(({ relevance_score }) => relevance_score);
    const cut = documents.map((text) => text.slice(0, ranks.tokenizer.encode_plus(text, { add_special_tokens: false, return_offsets_mapping: true }).offset_mapping?.[1][1])); // biome-ignore format: one row
    expect(cut).not.toEqual(documents);
    const short = byIndex(await of({ max_tokens_per_doc: 2 }));
    expect(short).toEqual(byIndex(await of({ documents: cut })));
    expect(short).not.toEqual(byIndex(await of({})));
    expect(byIndex(await of({ max_tokens_per_doc: 4096 }))).toEqual(byIndex(await of({})));
    const { meta } = await of({ documents: Array(101).fill('a') });
    expect(meta.billed_units).toEqual({ search_units: 2 });
  });

  test('Ollama: nothing is answered to nothing', async () => {
    for (const input of ['', []])
      expect(await served.ask('/api/embed', { model: 'model', input })).toMatchObject({ embeddings: [], prompt_eval_count: 0 });
    const { embeddings } = await served.ask('/api/embed', { model: 'model', input: ['', 'Hello'] });
    expect(embeddings.length).toBe(2);
  });

  test('OpenAI: the name of the model may be left out, as Text Embeddings Inference lets it', async () => {
    const want = await served.ask('/v1/embeddings', { model: 'model', input: 'Hello' });
    for (const path of ['/v1/embeddings', '/embeddings'])
      for (const body of [{ input: 'Hello' }, { input: 'Hello', model: null, user: null, encoding_format: null }])
        expect(await served.ask(path, body)).toEqual(want);
  });

  test('Workers AI: a way of pooling that is not that of the model is refused', async () => {
    expect((await served.ask('/ai/run/model', { text: 'Hello', pooling: 'mean' })).result.pooling).toBe('mean');
    const { status, body } = await served.fail('/ai/run/model', { text: 'Hello', pooling: 'cls' });
    expect([status, body.errors[0].message]).toEqual([400, '`pooling`: expected mean, which is that of the model, got cls']);
  });
});

describe('who asks', () => {
  test('keys that nobody proves make no client of their own', async () => {
    const { answer, get } = asking({ model }, { max_batch_requests: 1 });
    const order: number[] = [];
    const { running, go } = heldBack(model);
    const all = ['a', 'b', 'a', 'b', 'a'].map(async (key, i) => {
      await answer(posted('/embed', { inputs: ['Hello', 'Hello'] }, { headers: { authorization: `Bearer ${key}` } }));
      order.push(i);
    });
    await until(async () => expect(await get('/metrics')).toContain('\nte_queue_size 9\n'));
    go();
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2, 3, 4]);
    running.mockRestore();
  });

  test('caches are told that answers to named origins differ', async () => {
    const { answer } = asking({ model }, { cors: 'https://a.example' });
    for (const init of [{}, { headers: { origin: 'https://b.example' } }]) {
      const response = await answer(got('/info', init));
      expect([response.headers.get('vary'), response.headers.get('access-control-allow-origin')]).toEqual(['origin', null]);
    }
  });
});

test('a request is answered though telling of it fails', async () => {
  const { ask } = asking({ model }, { log: () => expect.unreachable('told') });
  expect((await ask('/embed', { inputs: 'Hello' })).length).toBe(1);
});

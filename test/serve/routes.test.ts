import { beforeAll, describe, expect, test } from 'vitest';
import type { CrossEncoder, SentenceTransformer, SparseEncoder } from '../../src/index.ts';
import { similarity } from '../../src/index.ts';
import { asking, classifier, colbert, embedder, got, posted, reranker, sparse } from '../support/serving.ts';

const TEXTS = ['A man is eating food.', 'Hello', "I can't believe it's not butter!"];
const floats = (values: readonly number[]): number[] => Array.from(values, Math.fround);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

let model: SentenceTransformer;
let served: ReturnType<typeof asking>;
let want: number[][];
beforeAll(async () => {
  model = await embedder();
  served = asking({ tiny: model });
  want = (await model.encode(TEXTS, { normalize_embeddings: true })).tolist() as number[][];
});

describe('vectors', () => {
  test('/embed answers what the model does, to the bit, in lists of lists', async () => {
    expect((await served.ask('/embed', { inputs: TEXTS })).map(floats)).toEqual(want);
    expect((await served.ask('/embed', { inputs: TEXTS[0] })).map(floats)).toEqual([want[0]]);
  });

  test('vectors are not scaled where a request says so', async () => {
    const plain = (await model.encode(TEXTS)).tolist() as number[][];
    expect((await served.ask('/embed', { inputs: TEXTS, normalize: false })).map(floats)).toEqual(plain);
    expect(plain).not.toEqual(want);
  });

  test('vectors have as many numbers as are asked for, and length 1', async () => {
    const short = await model.encode(TEXTS, { truncate_dim: 5, normalize_embeddings: true });
    const of = (body: object) => served.ask('/embed', { inputs: TEXTS, ...body });
    expect((await of({ dimensions: 5 })).map(floats)).toEqual(short.tolist());
  });

  test('ids are run as they are, alone and beside texts', async () => {
    const ids = model.tokenizer.encode(TEXTS[0]);
    expect((await served.ask('/embed', { inputs: ids })).map(floats)).toEqual([want[0]]);
    expect((await served.ask('/embed', { inputs: [ids, TEXTS[1]] })).map(floats)).toEqual(want.slice(0, 2));
  });

  test('/embed_all answers a vector for each token', async () => {
    const tokens = await model.encode(TEXTS, { output_value: 'token_embeddings' });
    const answer: number[][][] = await served.ask('/embed_all', { inputs: TEXTS });
    expect(answer.map((rows) => rows.map(floats))).toEqual(tokens.map((each) => each.tolist()));
  });

  test('/similarity is the cosine of vectors', async () => {
    const [source_sentence, ...sentences] = TEXTS;
    const answer: number[] = await served.ask('/similarity', { inputs: { source_sentence, sentences } });
    for (const [i, value] of answer.entries()) expect(value).toBeCloseTo(similarity(want[0], want[i + 1]), 6);
  });

  test('long texts lose what does not fit, their beginning where asked, and it is told', async () => {
    const words = Array.from({ length: 600 }, (_, i) => TEXTS[i % 3]).join(' ');
    const response = await served.answer(posted('/embed', { inputs: [words, 'Hello'] }));
    expect(response.headers.get('x-truncated-texts')).toBe('1');
    const [right] = await response.json();
    expect(floats(right)).toEqual([...(await model.encode(words, { truncate: true, normalize_embeddings: true })).data]);
    const [left] = await served.ask('/embed', { inputs: words, truncation_direction: 'Left' });
    expect(left).not.toEqual(right);
    const ids = model.tokenizer.encode(words, { add_special_tokens: false, truncation: false });
    const most = model.max_seq_length;
    const kept = model.tokenizer.build_inputs_with_special_tokens(ids.slice(2 - most));
    expect(await served.ask('/embed', { inputs: kept })).toEqual([left]);
    const { status, body } = await served.fail('/embed', { inputs: ['Hello', words], truncate: false });
    expect([status, body.error_type]).toEqual([422, 'Validation']);
    expect(body.error).toMatch(/^inputs\[1\]: expected at most \d+ tokens/);
  });

  test('OpenAI has float and base64, and counts tokens', async () => {
    const float = await served.ask('/v1/embeddings', { model: 'any', input: TEXTS });
    const tokens = TEXTS.reduce((sum, text) => sum + model.tokenizer.encode(text).length, 0);
    expect(float).toMatchObject({ object: 'list', model: 'tiny', usage: { prompt_tokens: tokens, total_tokens: tokens } });
    expect(float.data.map(({ index, embedding }: { index: number; embedding: number[] }) => [index, floats(embedding)])).toEqual([
      ...want.entries(),
    ]);
    const { data } = await served.ask('/v1/embeddings', { model: 'any', input: TEXTS[0], encoding_format: 'base64' });
    const bytes = Buffer.from(data[0].embedding, 'base64');
    expect([...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)]).toEqual(want[0]);
  });

  test('Ollama and Workers AI answer the same vectors', async () => {
    const ollama = await served.ask('/api/embed', { model: 'tiny', input: TEXTS });
    expect(ollama.embeddings.map(floats)).toEqual(want);
    const old = await served.ask('/api/embeddings', { model: 'tiny', prompt: TEXTS[0] });
    expect(floats(old.embedding)).toEqual(want[0]);
    const { result, success } = await served.ask('/ai/run/@cf/baai/bge-base-en-v1.5', { text: TEXTS });
    expect([success, result.shape, result.pooling, result.data.map(floats)]).toEqual([true, [3, want[0].length], 'mean', want]);
  });

  test('the main route goes by the form of the body', async () => {
    expect((await served.ask('/', { inputs: TEXTS })).map(floats)).toEqual(want);
    const body = { inputs: { source_sentence: TEXTS[0], sentences: [TEXTS[1]] } };
    expect(await served.ask('/invocations', body)).toEqual(await served.ask('/similarity', body));
  });
});

describe('tokens', () => {
  test('/tokenize gives places in bytes of UTF-8, none to special tokens', async () => {
    const text = 'Zürich 🍞 hello';
    const [tokens] = await served.ask('/tokenize', { inputs: text });
    const bytes = Buffer.from(text);
    expect(tokens.map(({ id }: { id: number }) => id)).toEqual(model.tokenizer.encode(text));
    expect(tokens.at(0)).toMatchObject({ special: true, start: null, stop: null, text: '[CLS]' });
    for (const { text: own, special, start, stop } of tokens) if (!special) expect(bytes.subarray(start, stop).toString()).toBe(own);
    const [bare] = await served.ask('/tokenize', { inputs: [text], add_special_tokens: false });
    expect(bare).toEqual(tokens.slice(1, -1));
  });

  test('/decode is the text of ids', async () => {
    const ids = model.tokenizer.encode('hello there');
    expect(await served.ask('/decode', { ids })).toEqual([model.tokenizer.decode(ids, { skip_special_tokens: true })]);
    const whole = await served.ask('/decode', { ids: [ids, ids], skip_special_tokens: false });
    expect(whole).toEqual([model.tokenizer.decode(ids), model.tokenizer.decode(ids)]);
    expect((await served.fail('/decode', { ids: [10 ** 6] })).status).toBe(422);
  });
});

describe('scores', () => {
  const [query, ...texts] = TEXTS;
  let ranker: CrossEncoder;
  let ranking: ReturnType<typeof asking>;
  let scores: number[];
  beforeAll(async () => {
    ranker = await reranker();
    ranking = asking({ ranker });
    const pairs = texts.map((text) => [query, text] as const);
    scores = (await ranker.predict(pairs, { activation_fn: 'Identity' })).tolist() as number[];
  });
  const order = () => [...scores.keys()].sort((a, b) => scores[b] - scores[a]);

  test('/rerank orders texts, with sigmoids or as they are', async () => {
    const raw = await ranking.ask('/rerank', { query, texts, raw_scores: true, return_text: true });
    expect(raw.map(({ index }: { index: number }) => index)).toEqual(order());
    for (const { index, score, text } of raw) expect([Math.fround(score), text]).toEqual([scores[index], texts[index]]);
    for (const { index, score, text } of await ranking.ask('/rerank', { query, texts })) {
      expect(score).toBeCloseTo(sigmoid(scores[index]), 6);
      expect(text).toBeUndefined();
    }
    expect(await ranking.ask('/', { query, texts })).toEqual(await ranking.ask('/rerank', { query, texts }));
  });

  test('Jina and Cohere have documents, and as many as are wanted', async () => {
    const jina = await ranking.ask('/v1/rerank', { model: 'x', query, documents: texts, top_n: 1 });
    expect(jina.results).toEqual([{ index: order()[0], relevance_score: expect.any(Number), document: { text: texts[order()[0]] } }]);
    const cohere = await ranking.ask('/v2/rerank', { model: 'x', query, documents: texts });
    expect(cohere.results.map(({ index }: { index: number }) => index)).toEqual(order());
    expect(cohere.meta.api_version.version).toBe('2');
    const objects = await ranking.ask('/v1/rerank', {
      model: 'x',
      query,
      documents: texts.map((text) => ({ text })),
      return_documents: false,
    });
    expect(objects.results).toEqual(cohere.results);
    const { result } = await ranking.ask('/ai/run/ranker', { query, contexts: texts.map((text) => ({ text })), top_k: 1 });
    expect(result.response).toEqual([{ id: order()[0], score: jina.results[0].relevance_score }]);
  });

  test('/predict has labels, of a text, a pair or a list of either', async () => {
    const pipe = await classifier();
    const { ask } = asking({ pipe });
    const all = (await pipe(texts, { top_k: null })) as { label: string; score: number }[][];
    const one = await ask('/predict', { inputs: texts[0] });
    expect(one.map(({ label }: { label: string }) => label)).toEqual(all[0].map(({ label }) => label));
    for (const [i, { score }] of one.entries()) expect(score).toBeCloseTo(all[0][i].score, 6);
    const batch = await ask('/predict', { inputs: [[texts[0]], [texts[0], texts[1]]] });
    expect(batch[0]).toEqual(one);
    expect(batch[1]).toEqual(await ask('/predict', { inputs: [texts[0], texts[1]] }));
    const raw = await ask('/predict', { inputs: texts[0], raw_scores: true });
    expect(raw.map(({ score }: { score: number }) => score)).not.toEqual(one.map(({ score }: { score: number }) => score));
  });
});

test('/embed_sparse has the words that count', async () => {
  const splade: SparseEncoder = await sparse();
  const vectors = await splade.encode(TEXTS);
  const answer = await asking({ splade }).ask('/embed_sparse', { inputs: TEXTS });
  expect(answer.map((words: { index: number; value: number }[]) => words.map(({ index, value }) => [index, Math.fround(value)]))).toEqual(
    vectors.map(({ indices, values }) => Array.from(indices, (index, i) => [index, values[i]])),
  );
});

test('vectors of tokens of a model that compares late', async () => {
  const late = await colbert();
  const answer: number[][][] = await asking({ late }).ask('/embed_all', { inputs: TEXTS });
  expect(answer.map(({ length }) => length)).toEqual(TEXTS.map((text) => late.tokenizer.encode(text).length));
});

describe('the server', () => {
  test('/health, /info, /v1/models and /metrics', async () => {
    for (const path of ['/health', '/ping', '/']) expect(await served.get(path)).toBe('');
    expect(JSON.parse(await served.get('/info'))).toMatchObject({
      model_id: 'tiny',
      model_type: { embedding: { pooling: 'mean' } },
      model_dtype: 'float32',
      max_concurrent_requests: 512,
    });
    expect(JSON.parse(await served.get('/v1/models')).data).toEqual([{ id: 'tiny', object: 'model', created: 0, owned_by: 'tracelet' }]);
    expect(JSON.parse(await served.get('/v1/models/tiny')).id).toBe('tiny');
    expect((await served.answer(got('/v1/models/huge'))).status).toBe(404);
  });

  test('/metrics counts by the names of Text Embeddings Inference', async () => {
    const fresh = asking({ tiny: model });
    await fresh.ask('/embed', { inputs: 'Hello' });
    await fresh.ask('/embed', { inputs: TEXTS });
    await fresh.fail('/embed', { inputs: '' });
    const text = await fresh.get('/metrics');
    for (const line of [
      'te_request_count{method="single"} 2',
      'te_request_success{method="single"} 1',
      'te_request_success{method="batch"} 1',
      'te_request_failure{err="empty"} 1',
      'te_queue_size 0',
      'te_request_input_length_count 4',
      'te_batch_next_size_bucket{le="1"} 1',
      'te_batch_next_size_sum 4',
    ])
      expect(text.split('\n')).toContain(line);
  });

  test('timings, ids and traces stand in headers', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const response = await served.answer(posted('/embed', { inputs: TEXTS }, { headers: { traceparent, 'x-request-id': 'mine-7' } }));
    const { headers } = response;
    expect(headers.get('x-request-id')).toBe('mine-7');
    expect(headers.get('traceparent')).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/);
    expect(headers.get('x-compute-type')).toBe('cpu');
    expect(headers.get('x-compute-characters')).toBe(`${TEXTS.join('').length}`);
    for (const name of ['x-total-time', 'x-queue-time', 'x-inference-time', 'x-tokenization-time', 'x-compute-tokens'])
      expect(headers.get(name)).toMatch(/^\d+$/);
    const other = await served.answer(posted('/embed', { inputs: 'Hello' }, { headers: { traceparent: 'junk', 'x-request-id': 'a b"' } }));
    expect([other.headers.get('traceparent'), other.headers.get('x-request-id')]).toEqual([null, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  });

  test('several models are asked by name, and one by any', async () => {
    const [tiny, other] = [model, await embedder()];
    const { ask, fail } = asking({ tiny, other });
    expect((await ask('/v1/embeddings', { model: 'other', input: 'Hello' })).model).toBe('other');
    const { status, body } = await fail('/v1/embeddings', { model: 'othr', input: 'Hello' });
    expect([status, body.error.code, body.error.param]).toEqual([404, 'model_not_found', 'model']);
    expect(body.error.message).toContain('Did you mean other?');
  });
});

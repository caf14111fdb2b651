import { createCohere } from '@ai-sdk/cohere';
import { createOpenAI } from '@ai-sdk/openai';
import { InferenceClient } from '@huggingface/inference';
import { embed, embedMany, rerank } from 'ai';
import { CohereClientV2 } from 'cohere-ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CrossEncoder, SentenceTransformer } from '../../src/index.ts';
import { type Server, serve } from '../../src/serve/index.ts';
import { embedder, reranker } from '../support/serving.ts';

const TEXTS = ['A man is eating food.', 'Hello', "I can't believe it's not butter!"];
const [QUERY, ...DOCUMENTS] = TEXTS;
const KEY = 'a-key';

let vectors: SentenceTransformer;
let ranks: CrossEncoder;
let server: Server;
let want: number[][];
let best: number;
beforeAll(async () => {
  [vectors, ranks] = await Promise.all([embedder(), reranker()]);
  server = await serve({ vectors, ranks }, { port: 0, api_keys: [KEY], max_client_batch_size: 5 });
  want = (await vectors.encode(TEXTS, { normalize_embeddings: true })).tolist() as number[][];
  [{ corpus_id: best }] = await ranks.rank(QUERY, DOCUMENTS);
});
afterAll(() => server.close());

const floats = (values: readonly number[]): number[] => Array.from(values, Math.fround);

describe('openai', () => {
  const client = (apiKey = KEY) => new OpenAI({ baseURL: `${server.url}v1`, apiKey, maxRetries: 0 });

  test('decodes the base64 that it asks for, and the numbers that it is told to ask for', async () => {
    const { data, usage, model } = await client().embeddings.create({ model: 'vectors', input: TEXTS });
    expect(data.map(({ embedding }) => floats(embedding))).toEqual(want);
    expect(model).toBe('vectors');
    expect(usage.prompt_tokens).toBe(TEXTS.reduce((sum, text) => sum + vectors.tokenizer.encode(text).length, 0));
    const plain = await client().embeddings.create({ model: 'vectors', input: TEXTS[0], encoding_format: 'float', dimensions: 4 });
    expect(plain.data[0].embedding).toHaveLength(4);
  });

  test('lists models', async () => {
    const names: string[] = [];
    for await (const { id } of client().models.list()) names.push(id);
    expect(names).toEqual(['vectors', 'ranks']);
    expect((await client().models.retrieve('ranks')).id).toBe('ranks');
  });

  test('has the errors that it knows', async () => {
    const failing = async (call: Promise<unknown>): Promise<unknown> =>
      call.then(
        () => undefined,
        (error) => error,
      );
    const wrongKey = await failing(client('none').models.list());
    expect(wrongKey).toBeInstanceOf(OpenAI.AuthenticationError);
    const empty = await failing(client().embeddings.create({ model: 'vectors', input: '' }));
    expect(empty).toBeInstanceOf(OpenAI.BadRequestError);
    expect(empty).toMatchObject({ param: 'input', type: 'invalid_request_error', message: '400 `input` cannot be empty' });
    expect(await failing(client().models.retrieve('huge'))).toBeInstanceOf(OpenAI.NotFoundError);
    expect(await failing(client().embeddings.create({ model: 'vectors', input: Array(6).fill('a') }))).toMatchObject({
      message: '400 batch size 6 > maximum allowed batch size 5',
    });
  });
});

test('cohere-ai ranks', async () => {
  const client = new CohereClientV2({ token: KEY, environment: server.url.replace(/\/$/, '') });
  const { results } = await client.rerank({ model: 'ranks', query: QUERY, documents: DOCUMENTS, topN: 1 });
  expect(results).toEqual([{ index: best, relevanceScore: expect.any(Number) }]);
  await expect(client.rerank({ model: 'ranks', query: '', documents: DOCUMENTS })).rejects.toMatchObject({ statusCode: 400 });
});

describe('@huggingface/inference', () => {
  const client = new InferenceClient(KEY);

  test('asks an endpoint for vectors and for similarity', async () => {
    const endpointUrl = server.url;
    const answer = (await client.featureExtraction({ endpointUrl, inputs: TEXTS })) as number[][];
    expect(answer.map(floats)).toEqual(want);
    const [source_sentence, ...sentences] = TEXTS;
    const scores = await client.sentenceSimilarity({ endpointUrl, inputs: { source_sentence, sentences } });
    for (const [i, score] of scores.entries())
      expect(score).toBeCloseTo(
        want[0].reduce((sum, value, j) => sum + value * want[i + 1][j], 0),
        5,
      );
  });

  test('has the error in words', async () => {
    await expect(client.featureExtraction({ endpointUrl: server.url, inputs: '' })).rejects.toThrow(/cannot be empty|400/);
  });
});

describe('AI SDK', () => {
  test('embeds through its provider for OpenAI', async () => {
    const openai = createOpenAI({ baseURL: `${server.url}v1`, apiKey: KEY });
    const model = openai.embedding('vectors');
    const { embeddings, usage } = await embedMany({ model, values: TEXTS });
    expect(embeddings.map(floats)).toEqual(want);
    expect(usage.tokens).toBeGreaterThan(0);
    expect(floats((await embed({ model, value: TEXTS[1] })).embedding)).toEqual(want[1]);
  });

  test('ranks through its provider for Cohere', async () => {
    const cohere = createCohere({ baseURL: `${server.url}v2`, apiKey: KEY });
    const { ranking } = await rerank({ model: cohere.reranking('ranks'), query: QUERY, documents: DOCUMENTS, topN: 1 });
    expect(ranking.map(({ originalIndex, document }) => [originalIndex, document])).toEqual([[best, DOCUMENTS[best]]]);
  });
});

import { Document } from '@langchain/core/documents';
import { BaseDocumentCompressor } from '@langchain/core/retrievers/document_compressors';
import { VectorStore } from '@langchain/core/vectorstores';
import { embed, embedMany, rerank } from 'ai';
import { beforeAll, describe, expect, test } from 'vitest';
import { embeddingModel, rerankingModel } from '../../src/adapters/aisdk.ts';
import { TraceletEmbeddings, TraceletRerank } from '../../src/adapters/langchain.ts';
import { workersAI } from '../../src/adapters/workersai.ts';
import { type CrossEncoder, SentenceTransformer, similarity } from '../../src/index.ts';
import { encoderFolder } from '../support/encoders.ts';
import { asking, embedder, reranker } from '../support/serving.ts';
import { problem } from '../support/tiny.ts';

const TEXTS = ['A man is eating food.', 'Hello', "I can't believe it's not butter!"];
const [QUERY, ...DOCUMENTS] = TEXTS;
const LONG = TEXTS.join(' ').repeat(40);
const anything = <T>(value: unknown): T => value as T;

let vectors: SentenceTransformer;
let ranks: CrossEncoder;
let want: number[][];
let order: { corpus_id: number; score: number }[];
beforeAll(async () => {
  [vectors, ranks] = await Promise.all([embedder(), reranker()]);
  want = (await vectors.encode(TEXTS)).tolist() as number[][];
  order = await ranks.rank(QUERY, DOCUMENTS);
});

describe('AI SDK', () => {
  test('embeds texts, as what the model runs does', async () => {
    for (const model of [vectors, vectors.traced]) {
      const { embeddings, usage } = await embedMany({ model: embeddingModel(model), values: TEXTS });
      expect(embeddings).toEqual(want);
      expect(usage.tokens).toBe(TEXTS.reduce((sum, text) => sum + vectors.tokenizer.encode(text).length, 0));
    }
    expect((await embed({ model: embeddingModel(vectors), value: TEXTS[1] })).embedding).toEqual(want[1]);
  });

  test('takes settings when it is made, and for a call', async () => {
    const model = embeddingModel(vectors, { truncate_dim: 6, truncate: true, modelId: 'tiny' });
    expect([model.provider, model.modelId]).toEqual(['tracelet', 'tiny']);
    expect((await embed({ model, value: LONG })).embedding).toHaveLength(6);
    const { embedding } = await embed({ model, value: 'Hello', providerOptions: { tracelet: { truncate_dim: 3 } } });
    expect(embedding).toHaveLength(3);
  });

  test('ranks documents', async () => {
    const model = rerankingModel(ranks);
    const { ranking } = await rerank({ model, query: QUERY, documents: DOCUMENTS });
    expect(ranking.map(({ originalIndex, score }) => ({ corpus_id: originalIndex, score }))).toEqual(order);
    const objects = DOCUMENTS.map((text) => ({ text }));
    const best = await rerank({ model, query: QUERY, documents: objects, topN: 1 });
    expect(best.ranking).toHaveLength(1);
    const [{ corpus_id }] = await ranks.rank(
      QUERY,
      objects.map((each) => JSON.stringify(each)),
    );
    expect(best.ranking[0].document).toEqual(objects[corpus_id]);
  });

  test('has errors of its own, and stops when told to', async () => {
    await problem('value', () => embeddingModel(anything('model')));
    await problem('value', () => embeddingModel(vectors, anything({ dims: 3 })));
    await problem('value', () => rerankingModel(anything(vectors)));
    await expect(embed({ model: embeddingModel(vectors), value: LONG, maxRetries: 0 })).rejects.toThrow(/tokens/);
    const providerOptions = { tracelet: { nonsense: 1 } };
    await expect(embed({ model: embeddingModel(vectors), value: 'a', maxRetries: 0, providerOptions })).rejects.toThrow(/nonsense/);
    const abortSignal = AbortSignal.abort(new Error('enough'));
    await expect(embed({ model: embeddingModel(vectors), value: 'a', maxRetries: 0, abortSignal })).rejects.toThrow('enough');
  });
});

describe('LangChain', () => {
  test('embeds queries and documents with their prompts', async () => {
    const model = await SentenceTransformer.from_pretrained(encoderFolder('st-prompts'));
    const embeddings = new TraceletEmbeddings(model);
    expect(await embeddings.embedQuery(QUERY)).toEqual(((await model.encode_query(QUERY)) as { tolist(): unknown }).tolist());
    expect(await embeddings.embedDocuments(TEXTS)).toEqual(((await model.encode_document(TEXTS)) as { tolist(): unknown }).tolist());
    expect(await embeddings.embedQuery(QUERY)).not.toEqual((await embeddings.embedDocuments([QUERY]))[0]);
  });

  test('fills a vector store, which finds what is nearest', async () => {
    class Store extends VectorStore {
      readonly rows: { vector: number[]; document: Document }[] = [];
      _vectorstoreType(): string {
        return 'list';
      }
      async addVectors(given: number[][], documents: Document[]): Promise<void> {
        for (const [i, vector] of given.entries()) this.rows.push({ vector, document: documents[i] });
      }
      async addDocuments(documents: Document[]): Promise<void> {
        await this.addVectors(await this.embeddings.embedDocuments(documents.map(({ pageContent }) => pageContent)), documents);
      }
      async similaritySearchVectorWithScore(query: number[], k: number): Promise<[Document, number][]> {
        const scored = this.rows.map(({ vector, document }): [Document, number] => [document, similarity(query, vector)]);
        return scored.sort((a, b) => b[1] - a[1]).slice(0, k);
      }
    }
    const store = new Store(new TraceletEmbeddings(vectors), {});
    await store.addDocuments(TEXTS.map((pageContent) => new Document({ pageContent })));
    for (const text of TEXTS) expect((await store.similaritySearch(text, 1))[0].pageContent).toBe(text);
    expect((await store.asRetriever(2).invoke(QUERY)).map(({ pageContent }) => pageContent)[0]).toBe(QUERY);
  });

  test('ranks documents, whose scores stand in their metadata', async () => {
    const compressor = new TraceletRerank(ranks, { topN: 1 });
    expect(BaseDocumentCompressor.isBaseDocumentCompressor(compressor)).toBe(true);
    const documents = DOCUMENTS.map((pageContent, id) => new Document({ pageContent, metadata: { id } }));
    const [{ corpus_id, score }] = order;
    expect(await compressor.compressDocuments(documents, QUERY)).toMatchObject([
      { pageContent: DOCUMENTS[corpus_id], metadata: { id: corpus_id, relevanceScore: score } },
    ]);
  });

  test('has errors of its own', async () => {
    await problem('value', () => new TraceletEmbeddings(anything(ranks)));
    await problem('value', () => new TraceletEmbeddings(vectors, anything({ nonsense: 1 })));
    await problem('value', () => new TraceletRerank(anything(vectors)));
    await problem('value', () => new TraceletEmbeddings(vectors).embedQuery(LONG));
    expect(await new TraceletEmbeddings(vectors, { truncate: true }).embedQuery(LONG)).toHaveLength(want[0].length);
  });
});

describe('Workers AI', () => {
  const name = '@cf/baai/bge-base-en-v1.5';
  const ai = () => workersAI({ [name]: vectors, ranks });

  test('answers as its binding and the server do', async () => {
    const answer = await ai().run(name, { text: TEXTS });
    expect([answer.shape, answer.pooling]).toEqual([[3, want[0].length], 'mean']);
    const served = await asking({ vectors }).ask(`/ai/run/${name}`, { text: TEXTS });
    expect(served.result.data.map((vector: number[]) => vector.map(Math.fround))).toEqual(answer.data);
    expect((await ai().run(name, { text: TEXTS[0] })).data).toEqual(answer.data.slice(0, 1));
  });

  test('ranks contexts', async () => {
    const contexts = DOCUMENTS.map((text) => ({ text }));
    expect((await ai().run('ranks', { query: QUERY, contexts })).response).toEqual(
      order.map(({ corpus_id: id, score }) => ({ id, score })),
    );
    expect((await ai().run('ranks', { query: QUERY, contexts, top_k: 1 })).response).toHaveLength(1);
  });

  test('has errors of its own', async () => {
    await problem('value', () => workersAI(anything('models')));
    expect((await problem('value', () => ai().run('@cf/baai/bge-base-en-v1.4', { text: 'a' }))).message).toContain(`Did you mean ${name}?`);
    for (const input of [undefined, {}, { text: 1 }, { text: [] }, { text: ['a', 1] }, { query: 'a', contexts: [{ text: 'b' }] }])
      await problem('value', () => ai().run(name, anything(input)));
    for (const input of [{ query: 'a' }, { query: 'a', contexts: ['b'] }, { query: 1, contexts: [] }])
      await problem('value', () => ai().run('ranks', anything(input)));
  });
});

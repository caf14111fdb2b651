/** What the official clients of each interface have of the server whose address follows on the command line, as a line of JSON. */
import { createCohere } from '@ai-sdk/cohere';
import { createOpenAI } from '@ai-sdk/openai';
import { InferenceClient, setLogger } from '@huggingface/inference';
import { embedMany, rerank } from 'ai';
import { CohereClientV2 } from 'cohere-ai';
import OpenAI from 'openai';

setLogger({ ...console, warn() {} });

export const TEXTS = ['A man is eating food.', 'Someone is having a meal.', 'Shares fell on Monday.'];
export const QUERY = 'Who eats?';

const openai = (url) => new OpenAI({ baseURL: `${url}v1`, apiKey: 'none', maxRetries: 0, dangerouslyAllowBrowser: true });
const cohere = (url) => new CohereClientV2({ token: 'none', environment: url.replace(/\/$/, ''), maxRetries: 0 });
const failure = (call) =>
  call.then(
    () => 'no error',
    ({ status, statusCode }) => status ?? statusCode,
  );

/** Vectors of the texts, by whoever asks for them. */
const VECTORS = {
  openai: async (url) => (await openai(url).embeddings.create({ model: 'minilm', input: TEXTS })).data.map(({ embedding }) => embedding),
  '@huggingface/inference': (url) => new InferenceClient().featureExtraction({ endpointUrl: url, inputs: TEXTS }),
  'AI SDK': async (url) =>
    (await embedMany({ model: createOpenAI({ baseURL: `${url}v1`, apiKey: 'none' }).embedding('minilm'), values: TEXTS })).embeddings,
};

/** Texts by how well they answer the query, each as its place and its score. The client of Hugging Face has no function for rankings but its general one. */
const RANKINGS = {
  'cohere-ai': async (url) =>
    (await cohere(url).rerank({ model: 'ranker', query: QUERY, documents: TEXTS })).results.map((each) => [
      each.index,
      each.relevanceScore,
    ]),
  '@huggingface/inference': async (url) =>
    (await new InferenceClient().request({ endpointUrl: url, query: QUERY, texts: TEXTS })).map(({ index, score }) => [index, score]),
  'AI SDK': async (url) => {
    const model = createCohere({ baseURL: `${url}v2`, apiKey: 'none' }).reranking('ranker');
    return (await rerank({ model, query: QUERY, documents: TEXTS })).ranking.map((each) => [each.originalIndex, each.score]);
  },
};

/** Statuses that the errors of clients have. */
const STATUSES = {
  openai: (url) => failure(openai(url).embeddings.create({ model: 'minilm', input: '' })),
  'cohere-ai': (url) => failure(cohere(url).rerank({ model: 'ranker', query: '', documents: TEXTS })),
};

async function answersOf(clients, url) {
  const answered = Object.entries(clients).map(async ([name, ask]) => [name, await ask(url).catch((error) => `${error.stack ?? error}`)]);
  return Object.fromEntries(await Promise.all(answered));
}

/** By kind of question and by client, answers, or what the client fails with. */
export async function clientsAt(url) {
  const kinds = Object.entries({ vectors: VECTORS, rankings: RANKINGS, statuses: STATUSES });
  return Object.fromEntries(await Promise.all(kinds.map(async ([kind, clients]) => [kind, await answersOf(clients, url)])));
}

const url = globalThis.process?.argv?.[2];
if (url?.startsWith('http:')) console.log(JSON.stringify(await clientsAt(url)));

import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { didYouMean } from '../base/nearest.ts';
import { NAMES, TEXT } from '../base/schema.ts';
import { poolingOf } from '../sentence/pooling.ts';
import { scaledToOne } from '../sentence/prompt.ts';
import { type Holder, tracedIn } from '../traced/holder.ts';
import { embedded, type Ranks } from './vectors.ts';

/** What {@link WorkersAI.run} is asked of a model that makes vectors. */
export interface TextEmbeddingsInput {
  text: string | readonly string[];
  /** That of the model, or an error. */
  pooling?: string;
}

/** What it answers. */
export interface TextEmbeddingsOutput {
  shape: [texts: number, width: number];
  data: number[][];
  pooling: string;
}

/** What it is asked of a model that ranks. */
export interface RerankInput {
  query: string;
  contexts: readonly { text: string }[];
  top_k?: number;
}

/** What it answers. */
export interface RerankOutput {
  response: { id: number; score: number }[];
}

/** An object that is asked as the binding `env.AI` of Workers is. */
export interface WorkersAI {
  run(model: string, input: TextEmbeddingsInput, options?: { signal?: AbortSignal }): Promise<TextEmbeddingsOutput>;
  run(model: string, input: RerankInput, options?: { signal?: AbortSignal }): Promise<RerankOutput>;
}

const isRanker = (model: unknown): model is Ranks => typeof (model as Partial<Ranks> | undefined | null)?.rank === 'function';

type Input = Partial<TextEmbeddingsInput & RerankInput>;

/**
 * Models by the names that a program asks Workers AI for, as `@cf/baai/bge-base-en-v1.5`: what makes vectors is a trace or runs one, what ranks a
 * CrossEncoder. Texts that are too long lose what does not fit, as there. `run` throws `value` errors.
 */
export function workersAI(models: Readonly<Record<string, Holder | Ranks>>): WorkersAI {
  if (!isObject(models)) throw new TraceletError('value', { what: 'workersAI()', expected: 'models by name', got: describe(models) });
  for (const [name, model] of Object.entries(models)) if (!isRanker(model)) tracedIn(`workersAI(): the model ${describe(name)}`, model);
  const run = async (name: string, input: Input, options?: { signal?: AbortSignal }): Promise<unknown> => {
    const model = Object.hasOwn(models, name) ? models[name] : undefined;
    if (!model) throw unknownModel(name, Object.keys(models));
    const { signal } = options ?? {};
    return isObject(input) && 'query' in input ? ranked(model as Ranks, input, signal) : embeddings(model as Holder, input, signal);
  };
  return { run } as WorkersAI;
}

async function embeddings(model: Holder, input: Input, signal: AbortSignal | undefined): Promise<TextEmbeddingsOutput> {
  const given = TEXT.read(input?.text) ?? NAMES.read(input?.text);
  if (given === undefined || given.length === 0)
    throw new TraceletError('value', { what: 'run(): text', expected: 'a string or an array of strings', got: describe(input?.text) });
  const { sentence } = tracedIn('run(): the model', model).reader;
  const pooling = poolingOf(sentence);
  if ((input.pooling ?? pooling) !== pooling)
    throw new TraceletError('value', {
      what: 'run(): pooling',
      expected: `${pooling}, which is that of the model`,
      got: describe(input.pooling),
    });
  const options = { truncate: true, ...scaledToOne(sentence), signal };
  const { embeddings: data } = await embedded('run(): the model', model, [given].flat(), options);
  return { shape: [data.length, data[0].length], data, pooling };
}

async function ranked(model: Ranks, { query, contexts, top_k }: Input, signal: AbortSignal | undefined): Promise<RerankOutput> {
  const texts = Array.isArray(contexts) ? contexts.map((context) => context?.text) : undefined;
  if (!isRanker(model) || TEXT.read(query) === undefined || NAMES.read(texts) === undefined)
    throw new TraceletError('value', {
      what: 'run()',
      expected: '{ query, contexts: [{ text }] } for a CrossEncoder',
      got: describe({ query, contexts }),
    });
  const scores = await model.rank(query as string, texts as string[], { truncate: true, signal, ...(top_k !== undefined && { top_k }) });
  return { response: scores.map(({ corpus_id: id, score }) => ({ id, score })) };
}

const unknownModel = (name: unknown, known: readonly string[]): TraceletError =>
  new TraceletError('value', {
    what: 'run(): the model',
    expected: `one of ${known.join(', ') || 'none'}`,
    got: describe(name),
    cure: typeof name === 'string' ? didYouMean(name, known) : undefined,
  });

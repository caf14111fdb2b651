import type { EmbeddingModelV3, RerankingModelV3 } from '@ai-sdk/provider';
import { checkOptions, FUNCTION, NAMED, type OptionTable, proved } from '../base/options.ts';
import { FLAG, kind, SIZE, TEXT } from '../base/schema.ts';
import { type Holder, tracedIn } from '../traced/holder.ts';
import { embedded, type Ranks } from './vectors.ts';

/** What a call may say under the name `tracelet` of `providerOptions`, in place of what {@link embeddingModel} was given. */
export interface EmbeddingSettings {
  /** The words to put before texts, or the name of a prompt of the folder. */
  prompt?: string;
  prompt_name?: string;
  /** Leaves out tokens that do not fit; an error unless given. */
  truncate?: boolean;
  /** Keeps so many numbers of each vector. */
  truncate_dim?: number;
  /** Scales vectors to length 1. */
  normalize?: boolean;
}

/** Options of {@link embeddingModel}. */
export interface EmbeddingModelOptions extends EmbeddingSettings {
  /** What telemetry calls the model. */
  modelId?: string;
}

const SETTINGS: OptionTable<EmbeddingSettings> = { prompt: TEXT, prompt_name: TEXT, truncate: FLAG, truncate_dim: SIZE, normalize: FLAG };
const PROVIDER = 'tracelet';

/**
 * A model for `embed` and `embedMany` of the AI SDK, from a trace or what runs one: vectors are made in this process. Throws `value` errors, when it is
 * made and when it is called.
 */
export function embeddingModel(model: Holder, given: EmbeddingModelOptions = {}): EmbeddingModelV3 {
  const what = 'embeddingModel()';
  const { modelId = 'model', ...settings } = checkOptions(what, given, { ...SETTINGS, modelId: NAMED });
  tracedIn(what, model);
  return {
    specificationVersion: 'v3',
    provider: PROVIDER,
    modelId,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: false,
    async doEmbed({ values, abortSignal: signal, providerOptions }) {
      const asked = checkOptions(`providerOptions.${PROVIDER}`, providerOptions?.[PROVIDER] as EmbeddingSettings | undefined, SETTINGS);
      const { embeddings, tokens } = await embedded(what, model, values, { ...settings, ...asked, signal });
      return { embeddings, usage: { tokens }, warnings: [] };
    },
  };
}

/** Options of {@link rerankingModel}. */
export interface RerankingModelOptions {
  /** What telemetry calls the model. */
  modelId?: string;
  /** Leaves out tokens that do not fit. Default: true. */
  truncate?: boolean;
}

const RANKS = kind<Ranks>('a CrossEncoder', (value) => !!FUNCTION.read((value as Partial<Ranks> | undefined)?.rank));

/** A model for `rerank` of the AI SDK, from a CrossEncoder: documents are ranked in this process, objects as the JSON of them. Throws `value` errors. */
export function rerankingModel(model: Ranks, given: RerankingModelOptions = {}): RerankingModelV3 {
  const what = 'rerankingModel()';
  const { modelId = 'model', truncate = true } = checkOptions(what, given, { modelId: NAMED, truncate: FLAG });
  proved(what, model, RANKS);
  return {
    specificationVersion: 'v3',
    provider: PROVIDER,
    modelId,
    async doRerank({ query, documents, topN, abortSignal: signal }) {
      const texts = documents.type === 'text' ? documents.values : documents.values.map((value) => JSON.stringify(value));
      const ranked = await model.rank(query, texts, { truncate, signal, ...(topN !== undefined && { top_k: topN }) });
      return { ranking: ranked.map(({ corpus_id: index, score: relevanceScore }) => ({ index, relevanceScore })) };
    },
  };
}

import type { DocumentInterface } from '@langchain/core/documents';
import type { EmbeddingsInterface } from '@langchain/core/embeddings';
import { checkOptions, FUNCTION, proved } from '../base/options.ts';
import { COUNT, FLAG, kind, NAMES, SIZE, TEXT } from '../base/schema.ts';
import type { SentenceTransformer } from '../encoders/sentencetransformer.ts';
import type { Ranks } from './vectors.ts';

type Encodes = Pick<SentenceTransformer, 'encode_query' | 'encode_document'>;

/** Options of {@link TraceletEmbeddings}. */
export interface TraceletEmbeddingsOptions {
  /** Leaves out tokens that do not fit; an error unless given. */
  truncate?: boolean;
  /** Keeps so many numbers of each vector. */
  truncate_dim?: number;
  /** Scales vectors to length 1. */
  normalize_embeddings?: boolean;
  /** Most tokens that run at once. Vectors do not depend on it. */
  batchTokens?: number;
}

const OPTIONS = { truncate: FLAG, truncate_dim: SIZE, normalize_embeddings: FLAG, batchTokens: COUNT };
const ENCODES = kind<Encodes>('a SentenceTransformer', (value) => !!FUNCTION.read((value as Partial<Encodes> | undefined)?.encode_query));
const RANKS = kind<Ranks>('a CrossEncoder', (value) => !!FUNCTION.read((value as Partial<Ranks> | undefined)?.rank));

const DOCUMENTS = kind<DocumentInterface[]>(
  'documents with a pageContent',
  (value) => Array.isArray(value) && Array.from(value).every((each) => typeof each?.pageContent === 'string'),
);

/** Vectors for LangChain, made in this process: of queries and documents with the prompts that the folder has for each. */
export class TraceletEmbeddings implements EmbeddingsInterface {
  readonly #model: Encodes;
  readonly #options: TraceletEmbeddingsOptions;

  /** Throws `value` errors. */
  constructor(model: Encodes, options: TraceletEmbeddingsOptions = {}) {
    this.#model = proved('new TraceletEmbeddings', model, ENCODES);
    this.#options = { truncate: false, ...checkOptions('new TraceletEmbeddings', options, OPTIONS) };
  }

  /** A vector for each document. Throws `value` errors. */
  async embedDocuments(documents: string[]): Promise<number[][]> {
    const vectors = await this.#model.encode_document(proved('documents', documents, NAMES), this.#options);
    return (vectors as { tolist(): unknown }).tolist() as number[][];
  }

  /** The vector of a query. Throws `value` errors. */
  async embedQuery(document: string): Promise<number[]> {
    const vector = await this.#model.encode_query(proved('document', document, TEXT), this.#options);
    return (vector as { tolist(): unknown }).tolist() as number[];
  }
}

/** Options of {@link TraceletRerank}. */
export interface TraceletRerankOptions {
  /** How many of the best documents are kept. Default: 3. */
  topN?: number;
  /** Leaves out tokens that do not fit. Default: true. */
  truncate?: boolean;
}

/** Ranks documents for retrievers of LangChain with a CrossEncoder, in this process; `relevanceScore` of their metadata is the score. */
export class TraceletRerank {
  readonly #model: Ranks;
  readonly #options: Required<TraceletRerankOptions>;

  /** Throws `value` errors. */
  constructor(model: Ranks, options: TraceletRerankOptions = {}) {
    this.#model = proved('new TraceletRerank', model, RANKS);
    this.#options = { topN: 3, truncate: true, ...checkOptions('new TraceletRerank', options, { topN: SIZE, truncate: FLAG }) };
  }

  /** The best documents for a query, the best first. */
  async compressDocuments<Metadata extends Record<string, unknown>>(
    documents: DocumentInterface<Metadata>[],
    query: string,
  ): Promise<DocumentInterface<Metadata & { relevanceScore: number }>[]> {
    const { topN, truncate } = this.#options;
    const texts = proved('documents', documents, DOCUMENTS).map(({ pageContent }) => pageContent);
    const ranked = await this.#model.rank(proved('query', query, TEXT), texts, { top_k: topN, truncate });
    return ranked.map(({ corpus_id, score }) => {
      const document = documents[corpus_id];
      return { ...document, metadata: { ...document.metadata, relevanceScore: score } };
    });
  }
}

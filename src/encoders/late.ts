import { onDemand } from '../base/ondemand.ts';
import type { Hit, SearchOptions } from '../search/search.ts';
import type { VectorIndex as Index, VectorIndexLoadOptions, VectorIndexOptions } from '../search/vectorindex.ts';
import type { Source } from '../sources/source.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Precision, QuantizeOptions } from '../text/precision.ts';
import type { Vectors } from '../text/similarity.ts';
import type { CrossEncoder as Pairs } from './crossencoder.ts';
import type { MultiVectorEncoder as Tokens } from './multivectorencoder.ts';
import type { EncoderOptions, EncoderSource } from './open.ts';
import type { SentenceTransformer as Sentences } from './sentencetransformer.ts';
import type { SparseEncoder as Words } from './sparseencoder.ts';

/** What opens a class that is loaded when it is asked for. */
interface Opens<Instance> {
  /**
   * What a folder, hub id or address holds, traced once for any number of texts of any length; or a trace, saved or loaded. Throws the errors of
   * `from_pretrained` of models and of `jit.trace`, and `config` errors for folders and traces of another kind.
   */
  from_pretrained(source: EncoderSource, options?: EncoderOptions): Promise<Instance>;
}

const all = () => onDemand('encoders', () => import('./index.ts'));
const searches = () => onDemand('searches', () => import('../search/index.ts'));
type Classes = Pick<Awaited<ReturnType<typeof all>>, 'CrossEncoder' | 'MultiVectorEncoder' | 'SentenceTransformer' | 'SparseEncoder'>;

const opens = <Name extends keyof Classes>(name: Name): Opens<Classes[Name]['prototype']> => ({
  from_pretrained: async (source, options) => (await all())[name].from_pretrained(source, options),
});

/** Scores of pairs of texts: rerankers and classifiers of pairs. As `sentence_transformers.CrossEncoder`. */
export type CrossEncoder = Pairs;
export const CrossEncoder: Opens<Pairs> = opens('CrossEncoder');

/** Vectors of texts. As `sentence_transformers.SentenceTransformer`. */
export type SentenceTransformer = Sentences;
export const SentenceTransformer: Opens<Sentences> = opens('SentenceTransformer');

/** Weights of words for texts. As `sentence_transformers.SparseEncoder` with SPLADE. */
export type SparseEncoder = Words;
export const SparseEncoder: Opens<Words> = opens('SparseEncoder');

/** A vector for each token of texts, compared late: ColBERT and its kin. As `sentence_transformers.MultiVectorEncoder`. */
export type MultiVectorEncoder = Tokens;
export const MultiVectorEncoder: Opens<Tokens> = opens('MultiVectorEncoder');

/**
 * Vectors in fewer bytes, as `sentence_transformers.quantize_embeddings`: `int8` and `uint8` are steps between the least and the largest of
 * each number, `binary` and `ubinary` signs, eight a byte. The shape is that of `vectors`, but for the last dimension of signs. Throws
 * `value`, `shape` and `dtype` errors.
 */
export async function quantize_embeddings(vectors: Vectors, precision: Precision, options?: QuantizeOptions): Promise<Tensor> {
  return (await all()).quantizeVectors(vectors, precision, options);
}

/**
 * For each query the rows of the corpus that are most alike, the best first, as `sentence_transformers.util.semantic_search`: each is compared. Both
 * are matrices of float32, or of int8 and uint8 as {@link quantize_embeddings} makes them. Lets other work through. Whoever searches one corpus often has a
 * {@link VectorIndex}. Throws `value` and `shape` errors.
 */
export async function semantic_search(queries: Vectors, corpus: Vectors, options?: SearchOptions): Promise<Hit[][]> {
  return (await searches()).search(queries, corpus, options);
}

/** Vectors in a wasm memory, filled once and asked often: {@link semantic_search} over a corpus that stays. */
export type VectorIndex = Index;
export const VectorIndex: {
  /** An index without vectors. Throws `value` errors for wrong options. */
  create(options?: VectorIndexOptions): Promise<Index>;
  /**
   * What `save` wrote, or any safetensors file with one matrix of float32, int8 or uint8: a path, a URL, bytes, a response or a stream. Throws `source`,
   * `format` and `value` errors.
   */
  load(source: Source, options?: VectorIndexLoadOptions): Promise<Index>;
} = {
  create: async (options) => (await searches()).VectorIndex.create(options),
  load: async (source, options) => (await searches()).VectorIndex.load(source, options),
};

import './hub.ts';
import './methods.ts';
import '#ops';
import '#tokenizers';

export { ERROR_CODES } from './base/codes.ts';
export { type ErrorCode, TraceletError } from './base/error.ts';
export type { Pair, PredictOptions, Ranked, RankOptions, ScoreActivation } from './encoders/crossencoder.ts';
export {
  CrossEncoder,
  MultiVectorEncoder,
  quantize_embeddings,
  SentenceTransformer,
  SparseEncoder,
  semantic_search,
  VectorIndex,
} from './encoders/late.ts';
export type { MultiVectorEncodeOptions } from './encoders/multivectorencoder.ts';
export type { EncoderOptions, EncoderSource } from './encoders/open.ts';
export type { SentenceEncodeOptions } from './encoders/sentencetransformer.ts';
export type { SparseEncodeOptions } from './encoders/sparseencoder.ts';
export type { Checkpoint } from './formats/checkpoint.ts';
export { openCheckpoint } from './formats/late.ts';
export type { InstructionPlan, MemoryPlan } from './inspect/cost.ts';
export type { InstructionProfile, Profile } from './inspect/profile.ts';
export type { Verification } from './inspect/verify.ts';
export type { DynamicAxes } from './jit/dynamic.ts';
export * as jit from './jit/late.ts';
export { bestVariant, useKernels } from './kernels/binaries.ts';
export type { IntegerForm } from './kernels/integers.ts';
export {
  AutoConfig,
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForMaskedLM,
  AutoModelForMultipleChoice,
  AutoModelForNextSentencePrediction,
  AutoModelForPreTraining,
  AutoModelForQuestionAnswering,
  AutoModelForSeq2SeqLM,
  AutoModelForSequenceClassification,
  AutoModelForTextEncoding,
  AutoModelForTokenClassification,
  AutoTokenizer,
} from './models/auto.ts';
export { ARCHITECTURES, type Architecture, architecture } from './models/index.ts';
export { type ModelInputs, PreTrainedModel, type PreTrainedOptions } from './models/pretrained.ts';
export * from './models/registry.ts';
export { SentenceEmbedder } from './models/sentence/embedder.ts';
export { withKernels } from './nn/executor.ts';
export * as F from './nn/functional.ts';
export * as nn from './nn/index.ts';
export type { ModelOutput } from './nn/outputs.ts';
export { ACTIVATIONS, OPS } from './ops/table.ts';
export type { ModelCache } from './platform/cache.ts';
export type { Variant } from './platform/platform.ts';
export type { Signature } from './program/signature.ts';
export type { ThreadCount } from './runtime/threads/choose.ts';
export type { Hit, QueryOptions, ScoreFunction, SearchOptions } from './search/search.ts';
export type { VectorIndexLoadOptions, VectorIndexOptions } from './search/vectorindex.ts';
export type { SourceOptions } from './sources/folder.ts';
export type { ProgressCallback, ProgressInfo } from './sources/progress.ts';
export type { Source } from './sources/source.ts';
export { pipeline } from './tasks/late.ts';
export type { Pipeline, PipelineOptions, TaskName } from './tasks/pipeline.ts';
export { full, ones, tensor, zeros } from './tensor/creation.ts';
export type { Bounds, Dim, Sizes } from './tensor/dim.ts';
export { type ArrayOf, DTYPES, type DType, type DTypeName } from './tensor/dtype.ts';
export type { Nested } from './tensor/nested.ts';
export { Tensor, type TensorLike } from './tensor/tensor.ts';
export { type Chunk, type ChunkOptions, chunkText } from './text/chunk.ts';
export type { EmbeddedText } from './text/embed.ts';
export type { EmbedOptions, EmbedProgress } from './text/embedder.ts';
export type { LateSimilarity, Matrices } from './text/maxsim.ts';
export type { Precision, QuantizeOptions } from './text/precision.ts';
export type { Similarity } from './text/scores.ts';
export { similarity, type Vectors } from './text/similarity.ts';
export type { Texts } from './text/source.ts';
export type { SparseVector } from './text/sparse.ts';
export { BertTokenizer } from './tokenizer/bert.ts';
export { PreTrainedTokenizerFast } from './tokenizer/tokenizer.ts';
export type { ExampleInput, ScriptModule } from './torchscript/module.ts';
export { TracedModule } from './traced/late.ts';
export type { RunOptions } from './traced/options.ts';
export type { TracePool } from './traced/pool/pool.ts';

import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { didYouMean } from '../base/nearest.ts';
import type { AggregationStrategy } from './entities.ts';
import { type FeatureExtractor, type FeatureOptions, featureExtraction } from './features.ts';
import { type FillOptions, fillMask, type MaskFiller } from './fillmask.ts';
import { type AnswerOptions, type QuestionAnswerer, questionAnswering } from './questionanswering.ts';
import { type Ranker, type TextRankingOptions, textRanking } from './ranking.ts';
import { type SentenceComparer, type SimilarityOptions, sentenceSimilarity } from './sentencesimilarity.ts';
import type { Task, TopK } from './task.ts';
import { type ClassifyOptions, type TextClassifier, textClassification } from './textclassification.ts';
import { type TokenClassifier, type TokenOptions, tokenClassification } from './tokenclassification.ts';
import { type ZeroShotClassifier, type ZeroShotOptions, zeroShotClassification } from './zeroshot.ts';

/** Options by which answers differ in shape, when a pipeline is opened: what is said of them stays in its type. */
export interface Deciding<Strategy extends AggregationStrategy, Top extends TopK> {
  aggregation_strategy?: Strategy;
  top_k?: Top;
}

/** What a pipeline of each task is called with, as those options say when it is opened, and its options. */
export interface TaskTypes<Strategy extends AggregationStrategy = 'none', Top extends TopK = undefined> {
  'feature-extraction': [FeatureExtractor, FeatureOptions];
  embeddings: TaskTypes['feature-extraction'];
  'fill-mask': [MaskFiller, FillOptions];
  'question-answering': [QuestionAnswerer<Top>, AnswerOptions];
  'sentence-similarity': [SentenceComparer, SimilarityOptions];
  'text-classification': [TextClassifier<Top>, ClassifyOptions];
  'sentiment-analysis': TaskTypes<Strategy, Top>['text-classification'];
  'text-ranking': [Ranker, TextRankingOptions];
  reranker: TaskTypes['text-ranking'];
  'token-classification': [TokenClassifier<Strategy>, TokenOptions];
  ner: TaskTypes<Strategy, Top>['token-classification'];
  'zero-shot-classification': [ZeroShotClassifier, ZeroShotOptions];
}

export type TaskName = keyof TaskTypes;

/** All tasks. */
const TASKS: readonly Task[] = [
  featureExtraction,
  fillMask,
  questionAnswering,
  sentenceSimilarity,
  textClassification,
  textRanking,
  tokenClassification,
  zeroShotClassification,
] as readonly Task[];

const BY_NAME = new Map(TASKS.flatMap((task) => [task.name, ...task.aliases].map((name) => [name, task] as const)));

/** The task of a name or alias. Throws a `value` error that lists those known. */
export function taskOf(name: unknown): Task {
  const task = BY_NAME.get(name as string);
  if (task) return task;
  const known = [...BY_NAME.keys()];
  throw new TraceletError('value', {
    what: 'pipeline: task',
    expected: `one of ${known.join(', ')}`,
    got: describe(name),
    cure: typeof name === 'string' ? didYouMean(name, known) : undefined,
  });
}

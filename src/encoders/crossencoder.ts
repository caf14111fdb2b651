import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { checkOptions, curesIn, FUNCTION, type OptionTable } from '../base/options.ts';
import { FLAG, type Kind, SIZE } from '../base/schema.ts';
import { CrossEncoderModel } from '../models/sentence/scorer.ts';
import * as F from '../nn/functional.ts';
import { SCORE_ACTIVATIONS, scoreActivation } from '../sentence/activation.ts';
import { Tensor } from '../tensor/tensor.ts';
import { CURES, Encoder } from './encoder.ts';
import { chains, type EncoderOptions, type EncoderSource, openTraces, type Traces } from './open.ts';
import { RUN_TEXTS, type RunTextsOptions, runTexts } from './rows.ts';

/** A text with another. */
export type Pair = readonly [text: string, pair: string];
/** The name of a module of torch.nn such as `Sigmoid`, in any case, or a function of scores [texts, labels]. */
export type ScoreActivation = string | ((scores: Tensor<'float32'>) => Tensor);

/** Options of {@link CrossEncoder.predict}. Of a pair that is too long, tokens of the longer text are left out. */
export interface PredictOptions extends RunTextsOptions {
  /** What is applied to scores, in place of what the folder says. */
  activation_fn?: ScoreActivation;
  /** Whether the scores of a pair are made to add up to 1, where there are several. */
  apply_softmax?: boolean;
}

/** Options of {@link CrossEncoder.rank}. */
export interface RankOptions extends PredictOptions {
  /** How many of the best documents are answered; all unless given. */
  top_k?: number | null;
  /** Whether texts are answered as well. */
  return_documents?: boolean;
}

/** A document with its score. */
export interface Ranked {
  /** Its number in the order given. */
  corpus_id: number;
  score: number;
  text?: string;
}

const NAMES = new Map(Object.keys(SCORE_ACTIVATIONS).map((name) => [name.toLowerCase(), name]));
const ACTIVATION: Kind<ScoreActivation> = {
  expected: `one of ${[...NAMES.values()].join(', ')}, or a function of scores`,
  read: (value) => (typeof value === 'string' ? NAMES.get(value.toLowerCase()) : (FUNCTION.read(value) as ScoreActivation | undefined)),
};

const PREDICT: OptionTable<PredictOptions> = { ...RUN_TEXTS, activation_fn: ACTIVATION, apply_softmax: FLAG };
const RANK: OptionTable<RankOptions> = { ...PREDICT, top_k: SIZE, return_documents: FLAG };

const cureOf = curesIn(CURES);

const isText = (value: unknown): value is string => typeof value === 'string';

/** Scores of pairs of texts, as `sentence_transformers.CrossEncoder`. */
export class CrossEncoder extends Encoder {
  /** The name of the module of torch.nn that scores go through unless another is asked for. */
  readonly activation_fn: string;

  /** As {@link Encoder}. Throws a `config` error for an activation that is not known. */
  static async from_pretrained(source: EncoderSource, options?: EncoderOptions): Promise<CrossEncoder> {
    return new CrossEncoder(...(await openTraces('CrossEncoder.from_pretrained', chains(CrossEncoderModel), source, options)));
  }

  private constructor(...traces: Traces) {
    super(...traces);
    this.activation_fn = scoreActivation(this.sentence.activation_fn, this.num_labels);
  }

  /** How many scores a pair has. */
  get num_labels(): number {
    return this.traced.outputs[0].shape[1];
  }

  /**
   * Scores of pairs, [pairs] where each has one and [pairs, labels] where there are several; a number, or [labels], for one pair alone. Throws a
   * `value` error for what is no pair of texts.
   */
  predict(pair: Pair, options?: PredictOptions): Promise<number | Tensor<'float32'>>;
  predict(pairs: readonly Pair[], options?: PredictOptions): Promise<Tensor<'float32'>>;
  async predict(pairs: Pair | readonly Pair[], given: PredictOptions = {}): Promise<number | Tensor<'float32'>> {
    const what = 'predict()';
    const options = checkOptions(what, given, PREDICT, cureOf);
    if (!Array.isArray(pairs)) throw notPairs(what, pairs);
    const isOne = pairs.some(isText);
    const scores = await this.#scores(what, (isOne ? [pairs] : pairs) as readonly Pair[], options);
    if (!isOne) return this.num_labels === 1 ? scores.reshape([scores.shape[0]]) : scores;
    return this.num_labels === 1 ? scores.data[0] : scores.reshape([this.num_labels]);
  }

  /** Documents by their scores with a query, the best first. Throws a `value` error for models of several scores. */
  async rank(query: string, documents: readonly string[], given: RankOptions = {}): Promise<Ranked[]> {
    const what = 'rank()';
    const { top_k = null, return_documents = false, ...options } = checkOptions(what, given, RANK, cureOf);
    if (!isText(query) || !Array.isArray(documents)) throw notPairs(what, isText(query) ? documents : query);
    if (this.num_labels !== 1)
      throw new TraceletError('value', {
        what,
        expected: 'a model of one score',
        got: `one of ${this.num_labels}`,
        cure: 'Call predict(pairs), and choose among its scores',
      });
    const pairs = Array.from(documents, (text) => [query, text] as const);
    const { data } = await this.#scores(what, pairs, options);
    const ranked = pairs.map(([, text], corpus_id) => ({ corpus_id, score: data[corpus_id], ...(return_documents && { text }) }));
    return ranked.sort((a, b) => b.score - a.score).slice(0, top_k ?? undefined);
  }

  async #scores(what: string, pairs: readonly Pair[], options: PredictOptions): Promise<Tensor<'float32'>> {
    const { activation_fn: _, apply_softmax: __, ...running } = options;
    const { num_labels } = this;
    const nameOf = (index: number) => `pairs[${index}]`;
    for (const [i, pair] of pairs.entries())
      if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(isText)) throw notPairs(nameOf(i), pair);
    const scores = new Float32Array(pairs.length * num_labels);
    await runTexts(this.traced, pairs, running, { what, nameOf, output: 'scores' }, (at, { data }) => scores.set(data, at * num_labels));
    return this.#activated(what, new Tensor('float32', [pairs.length, num_labels], scores), options);
  }

  #activated(what: string, scores: Tensor<'float32'>, { activation_fn = this.activation_fn, apply_softmax }: PredictOptions) {
    const activated = typeof activation_fn === 'string' ? byName(activation_fn, scores) : activation_fn(scores);
    if (!(activated instanceof Tensor) || activated.size !== scores.size)
      throw new TraceletError('value', {
        what: `${what}: what activation_fn answers`,
        expected: `a tensor [${scores.shape}]`,
        got: describe(activated),
      });
    const answer = activated.to('float32').reshape(scores.shape) as Tensor<'float32'>;
    return apply_softmax && this.num_labels > 1 ? byName('Softmax', answer) : answer;
  }
}

function byName(name: string, scores: Tensor<'float32'>): Tensor<'float32'> {
  const op = SCORE_ACTIVATIONS[name];
  if (op === undefined || scores.size === 0) return scores;
  return op === 'softmax' ? F.softmax(scores, 1) : F.activation(op, scores);
}

const notPairs = (what: string, got: unknown): TraceletError =>
  new TraceletError('value', {
    what,
    expected: what === 'rank()' ? 'a query and a list of texts' : 'pairs of texts: ["one", "another"], or a list of such',
    got: describe(got),
  });

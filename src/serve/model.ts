import { TokenQueue } from '#queue';
import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { knowMore } from '../sentence/more.ts';
import { poolingOf } from '../sentence/pooling.ts';
import { type Facts, factsIn, labelOf, savedIn } from '../tasks/facts.ts';
import type { Embedding } from '../text/embedder.ts';
import { endsOf } from '../text/pad.ts';
import { tokenizerFrom } from '../tokenizer/auto.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import { type Holder, tracedIn } from '../traced/holder.ts';
import type { TracedModule } from '../traced/traced.ts';
import type { Asking, QueueLimits, QueueWatch } from './asking.ts';

/** What can be asked of models, and what one that it can be asked of is called. */
export const ABILITIES = {
  embed: 'an embedding model',
  embed_all: 'a model that makes a vector for each token',
  embed_sparse: 'a SPLADE model',
  rerank: 'a re-ranker model',
  predict: 'a classifier model',
  tokenize: 'a model with a tokenizer',
} as const;
export type Ability = keyof typeof ABILITIES;

/** The output that each ability reads, the first that a trace has. */
const OUTPUTS: Readonly<Record<Ability, readonly string[]>> = {
  embed: ['sentence_embedding'],
  embed_all: ['token_embeddings', 'last_hidden_state'],
  embed_sparse: ['sentence_embedding', 'token_embeddings', 'logits'],
  rerank: ['scores', 'logits'],
  predict: ['scores', 'logits'],
  tokenize: [],
};

/** What each kind of folder of sentence-transformers, or of transformers, can be asked. */
const OF_KINDS: Readonly<Record<string, readonly Ability[]>> = {
  SentenceTransformer: ['embed', 'embed_all'],
  SparseEncoder: ['embed_sparse'],
  MultiVectorEncoder: ['embed_all'],
  CrossEncoder: ['rerank', 'predict'],
  '': ['embed', 'embed_all', 'rerank', 'predict'],
};

/** What ops of products say of weights. */
const DTYPES: Readonly<Record<string, string>> = { i8: 'int8', i4: 'int4', f16: 'float16', bf16: 'bfloat16' };

/** A trace that is served. */
export class ServedModel {
  readonly name: string;
  readonly traced: TracedModule;
  readonly queue: TokenQueue;
  readonly facts: Facts;
  readonly kind: string;
  readonly #outputs = new Map<Ability, string>();
  #fromLeft: PreTrainedTokenizerFast | undefined;

  /** Throws a `value` error for what is no trace, or can be asked nothing. */
  constructor(name: string, servable: Holder, limits: QueueLimits, watch: QueueWatch) {
    knowMore();
    const traced = tracedIn(`the model ${describe(name)}`, servable);
    this.name = name;
    this.traced = traced;
    this.kind = traced.reader.sentence?.model_type ?? '';
    this.facts = savedIn(traced.files) ?? factsIn(traced.files);
    for (const ability of OF_KINDS[this.kind]) {
      const output = OUTPUTS[ability].find((each) => this.#answers(ability, each));
      if (output) this.#outputs.set(ability, output);
    }
    if (this.#outputs.size === 0)
      throw new TraceletError('value', {
        what: `the model ${describe(name)}`,
        expected: 'one that makes vectors, scores or labels of texts',
        got: `outputs ${traced.outputs.map((each) => each.name).join(', ')}`,
      });
    this.#outputs.set('tokenize', '');
    this.queue = new TokenQueue(traced, limits, watch);
  }

  /** The output that is read for an ability; undefined where the model has it not. */
  outputFor(ability: Ability): string | undefined {
    return this.#outputs.get(ability);
  }

  /** How many scores an answer has. */
  get labels(): number {
    return this.traced.outputs.find(({ name }) => name === this.#outputs.get('predict'))?.shape[1] ?? 0;
  }

  /** What kind of model it is, as Text Embeddings Inference says. */
  get type(): object {
    const id2label = this.#labels();
    const label2id = Object.fromEntries(Object.entries(id2label).map(([id, label]) => [label, Number(id)]));
    if (this.outputFor('rerank')) return { reranker: { id2label, label2id } };
    if (this.outputFor('predict')) return { classifier: { id2label, label2id } };
    return { embedding: { pooling: this.pooling } };
  }

  /** What its weights are kept as. */
  get dtype(): string {
    const op = this.traced.instance.program.ops.find((name) => /^linear_[a-z]+\d+$/.test(name));
    return DTYPES[op?.slice('linear_'.length) ?? ''] ?? 'float32';
  }

  #labels(): Record<string, string> {
    return Object.fromEntries(Array.from({ length: this.labels }, (_, id) => [id, labelOf(this.facts, id)]));
  }

  /** How it makes one vector of those of tokens. */
  get pooling(): string {
    return poolingOf(this.traced.reader.sentence);
  }

  /** How many numbers a vector has. */
  get width(): number {
    return this.traced.outputs.find(({ name }) => name === this.outputFor('embed'))?.shape[1] ?? 0;
  }

  /** Most tokens of a text. */
  get longest(): number {
    const { inputs, dynamic, tokenizer } = this.traced;
    return Math.min(tokenizer.model_max_length, endsOf(inputs[0], 1, dynamic)[1]);
  }

  /** The trace, whose rows are run beside those of other calls. `fromLeft` has long texts lose their beginning. */
  seat(asking: Asking, fromLeft = false): Embedding {
    const { inputs, outputs, dynamic, reader } = this.traced;
    return {
      inputs,
      outputs,
      dynamic,
      reader: fromLeft ? { ...reader, tokenizer: this.#cuttingLeft() } : reader,
      ...this.queue.runnerFor(asking),
    };
  }

  #cuttingLeft(): PreTrainedTokenizerFast {
    const { tokenizer } = this.traced;
    const { model_max_length } = tokenizer;
    this.#fromLeft ??= tokenizerFrom(tokenizer.files(), { truncation_side: 'left', model_max_length });
    return this.#fromLeft;
  }

  #answers(ability: Ability, output: string): boolean {
    const found = this.traced.outputs.find(({ name }) => name === output);
    if (!found) return false;
    const isScores = found.shape.length === 2;
    if (ability === 'rerank') return isScores && found.shape[1] === 1;
    return ability !== 'predict' || isScores;
  }
}

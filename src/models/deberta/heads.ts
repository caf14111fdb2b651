import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BertLMPredictionHead, BertPredictionHeadTransform, OnlyMLMHead } from '../bert/predictions.ts';
import type { Family } from '../family.ts';
import { ForQuestionAnswering, ForSequenceClassification, ForTokenClassification, type HeadOptions, WithLMHead } from '../heads.ts';
import type { PreTrainedModel } from '../pretrained.ts';
import { checkWidth, type DebertaConfig } from './config.ts';
import { DEBERTA, withNewHead } from './family.ts';
import { DebertaModel } from './model.ts';
import { ContextPooler } from './pooler.ts';

/** The base model of a family. */
type Base = new (config: never) => PreTrainedModel;

/** Makes the base model of a head. */
const encoder = (Base: Base, config: DebertaConfig) => (): PreTrainedModel => new Base(config as never);

/** Scores every word by the embeddings of words: [batch, sequence, vocabulary]. */
class DebertaLMPredictionHead extends Module<[Tensor], Tensor> {
  dense: Linear;
  LayerNorm: LayerNorm;
  /** Always that of the word embeddings. */
  weight: Parameter;
  bias: Parameter;
  readonly activation: string;

  constructor({ hidden_size, vocab_size, layer_norm_eps, activation }: DebertaConfig) {
    super();
    this.dense = new Linear(hidden_size, hidden_size);
    this.LayerNorm = new LayerNorm(hidden_size, { eps: layer_norm_eps });
    this.weight = new Parameter([vocab_size, hidden_size], (values) => values.fill(0));
    this.bias = new Parameter([vocab_size], (values) => values.fill(0));
    this.activation = activation;
  }

  forward(hidden_states: Tensor): Tensor {
    return F.linear(this.LayerNorm(F.activation(this.activation, this.dense(hidden_states))), this.weight, this.bias);
  }
}

class DebertaOnlyMLMHead extends Module<[Tensor], Tensor> {
  lm_head: DebertaLMPredictionHead;

  constructor(config: DebertaConfig) {
    super();
    this.lm_head = new DebertaLMPredictionHead(config);
  }

  forward(sequence_output: Tensor): Tensor {
    return this.lm_head(sequence_output);
  }
}

/** The head of BERT, as wide as the embeddings of words. */
function legacyHead(config: DebertaConfig): OnlyMLMHead<BertLMPredictionHead> {
  const { vocab_size, hidden_size, embedding_size } = config;
  const width = embedding_size ?? hidden_size;
  return new OnlyMLMHead(new BertLMPredictionHead({ hidden_size: width, vocab_size }, new BertPredictionHeadTransform(config, width)));
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class DebertaForMaskedLM extends WithLMHead {
  static override readonly family: Family = DEBERTA;
  static override readonly head = 'ForMaskedLM';
  protected static readonly Base: Base = DebertaModel;
  declare readonly config: DebertaConfig;
  declare deberta: DebertaModel;
  /** The head of models of today, unless `legacy` is false. */
  cls: OnlyMLMHead<BertLMPredictionHead> | null;
  /** The head that DeBERTa was trained with. */
  lm_predictions: DebertaOnlyMLMHead | null;

  /** Throws a `config` error for `legacy` false where embeddings of words have another width than hidden states. */
  constructor(config: DebertaConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config));
    if (!config.legacy) checkWidth(config, 'embedding_size', new.target.name);
    this.cls = config.legacy ? legacyHead(config) : null;
    this.lm_predictions = config.legacy ? null : new DebertaOnlyMLMHead(config);
    this.post_init(options?.seed);
  }

  override get family(): Family {
    return this.config.legacy ? super.family : withNewHead(super.family);
  }

  override tied(): [string, string][] {
    const { prefix, vocabulary } = this.family;
    return this.config.legacy ? super.tied() : [[`${vocabulary.decoder}.weight`, `${prefix}.${vocabulary.words}.weight`]];
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: (this.cls ?? (this.lm_predictions as DebertaOnlyMLMHead))(last_hidden_state) };
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class DebertaForSequenceClassification extends ForSequenceClassification<PreTrainedModel> {
  static override readonly family: Family = DEBERTA;
  protected static readonly Base: Base = DebertaModel;
  declare readonly config: DebertaConfig;
  declare deberta: DebertaModel;
  pooler: ContextPooler;

  constructor(config: DebertaConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config));
    this.pooler = new ContextPooler(config, new.target.name);
    this.post_init(options?.seed);
  }

  protected override summary({ last_hidden_state }: ModelOutput): Tensor {
    return this.pooler(last_hidden_state);
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class DebertaForTokenClassification extends ForTokenClassification<PreTrainedModel> {
  static override readonly family: Family = DEBERTA;
  protected static readonly Base: Base = DebertaModel;
  declare readonly config: DebertaConfig;
  declare deberta: DebertaModel;

  constructor(config: DebertaConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class DebertaForQuestionAnswering extends ForQuestionAnswering<PreTrainedModel> {
  static override readonly family: Family = DEBERTA;
  protected static readonly Base: Base = DebertaModel;
  declare readonly config: DebertaConfig;
  declare deberta: DebertaModel;

  constructor(config: DebertaConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config));
  }
}

import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** What the head for masked words is made from. Other families have it too. */
interface PredictionSizes {
  readonly vocab_size: number;
  readonly hidden_size: number;
  /** The width of the embeddings of words, where it is another one. */
  readonly embedding_size?: number | null;
  readonly layer_norm_eps: number;
  readonly activation: string;
}

const widthOf = ({ embedding_size, hidden_size }: PredictionSizes): number => embedding_size ?? hidden_size;

class BertPredictionHeadTransform extends Module<[Tensor], Tensor> {
  dense: Linear;
  LayerNorm: LayerNorm;
  readonly activation: string;

  constructor(sizes: PredictionSizes) {
    super();
    this.dense = new Linear(sizes.hidden_size, widthOf(sizes));
    this.LayerNorm = new LayerNorm(widthOf(sizes), { eps: sizes.layer_norm_eps });
    this.activation = sizes.activation;
  }

  forward(hidden_states: Tensor): Tensor {
    return this.LayerNorm(F.activation(this.activation, this.dense(hidden_states)));
  }
}

/** What scores every word at every position: [batch, sequence, vocabulary]. */
export class BertLMPredictionHead extends Module<[Tensor], Tensor> {
  transform: BertPredictionHeadTransform;
  decoder: Linear;
  bias: Parameter;

  constructor(sizes: PredictionSizes) {
    super();
    this.transform = new BertPredictionHeadTransform(sizes);
    this.decoder = new Linear(widthOf(sizes), sizes.vocab_size, { bias: false });
    this.bias = new Parameter([sizes.vocab_size], (values) => values.fill(0));
  }

  forward(hidden_states: Tensor): Tensor {
    return F.linear(this.transform(hidden_states), this.decoder.weight, this.bias);
  }
}

/** The same, where there is no other head beside it. */
export class BertOnlyMLMHead extends Module<[Tensor], Tensor> {
  predictions: BertLMPredictionHead;

  constructor(sizes: PredictionSizes) {
    super();
    this.predictions = new BertLMPredictionHead(sizes);
  }

  forward(sequence_output: Tensor): Tensor {
    return this.predictions(sequence_output);
  }
}

import * as F from '../../nn/functional.ts';
import { Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activationOf } from '../fields.ts';
import { checkWidth, type DebertaConfig } from './config.ts';

/** A vector of each text, of its first token: [batch, hidden]. */
export class ContextPooler extends Module<[Tensor], Tensor> {
  dense: Linear;
  readonly activation: string;

  /** Throws a `config` error for a pooler_hidden_size that is not that of hidden states. */
  constructor(config: DebertaConfig, what: string) {
    super();
    checkWidth(config, 'pooler_hidden_size', what);
    this.dense = new Linear(config.hidden_size, config.hidden_size);
    this.activation = activationOf(config.pooler_hidden_act);
  }

  forward(hidden_states: Tensor): Tensor {
    return F.activation(this.activation, this.dense(F.select(hidden_states, 1, 0)));
  }
}

import * as F from '../../nn/functional.ts';
import { Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type DebertaConfig, scaleOf, termsOf } from './config.ts';
import { type Attending, attend, DebertaEmbeddings, DebertaEncoder, DebertaEncoderModel } from './encoder.ts';
import { DEBERTA } from './family.ts';

/** As in `transformers/models/deberta/modeling_deberta.py`. */
class DisentangledSelfAttention extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  /** Queries, keys and values of a head side by side, one head after the other. */
  in_proj: Linear;
  q_bias: Parameter;
  v_bias: Parameter;
  pos_proj: Linear | null;
  pos_q_proj: Linear | null;
  readonly heads: number;
  readonly scale: number;

  constructor(config: DebertaConfig) {
    super();
    const { hidden_size } = config;
    const terms = termsOf(config);
    const zeros = () => new Parameter([hidden_size], (values) => values.fill(0));
    this.in_proj = new Linear(hidden_size, 3 * hidden_size, { bias: false });
    this.q_bias = zeros();
    this.v_bias = zeros();
    this.pos_proj = terms.includes('c2p') ? new Linear(hidden_size, hidden_size, { bias: false }) : null;
    this.pos_q_proj = terms.includes('p2c') ? new Linear(hidden_size, hidden_size) : null;
    this.heads = config.num_attention_heads;
    this.scale = scaleOf(config);
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const { shape } = hidden_states;
    const head_dim = shape[2] / this.heads;
    const sides = this.in_proj(hidden_states).reshape([shape[0], shape[1], this.heads, 3 * head_dim]);
    const [q, k, v] = [0, 1, 2].map((side) => F.narrow(sides, 3, side * head_dim, head_dim).reshape(shape));
    const { distances } = attending;
    return attend([F.add(q, this.q_bias), k, F.add(v, this.v_bias)], attending, {
      heads: this.heads,
      scale: this.scale,
      pos_key: distances && this.pos_proj?.(distances),
      pos_query: distances && this.pos_q_proj?.(distances),
    });
  }
}

/**
 * The bare encoder, as `transformers.DebertaModel`: scores have terms by distance. Answers (last_hidden_state [batch, sequence, hidden]), followed by
 * hidden_states and attentions where the config asks for them.
 */
export class DebertaModel extends DebertaEncoderModel {
  static override readonly family = DEBERTA;
  static override readonly head = 'Model';
  declare readonly config: DebertaConfig;
  embeddings: DebertaEmbeddings;
  encoder: DebertaEncoder;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: DebertaConfig, options: { seed?: number } = {}) {
    super(config, options);
    this.embeddings = new DebertaEmbeddings(config);
    this.encoder = new DebertaEncoder(config, () => new DisentangledSelfAttention(config));
    this.post_init(options?.seed);
  }
}

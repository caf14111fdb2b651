import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { furthestOf, scaleOf, termsOf } from '../deberta/config.ts';
import { type Attending, attend, DebertaEmbeddings, DebertaEncoder, DebertaEncoderModel } from '../deberta/encoder.ts';
import { type Encoded, type EncoderLayer, type Mask, runLayers } from '../layers.ts';
import { bucketOf, bucketsOf, checkSizes, type DebertaV2Config, normsDistances } from './config.ts';
import { ConvLayer } from './conv.ts';
import { DEBERTA_V2 } from './family.ts';

/** The parts below mirror `transformers/models/deberta_v2/modeling_deberta_v2.py`, class for class and name for name. */

class DisentangledSelfAttention extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  query_proj: Linear;
  key_proj: Linear;
  value_proj: Linear;
  pos_key_proj: Linear | null;
  pos_query_proj: Linear | null;
  readonly heads: number;
  readonly scale: number;
  readonly terms: readonly string[];
  readonly shared: boolean;

  constructor(config: DebertaV2Config) {
    super();
    const { hidden_size, share_att_key } = config;
    const linear = () => new Linear(hidden_size, hidden_size);
    this.query_proj = linear();
    this.key_proj = linear();
    this.value_proj = linear();
    this.terms = termsOf(config);
    this.pos_key_proj = !share_att_key && this.terms.includes('c2p') ? linear() : null;
    this.pos_query_proj = !share_att_key && this.terms.includes('p2c') ? linear() : null;
    this.heads = config.num_attention_heads;
    this.scale = scaleOf(config);
    this.shared = share_att_key;
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const sides = [this.query_proj, this.key_proj, this.value_proj].map((side) => side(hidden_states));
    const { distances } = attending;
    const positions = (term: string, own: Linear | null, shared: Linear): Tensor | undefined =>
      distances && this.terms.includes(term) ? (own ?? shared)(distances) : undefined;
    return attend(sides, attending, {
      heads: this.heads,
      scale: this.scale,
      pos_key: positions('c2p', this.pos_key_proj, this.key_proj),
      pos_query: positions('p2c', this.pos_query_proj, this.query_proj),
    });
  }
}

class DebertaV2Encoder extends DebertaEncoder {
  LayerNorm: LayerNorm | null;
  conv: ConvLayer | null;

  constructor(config: DebertaV2Config) {
    checkSizes(config);
    const buckets = bucketsOf(config);
    const bucket = buckets && ((distance: number) => bucketOf(distance, buckets));
    super(config, () => new DisentangledSelfAttention(config), buckets?.count ?? furthestOf(config), bucket);
    this.LayerNorm = normsDistances(config) ? new LayerNorm(config.hidden_size, { eps: config.layer_norm_eps }) : null;
    this.conv = config.conv_kernel_size > 0 ? new ConvLayer(config) : null;
  }

  protected override distances(length: number): Tensor | undefined {
    const plain = super.distances(length);
    return plain && (this.LayerNorm?.(plain) ?? plain);
  }

  override forward(embeddings: Tensor, mask: Mask, output_attentions: boolean): Encoded {
    if (!this.conv) return super.forward(embeddings, mask, output_attentions);
    const [first, ...others] = this.layersFor(embeddings.shape[1]);
    const convolved: EncoderLayer = (...given) => {
      const [states, weights] = first(...given);
      return [(this.conv as ConvLayer)(embeddings, states, mask), weights];
    };
    return runLayers([convolved, ...others], embeddings, mask, output_attentions);
  }
}

/**
 * The bare encoder, as `transformers.DebertaV2Model`, of DeBERTa-v2 and v3: scores have terms by distance, far ones in buckets. Answers
 * (last_hidden_state [batch, sequence, hidden]), followed by hidden_states and attentions where the config asks for them.
 */
export class DebertaV2Model extends DebertaEncoderModel {
  static override readonly family = DEBERTA_V2;
  static override readonly head = 'Model';
  declare readonly config: DebertaV2Config;
  embeddings: DebertaEmbeddings;
  encoder: DebertaV2Encoder;

  /** Fresh weights follow from `seed` alone, the same in every runtime. Throws `config` errors for buckets, heads and groups that do not fit. */
  constructor(config: DebertaV2Config, options: { seed?: number } = {}) {
    super(config, options);
    this.embeddings = new DebertaEmbeddings(config);
    this.encoder = new DebertaV2Encoder(config);
    this.post_init(options?.seed);
  }
}

import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BertPooler } from '../bert/encoder.ts';
import { type PoolerOptions, type Tokens, WITH_POOLER } from '../encoder.ts';
import { activationOf } from '../fields.ts';
import { type Attending, attendTurned, headDim, type RotaryEmbedding, rotaryOf } from '../rotary.ts';
import { LayersEncoder, RotaryEncoderModel, WordAndTypeEmbeddings } from '../rotaryencoder.ts';
import type { NomicBertConfig } from './config.ts';
import { NOMIC_BERT } from './family.ts';

/** The parts below mirror `transformers/models/nomic_bert/modeling_nomic_bert.py`, under the names of published checkpoints. */

const normOf = ({ hidden_size, layer_norm_eps }: NomicBertConfig): LayerNorm => new LayerNorm(hidden_size, { eps: layer_norm_eps });

class NomicBertAttention extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  Wqkv: Linear;
  out_proj: Linear;
  readonly heads: number;

  constructor(config: NomicBertConfig) {
    super();
    const { hidden_size, num_attention_heads } = config;
    const width = num_attention_heads * headDim(config);
    this.Wqkv = new Linear(hidden_size, 3 * width, { bias: false });
    this.out_proj = new Linear(width, hidden_size, { bias: false });
    this.heads = num_attention_heads;
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [context, weights] = attendTurned(this.Wqkv(hidden_states), this.heads, attending);
    return [this.out_proj(context), weights];
  }
}

class NomicBertMLP extends Module<[Tensor], Tensor> {
  fc11: Linear;
  fc12: Linear;
  fc2: Linear;
  readonly activation: string;

  constructor({ hidden_size, intermediate_size, hidden_act }: NomicBertConfig) {
    super();
    this.fc11 = new Linear(hidden_size, intermediate_size, { bias: false });
    this.fc12 = new Linear(hidden_size, intermediate_size, { bias: false });
    this.fc2 = new Linear(intermediate_size, hidden_size, { bias: false });
    this.activation = activationOf(hidden_act);
  }

  forward(hidden_states: Tensor): Tensor {
    return this.fc2(F.mul(F.activation(this.activation, this.fc12(hidden_states)), this.fc11(hidden_states)));
  }
}

class NomicBertLayer extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  attn: NomicBertAttention;
  norm1: LayerNorm;
  mlp: NomicBertMLP;
  norm2: LayerNorm;

  constructor(config: NomicBertConfig) {
    super();
    this.attn = new NomicBertAttention(config);
    this.norm1 = normOf(config);
    this.mlp = new NomicBertMLP(config);
    this.norm2 = normOf(config);
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [attended, weights] = this.attn(hidden_states, attending);
    const normal = this.norm1(F.add(attended, hidden_states));
    return [this.norm2(F.add(this.mlp(normal), normal)), weights];
  }
}

/**
 * The bare encoder, as `transformers.NomicBertModel`. Answers (last_hidden_state [batch, sequence, hidden]), with a pooler_output
 * [batch, hidden] where `add_pooling_layer` asks for it, followed by hidden_states and attentions where the config asks for them.
 */
export class NomicBertModel extends RotaryEncoderModel {
  static override readonly family = NOMIC_BERT;
  static override readonly head = 'Model';
  static override readonly OPTIONS = WITH_POOLER;
  declare readonly config: NomicBertConfig;
  embeddings: WordAndTypeEmbeddings;
  emb_ln: LayerNorm;
  rotary: RotaryEmbedding;
  encoder: LayersEncoder<NomicBertLayer>;
  pooler: BertPooler | null;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: NomicBertConfig, options: PoolerOptions = {}) {
    super(config, options);
    this.embeddings = new WordAndTypeEmbeddings(config);
    this.emb_ln = normOf(config);
    this.rotary = rotaryOf(config);
    this.encoder = new LayersEncoder(config.num_hidden_layers, () => new NomicBertLayer(config));
    this.pooler = options?.add_pooling_layer === true ? new BertPooler(config) : null;
    this.post_init(options?.seed);
  }

  protected embedded({ input_ids, token_type_ids }: Tokens): Tensor {
    return this.emb_ln(this.embeddings(input_ids, token_type_ids));
  }
}

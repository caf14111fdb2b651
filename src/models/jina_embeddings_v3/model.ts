import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BertPooler } from '../bert/encoder.ts';
import { type PoolerOptions, type Tokens, WITH_POOLER } from '../encoder.ts';
import { activationOf } from '../fields.ts';
import { type Attending, attendTurned, type RotaryEmbedding, rotaryOf } from '../rotary.ts';
import { LayersEncoder, RotaryEncoderModel, WordAndTypeEmbeddings } from '../rotaryencoder.ts';
import type { JinaEmbeddingsV3Config } from './config.ts';
import { JINA_EMBEDDINGS_V3 } from './family.ts';

/** The parts below mirror `transformers/models/jina_embeddings_v3/modeling_jina_embeddings_v3.py`, under the names of published checkpoints. */

const normOf = ({ hidden_size, layer_norm_eps }: JinaEmbeddingsV3Config): LayerNorm => new LayerNorm(hidden_size, { eps: layer_norm_eps });

class JinaEmbeddingsV3Attention extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  Wqkv: Linear;
  out_proj: Linear;
  readonly heads: number;

  constructor({ hidden_size, num_attention_heads }: JinaEmbeddingsV3Config) {
    super();
    this.Wqkv = new Linear(hidden_size, 3 * hidden_size);
    this.out_proj = new Linear(hidden_size, hidden_size);
    this.heads = num_attention_heads;
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [context, weights] = attendTurned(this.Wqkv(hidden_states), this.heads, attending);
    return [this.out_proj(context), weights];
  }
}

class JinaEmbeddingsV3MLP extends Module<[Tensor], Tensor> {
  fc1: Linear;
  fc2: Linear;
  readonly activation: string;

  constructor({ hidden_size, intermediate_size, hidden_act }: JinaEmbeddingsV3Config) {
    super();
    this.fc1 = new Linear(hidden_size, intermediate_size);
    this.fc2 = new Linear(intermediate_size, hidden_size);
    this.activation = activationOf(hidden_act);
  }

  forward(hidden_states: Tensor): Tensor {
    return this.fc2(F.activation(this.activation, this.fc1(hidden_states)));
  }
}

class JinaEmbeddingsV3Layer extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  mixer: JinaEmbeddingsV3Attention;
  norm1: LayerNorm;
  mlp: JinaEmbeddingsV3MLP;
  norm2: LayerNorm;

  constructor(config: JinaEmbeddingsV3Config) {
    super();
    this.mixer = new JinaEmbeddingsV3Attention(config);
    this.norm1 = normOf(config);
    this.mlp = new JinaEmbeddingsV3MLP(config);
    this.norm2 = normOf(config);
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [attended, weights] = this.mixer(hidden_states, attending);
    const normal = this.norm1(F.add(attended, hidden_states));
    return [this.norm2(F.add(this.mlp(normal), normal)), weights];
  }
}

/**
 * The bare encoder, as `transformers.JinaEmbeddingsV3Model`. Answers (last_hidden_state [batch, sequence, hidden], pooler_output
 * [batch, hidden]), followed by hidden_states and attentions where the config asks for them.
 */
export class JinaEmbeddingsV3Model extends RotaryEncoderModel {
  static override readonly family = JINA_EMBEDDINGS_V3;
  static override readonly head = 'Model';
  static override readonly OPTIONS = WITH_POOLER;
  declare readonly config: JinaEmbeddingsV3Config;
  embeddings: WordAndTypeEmbeddings;
  emb_ln: LayerNorm;
  rotary: RotaryEmbedding;
  encoder: LayersEncoder<JinaEmbeddingsV3Layer>;
  pooler: BertPooler | null;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: JinaEmbeddingsV3Config, options: PoolerOptions = {}) {
    super(config, options);
    this.embeddings = new WordAndTypeEmbeddings(config);
    this.emb_ln = normOf(config);
    this.rotary = rotaryOf(config);
    this.encoder = new LayersEncoder(config.num_hidden_layers, () => new JinaEmbeddingsV3Layer(config));
    this.pooler = options?.add_pooling_layer === false ? null : new BertPooler(config);
    this.post_init(options?.seed);
  }

  protected embedded({ input_ids, token_type_ids }: Tokens): Tensor {
    return this.emb_ln(this.embeddings(input_ids, token_type_ids));
  }
}

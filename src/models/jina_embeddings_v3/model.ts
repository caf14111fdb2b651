import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BertPooler } from '../bert/encoder.ts';
import { EncoderModel, type PoolerOptions, type Tokens, WITH_POOLER } from '../encoder.ts';
import { activationOf } from '../fields.ts';
import type { Encoded, Mask } from '../layers.ts';
import { type Attending, attendTurned, RotaryEmbedding, ropeIn, rowsOfPositions, runTurned } from '../rotary.ts';
import type { JinaEmbeddingsV3Config } from './config.ts';
import { JINA_EMBEDDINGS_V3 } from './family.ts';

/** The parts below mirror `transformers/models/jina_embeddings_v3/modeling_jina_embeddings_v3.py`, under the names of published checkpoints. */

const normOf = ({ hidden_size, layer_norm_eps }: JinaEmbeddingsV3Config): LayerNorm => new LayerNorm(hidden_size, { eps: layer_norm_eps });

class JinaEmbeddingsV3Embeddings extends Module<[Tensor, Tensor], Tensor> {
  word_embeddings: Embedding;
  token_type_embeddings: Embedding;

  constructor({ vocab_size, hidden_size, type_vocab_size, pad_token_id }: JinaEmbeddingsV3Config) {
    super();
    this.word_embeddings = new Embedding(vocab_size, hidden_size, { padding_idx: pad_token_id });
    this.token_type_embeddings = new Embedding(type_vocab_size, hidden_size);
  }

  forward(input_ids: Tensor, token_type_ids: Tensor): Tensor {
    return F.add(this.word_embeddings(input_ids), this.token_type_embeddings(token_type_ids));
  }
}

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

class JinaEmbeddingsV3Encoder extends Module<[Tensor, Attending], Encoded> {
  layers: ModuleList<JinaEmbeddingsV3Layer>;

  constructor(config: JinaEmbeddingsV3Config) {
    super();
    this.layers = new ModuleList(Array.from({ length: config.num_hidden_layers }, () => new JinaEmbeddingsV3Layer(config)));
  }

  forward(embeddings: Tensor, attending: Attending): Encoded {
    return runTurned(this.layers, embeddings, attending);
  }
}

/**
 * The bare encoder, as `transformers.JinaEmbeddingsV3Model`. Answers (last_hidden_state [batch, sequence, hidden], pooler_output
 * [batch, hidden]), followed by hidden_states and attentions where the config asks for them.
 */
export class JinaEmbeddingsV3Model extends EncoderModel {
  static override readonly family = JINA_EMBEDDINGS_V3;
  static override readonly head = 'Model';
  static override readonly OPTIONS = WITH_POOLER;
  declare readonly config: JinaEmbeddingsV3Config;
  embeddings: JinaEmbeddingsV3Embeddings;
  emb_ln: LayerNorm;
  rotary: RotaryEmbedding;
  encoder: JinaEmbeddingsV3Encoder;
  pooler: BertPooler | null;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: JinaEmbeddingsV3Config, options: PoolerOptions = {}) {
    super(config, options);
    this.embeddings = new JinaEmbeddingsV3Embeddings(config);
    this.emb_ln = normOf(config);
    this.rotary = new RotaryEmbedding(ropeIn(config), config.hidden_size / config.num_attention_heads);
    this.encoder = new JinaEmbeddingsV3Encoder(config);
    this.pooler = options?.add_pooling_layer === false ? null : new BertPooler(config);
    this.post_init(options?.seed);
  }

  protected encoded({ input_ids, token_type_ids, position_ids }: Tokens, mask: Mask): Encoded {
    const rotation = this.rotary(rowsOfPositions(position_ids, input_ids.shape));
    const embeddings = this.emb_ln(this.embeddings(input_ids, token_type_ids));
    return this.encoder(embeddings, { mask, rotation, output_attentions: this.config.output_attentions });
  }

  protected override pooled(last_hidden_state: Tensor): Tensor | undefined {
    return this.pooler?.(last_hidden_state);
  }
}

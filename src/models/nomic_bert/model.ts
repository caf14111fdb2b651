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
import type { NomicBertConfig } from './config.ts';
import { NOMIC_BERT } from './family.ts';

/** The parts below mirror `transformers/models/nomic_bert/modeling_nomic_bert.py`, under the names of published checkpoints. */

const headDim = ({ head_dim, hidden_size, num_attention_heads }: NomicBertConfig): number => head_dim ?? hidden_size / num_attention_heads;

const normOf = ({ hidden_size, layer_norm_eps }: NomicBertConfig): LayerNorm => new LayerNorm(hidden_size, { eps: layer_norm_eps });

class NomicBertEmbeddings extends Module<[Tensor, Tensor], Tensor> {
  word_embeddings: Embedding;
  token_type_embeddings: Embedding;

  constructor({ vocab_size, hidden_size, type_vocab_size, pad_token_id }: NomicBertConfig) {
    super();
    this.word_embeddings = new Embedding(vocab_size, hidden_size, { padding_idx: pad_token_id });
    this.token_type_embeddings = new Embedding(type_vocab_size, hidden_size);
  }

  forward(input_ids: Tensor, token_type_ids: Tensor): Tensor {
    return F.add(this.word_embeddings(input_ids), this.token_type_embeddings(token_type_ids));
  }
}

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

class NomicBertEncoder extends Module<[Tensor, Attending], Encoded> {
  layers: ModuleList<NomicBertLayer>;

  constructor(config: NomicBertConfig) {
    super();
    this.layers = new ModuleList(Array.from({ length: config.num_hidden_layers }, () => new NomicBertLayer(config)));
  }

  forward(embeddings: Tensor, attending: Attending): Encoded {
    return runTurned(this.layers, embeddings, attending);
  }
}

/**
 * The bare encoder, as `transformers.NomicBertModel`. Answers (last_hidden_state [batch, sequence, hidden]), with a pooler_output
 * [batch, hidden] where `add_pooling_layer` asks for it, followed by hidden_states and attentions where the config asks for them.
 */
export class NomicBertModel extends EncoderModel {
  static override readonly family = NOMIC_BERT;
  static override readonly head = 'Model';
  static override readonly OPTIONS = WITH_POOLER;
  declare readonly config: NomicBertConfig;
  embeddings: NomicBertEmbeddings;
  emb_ln: LayerNorm;
  rotary: RotaryEmbedding;
  encoder: NomicBertEncoder;
  pooler: BertPooler | null;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: NomicBertConfig, options: PoolerOptions = {}) {
    super(config, options);
    this.embeddings = new NomicBertEmbeddings(config);
    this.emb_ln = normOf(config);
    this.rotary = new RotaryEmbedding(ropeIn(config), headDim(config));
    this.encoder = new NomicBertEncoder(config);
    this.pooler = options?.add_pooling_layer === true ? new BertPooler(config) : null;
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

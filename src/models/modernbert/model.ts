import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { EncoderModel, type Tokens } from '../encoder.ts';
import { activationOf } from '../fields.ts';
import type { Encoded, Mask } from '../layers.ts';
import { type LayerType, runTyped, type Sights, sightsOf } from '../layertypes.ts';
import { type Attending, attendTurned, headDim, RotaryEmbedding, rowsOfPositions } from '../rotary.ts';
import { layerTypes, type ModernBertConfig, ropeIn } from './config.ts';
import { MODERNBERT } from './family.ts';

/** The parts below mirror `transformers/models/modernbert/modeling_modernbert.py`, class for class and name for name. */

const normOf = ({ hidden_size, norm_eps, norm_bias }: ModernBertConfig): LayerNorm =>
  new LayerNorm(hidden_size, { eps: norm_eps, bias: norm_bias });

class ModernBertEmbeddings extends Module<[Tensor], Tensor> {
  tok_embeddings: Embedding;
  norm: LayerNorm;

  constructor(config: ModernBertConfig) {
    super();
    this.tok_embeddings = new Embedding(config.vocab_size, config.hidden_size, { padding_idx: config.pad_token_id });
    this.norm = normOf(config);
  }

  forward(input_ids: Tensor): Tensor {
    return this.norm(this.tok_embeddings(input_ids));
  }
}

class ModernBertMLP extends Module<[Tensor], Tensor> {
  Wi: Linear;
  Wo: Linear;
  readonly activation: string;

  constructor({ hidden_size, intermediate_size, hidden_activation, mlp_bias: bias }: ModernBertConfig) {
    super();
    this.Wi = new Linear(hidden_size, 2 * intermediate_size, { bias });
    this.Wo = new Linear(intermediate_size, hidden_size, { bias });
    this.activation = activationOf(hidden_activation);
  }

  forward(hidden_states: Tensor): Tensor {
    const both = this.Wi(hidden_states);
    const half = this.Wo.weight.shape[1];
    const [input, gate] = [F.narrow(both, 2, 0, half), F.narrow(both, 2, half, half)];
    return this.Wo(F.mul(F.activation(this.activation, input), gate));
  }
}

class ModernBertAttention extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  Wqkv: Linear;
  Wo: Linear;
  readonly heads: number;

  constructor({ hidden_size, num_attention_heads, attention_bias: bias }: ModernBertConfig) {
    super();
    this.Wqkv = new Linear(hidden_size, 3 * hidden_size, { bias });
    this.Wo = new Linear(hidden_size, hidden_size, { bias });
    this.heads = num_attention_heads;
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [context, weights] = attendTurned(this.Wqkv(hidden_states), this.heads, attending);
    return [this.Wo(context), weights];
  }
}

class ModernBertEncoderLayer extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  /** The embeddings are normalised already. */
  attn_norm: LayerNorm | null;
  attn: ModernBertAttention;
  mlp_norm: LayerNorm;
  mlp: ModernBertMLP;

  constructor(config: ModernBertConfig, index: number) {
    super();
    this.attn_norm = index === 0 ? null : normOf(config);
    this.attn = new ModernBertAttention(config);
    this.mlp_norm = normOf(config);
    this.mlp = new ModernBertMLP(config);
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [attended, weights] = this.attn(this.attn_norm?.(hidden_states) ?? hidden_states, attending);
    const sum = F.add(hidden_states, attended);
    return [F.add(sum, this.mlp(this.mlp_norm(sum))), weights];
  }
}

/**
 * The bare encoder, as `transformers.ModernBertModel`. Answers (last_hidden_state [batch, sequence, hidden]), followed by hidden_states and
 * attentions where the config asks for them.
 */
export class ModernBertModel extends EncoderModel {
  static override readonly family = MODERNBERT;
  static override readonly head = 'Model';
  declare readonly config: ModernBertConfig;
  embeddings: ModernBertEmbeddings;
  layers: ModuleList<ModernBertEncoderLayer>;
  final_norm: LayerNorm;
  readonly types: readonly LayerType[];
  readonly sights: Sights;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: ModernBertConfig, options: { seed?: number } = {}) {
    super(config, options);
    this.types = layerTypes(config);
    this.embeddings = new ModernBertEmbeddings(config);
    this.layers = new ModuleList(Array.from({ length: config.num_hidden_layers }, (_, i) => new ModernBertEncoderLayer(config, i)));
    this.final_norm = normOf(config);
    this.sights = sightsOf(this.types, (type) => ({
      rotary: new RotaryEmbedding(ropeIn(config, type), headDim(config)),
      window: type === 'full_attention' ? undefined : (config.sliding_window ?? Math.floor(config.local_attention / 2)),
    }));
    this.post_init(options?.seed);
  }

  protected encoded({ input_ids, position_ids }: Tokens, mask: Mask): Encoded {
    const { output_attentions } = this.config;
    const positions = rowsOfPositions(position_ids, input_ids.shape);
    const { hidden_states, attentions } = runTyped(this.layers, this, this.embeddings(input_ids), { positions, mask, output_attentions });
    return { hidden_states: hidden_states.with(-1, this.final_norm(hidden_states[hidden_states.length - 1])), attentions };
  }
}

import * as F from '../../nn/functional.ts';
import { Embedding } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { causalSight, type LayerType, type Sight, widthOf } from '../layertypes.ts';
import { LlamaAttention, LlamaMLP, LlamaStack } from '../llama.ts';
import { type Attending, headDim, RotaryEmbedding } from '../rotary.ts';
import { type Gemma3TextConfig, layerTypes, ropeIn } from './config.ts';
import { GEMMA3 } from './family.ts';

/** The parts below mirror `transformers/models/gemma3/modeling_gemma3.py`, class for class and name for name. */

class Gemma3TextScaledWordEmbedding extends Embedding {
  override forward(ids: Tensor): Tensor<'float32'> {
    return F.scale(super.forward(ids), Math.sqrt(this.weight.shape[1]));
  }
}

/** What is stored is by how much weights differ from 1. */
class Gemma3RMSNorm extends Module<[Tensor], Tensor> {
  weight: Parameter;
  readonly eps: number;

  constructor(size: number, { rms_norm_eps }: Gemma3TextConfig) {
    super();
    this.weight = new Parameter([size], (values) => values.fill(0));
    this.eps = rms_norm_eps;
  }

  forward(x: Tensor): Tensor {
    return F.rms_norm(x, this.weight.shape, this.weight, this.eps, { offset: 1 });
  }
}

class Gemma3DecoderLayer extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  self_attn: LlamaAttention;
  mlp: LlamaMLP;
  input_layernorm: Gemma3RMSNorm;
  post_attention_layernorm: Gemma3RMSNorm;
  pre_feedforward_layernorm: Gemma3RMSNorm;
  post_feedforward_layernorm: Gemma3RMSNorm;

  constructor(config: Gemma3TextConfig) {
    super();
    const { hidden_size, query_pre_attn_scalar } = config;
    this.self_attn = new LlamaAttention(config, {
      scale: query_pre_attn_scalar ** -0.5,
      makeHeadNorm: (size) => new Gemma3RMSNorm(size, config),
    });
    this.mlp = new LlamaMLP(config, config.hidden_activation);
    this.input_layernorm = new Gemma3RMSNorm(hidden_size, config);
    this.post_attention_layernorm = new Gemma3RMSNorm(hidden_size, config);
    this.pre_feedforward_layernorm = new Gemma3RMSNorm(hidden_size, config);
    this.post_feedforward_layernorm = new Gemma3RMSNorm(hidden_size, config);
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [attended, weights] = this.self_attn(this.input_layernorm(hidden_states), attending);
    const sum = F.add(hidden_states, this.post_attention_layernorm(attended));
    return [F.add(sum, this.post_feedforward_layernorm(this.mlp(this.pre_feedforward_layernorm(sum)))), weights];
  }
}

/** What layers of a type see: what is before them, or what is to both sides, half of `sliding_window` to each. */
function sightOf(config: Gemma3TextConfig, type: LayerType): Sight {
  const rotary = new RotaryEmbedding(ropeIn(config, type), headDim(config));
  const { use_bidirectional_attention, sliding_window } = config;
  if (!use_bidirectional_attention) return causalSight(type, sliding_window, rotary);
  const width = widthOf(type, sliding_window);
  return { rotary, window: width && Math.floor(width / 2) };
}

/**
 * The bare decoder, as `transformers.Gemma3TextModel`, and EmbeddingGemma's encoder. Answers (last_hidden_state [batch, sequence, hidden]), followed
 * by hidden_states and attentions where the config asks for them.
 */
export class Gemma3TextModel extends LlamaStack<Gemma3DecoderLayer> {
  static override readonly family = GEMMA3;
  declare readonly config: Gemma3TextConfig;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: Gemma3TextConfig, options: { seed?: number } = {}) {
    super(config, options, () => ({
      makeLayer: () => new Gemma3DecoderLayer(config),
      types: layerTypes(config),
      sightOf: (type) => sightOf(config, type),
      embed_tokens: new Gemma3TextScaledWordEmbedding(config.vocab_size, config.hidden_size, { padding_idx: config.pad_token_id }),
      norm: new Gemma3RMSNorm(config.hidden_size, config),
    }));
  }
}

import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { EncoderModel, type Tokens } from '../encoder.ts';
import { GPTAttention, GPTMLP, wordsAndTypes } from '../gpt2/layers.ts';
import { type Encoded, type Mask, runLayers } from '../layers.ts';
import type { OpenAIGPTConfig } from './config.ts';
import { OPENAI_GPT } from './family.ts';

/** The parts below mirror `transformers/models/openai/modeling_openai.py`, class for class and name for name. */

class Block extends Module<[Tensor, Mask, boolean], [Tensor, Tensor?]> {
  attn: GPTAttention;
  ln_1: LayerNorm;
  mlp: GPTMLP;
  ln_2: LayerNorm;

  constructor(config: OpenAIGPTConfig) {
    super();
    const { n_embd, layer_norm_epsilon: eps, activation } = config;
    this.attn = new GPTAttention(config);
    this.ln_1 = new LayerNorm(n_embd, { eps });
    this.mlp = new GPTMLP(4 * n_embd, config, activation);
    this.ln_2 = new LayerNorm(n_embd, { eps });
  }

  forward(hidden_states: Tensor, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const [attended, weights] = this.attn(hidden_states, mask, output_attentions);
    const normed = this.ln_1(F.add(hidden_states, attended));
    return [this.ln_2(F.add(normed, this.mlp(normed))), weights];
  }
}

/**
 * The bare model, as `transformers.OpenAIGPTModel`: tokens see none behind them. Answers (last_hidden_state [batch, sequence, hidden]), followed
 * by hidden_states and attentions where the config asks for them.
 */
export class OpenAIGPTModel extends EncoderModel<Tensor | undefined> {
  static override readonly family = OPENAI_GPT;
  static override readonly head = 'Model';
  declare readonly config: OpenAIGPTConfig;
  tokens_embed: Embedding;
  positions_embed: Embedding;
  h: ModuleList<Block>;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: OpenAIGPTConfig, options: { seed?: number } = {}) {
    super(config, options);
    this.tokens_embed = new Embedding(config.vocab_size, config.n_embd);
    this.positions_embed = new Embedding(config.n_positions, config.n_embd);
    this.h = new ModuleList(Array.from({ length: config.n_layer }, () => new Block(config)));
    this.post_init(options?.seed);
  }

  protected encoded({ input_ids, token_type_ids, position_ids }: Tokens<Tensor | undefined>, mask: Mask): Encoded {
    const embeddings = wordsAndTypes(this.tokens_embed, input_ids, this.positions_embed(position_ids), token_type_ids);
    return runLayers(this.h, embeddings, mask, this.config.output_attentions);
  }
}

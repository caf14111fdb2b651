import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { EncoderModel, type Tokens } from '../encoder.ts';
import { type Encoded, type Mask, runLayers } from '../layers.ts';
import type { GPT2Config } from './config.ts';
import { GPT2 } from './family.ts';
import { GPTAttention, GPTMLP, wordsAndTypes } from './layers.ts';

/** The parts below mirror `transformers/models/gpt2/modeling_gpt2.py`, class for class and name for name. */

/** What the scores of a layer are multiplied by. */
const scaleOf = ({ n_embd, n_head, scale_attn_weights, scale_attn_by_inverse_layer_idx }: GPT2Config, layer: number): number =>
  (scale_attn_weights ? 1 / Math.sqrt(n_embd / n_head) : 1) / (scale_attn_by_inverse_layer_idx ? layer + 1 : 1);

class GPT2Block extends Module<[Tensor, Mask, boolean], [Tensor, Tensor?]> {
  ln_1: LayerNorm;
  attn: GPTAttention;
  ln_2: LayerNorm;
  mlp: GPTMLP;

  constructor(config: GPT2Config, layer: number) {
    super();
    const { n_embd, n_inner, layer_norm_epsilon: eps, activation } = config;
    this.ln_1 = new LayerNorm(n_embd, { eps });
    this.attn = new GPTAttention(config, scaleOf(config, layer));
    this.ln_2 = new LayerNorm(n_embd, { eps });
    this.mlp = new GPTMLP(n_inner ?? 4 * n_embd, config, activation);
  }

  forward(hidden_states: Tensor, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const [attended, weights] = this.attn(this.ln_1(hidden_states), mask, output_attentions);
    const sum = F.add(attended, hidden_states);
    return [F.add(sum, this.mlp(this.ln_2(sum))), weights];
  }
}

/**
 * The bare model, as `transformers.GPT2Model`: tokens see none behind them. Answers (last_hidden_state [batch, sequence, hidden]), followed by
 * hidden_states and attentions where the config asks for them.
 */
export class GPT2Model extends EncoderModel<Tensor | undefined> {
  static override readonly family = GPT2;
  static override readonly head = 'Model';
  declare readonly config: GPT2Config;
  wte: Embedding;
  wpe: Embedding;
  h: ModuleList<GPT2Block>;
  ln_f: LayerNorm;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: GPT2Config, options: { seed?: number } = {}) {
    super(config, options);
    this.wte = new Embedding(config.vocab_size, config.n_embd);
    this.wpe = new Embedding(config.n_positions, config.n_embd);
    this.h = new ModuleList(Array.from({ length: config.n_layer }, (_, layer) => new GPT2Block(config, layer)));
    this.ln_f = new LayerNorm(config.n_embd, { eps: config.layer_norm_epsilon });
    this.post_init(options?.seed);
  }

  protected encoded({ input_ids, token_type_ids, position_ids }: Tokens<Tensor | undefined>, mask: Mask): Encoded {
    const embeddings = wordsAndTypes(this.wte, input_ids, this.wpe(position_ids), token_type_ids);
    const { hidden_states, attentions } = runLayers(this.h, embeddings, mask, this.config.output_attentions);
    return { hidden_states: hidden_states.with(-1, this.ln_f(hidden_states[hidden_states.length - 1])), attentions };
  }
}

import { ReLU } from '../../nn/activations.ts';
import { ModuleList, Sequential } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { EncoderModel, type Tokens } from '../encoder.ts';
import { wordsAndTypes } from '../gpt2/layers.ts';
import { type Encoded, type Mask, runLayers } from '../layers.ts';
import type { CTRLConfig } from './config.ts';
import { CTRL } from './family.ts';

/** The parts below mirror `transformers/models/ctrl/modeling_ctrl.py`, class for class and name for name. */

/** Sines of all positions, then cosines, in the arithmetic of PyTorch: float32. */
function positional_encoding(positions: number, width: number): Tensor<'float32'> {
  const { fround } = Math;
  const rates = Array.from({ length: width }, (_, i) => fround(1 / fround(10000 ** fround((2 * Math.floor(i / 2)) / width))));
  const [even, odd] = [0, 1].map((rest) => rates.filter((_, i) => i % 2 === rest));
  const row = (position: number): number[] => [
    ...even.map((rate) => Math.sin(fround(position * rate))),
    ...odd.map((rate) => Math.cos(fround(position * rate))),
  ];
  return new Tensor('float32', [positions, width], Float32Array.from(Array.from({ length: positions }, (_, i) => row(i)).flat()));
}

class MultiHeadAttention extends Module<[Tensor, Mask, boolean], [Tensor, Tensor?]> {
  Wq: Linear;
  Wk: Linear;
  Wv: Linear;
  dense: Linear;
  readonly heads: number;

  constructor({ n_embd, n_head }: CTRLConfig) {
    super();
    this.Wq = new Linear(n_embd, n_embd);
    this.Wk = new Linear(n_embd, n_embd);
    this.Wv = new Linear(n_embd, n_embd);
    this.dense = new Linear(n_embd, n_embd);
    this.heads = n_head;
  }

  forward(x: Tensor, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const [q, k] = [this.Wq(x), this.Wk(x)];
    const options = { mask, heads: this.heads, is_causal: true };
    return [this.dense(F.attention(q, k, this.Wv(x), options)), output_attentions ? F.attention_weights(q, k, options) : undefined];
  }
}

/** What layers add to squares, whatever the configuration says. */
const EPS = 1e-6;

class EncoderLayer extends Module<[Tensor, Mask, boolean], [Tensor, Tensor?]> {
  multi_head_attention: MultiHeadAttention;
  ffn: Sequential;
  layernorm1: LayerNorm;
  layernorm2: LayerNorm;

  constructor(config: CTRLConfig) {
    super();
    const { n_embd, dff } = config;
    this.multi_head_attention = new MultiHeadAttention(config);
    this.ffn = new Sequential(new Linear(n_embd, dff), new ReLU(), new Linear(dff, n_embd));
    this.layernorm1 = new LayerNorm(n_embd, { eps: EPS });
    this.layernorm2 = new LayerNorm(n_embd, { eps: EPS });
  }

  forward(hidden_states: Tensor, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const [attended, weights] = this.multi_head_attention(this.layernorm1(hidden_states), mask, output_attentions);
    const sum = F.add(hidden_states, attended);
    return [F.add(sum, this.ffn(this.layernorm2(sum))), weights];
  }
}

/**
 * The bare model, as `transformers.CTRLModel`: tokens see none behind them. Answers (last_hidden_state [batch, sequence, hidden]), followed by
 * hidden_states and attentions where the config asks for them.
 */
export class CTRLModel extends EncoderModel<Tensor | undefined> {
  static override readonly family = CTRL;
  static override readonly head = 'Model';
  declare readonly config: CTRLConfig;
  w: Embedding;
  h: ModuleList<EncoderLayer>;
  layernorm: LayerNorm;
  readonly pos_encoding: Tensor;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: CTRLConfig, options: { seed?: number } = {}) {
    super(config, options);
    this.w = new Embedding(config.vocab_size, config.n_embd);
    this.h = new ModuleList(Array.from({ length: config.n_layer }, () => new EncoderLayer(config)));
    this.layernorm = new LayerNorm(config.n_embd, { eps: config.layer_norm_epsilon });
    this.pos_encoding = positional_encoding(config.n_positions, config.n_embd);
    this.post_init(options?.seed);
  }

  protected encoded({ input_ids, token_type_ids, position_ids }: Tokens<Tensor | undefined>, mask: Mask): Encoded {
    const words = (ids: Tensor): Tensor => F.scale(this.w(ids), Math.sqrt(this.config.n_embd));
    const embeddings = wordsAndTypes(words, input_ids, F.embedding(position_ids, this.pos_encoding), token_type_ids);
    const { hidden_states, attentions } = runLayers(this.h, embeddings, mask, this.config.output_attentions);
    return { hidden_states: hidden_states.with(-1, this.layernorm(hidden_states[hidden_states.length - 1])), attentions };
  }
}

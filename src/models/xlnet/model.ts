import { TraceletError } from '../../base/error.ts';
import { normal } from '../../base/random.ts';
import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import { blocksOf, transposedOf } from '../../tensor/derived.ts';
import { Parameter } from '../../tensor/parameter.ts';
import { type Shape, Tensor } from '../../tensor/tensor.ts';
import { BaseModel } from '../encoder.ts';
import type { Given } from '../heads.ts';
import { checkIds } from '../inputs.ts';
import { type Encoded, type Mask, runLayers } from '../layers.ts';
import type { XLNetConfig } from './config.ts';
import { XLNET } from './family.ts';

/** The parts below mirror `transformers/models/xlnet/modeling_xlnet.py`, class for class and name for name. */

/** What attention asks for besides hidden states. */
interface Attending {
  /** Sines and cosines of how far a query may stand behind a key: [2 · sequence + 1, d_model]. */
  pos_emb: Tensor;
  types: Tensor;
  mask: Mask;
  before?: number;
  after?: number;
}

const blank = (shape: Shape): Parameter => new Parameter(shape, (values) => values.fill(0));
const [FIRST, SECOND] = [0, 1].map((id) => new Tensor('int32', [1], Int32Array.of(id)));

class XLNetRelativeAttention extends Module<[Tensor, Attending, boolean], [Tensor, Tensor?]> {
  q: Parameter;
  k: Parameter;
  v: Parameter;
  o: Parameter;
  r: Parameter;
  r_r_bias: Parameter;
  r_s_bias: Parameter;
  r_w_bias: Parameter;
  seg_embed: Parameter;
  layer_norm: LayerNorm;
  readonly #ones: Tensor;

  constructor({ d_model, n_head, layer_norm_eps }: XLNetConfig) {
    super();
    const heads = [n_head, d_model / n_head];
    [this.q, this.k, this.v, this.o, this.r] = Array.from({ length: 5 }, () => blank([d_model, ...heads]));
    [this.r_r_bias, this.r_s_bias, this.r_w_bias] = Array.from({ length: 3 }, () => blank(heads));
    this.seg_embed = blank([2, ...heads]);
    this.layer_norm = new LayerNorm(d_model, { eps: layer_norm_eps });
    this.#ones = new Tensor('float32', [1, heads[1]], new Float32Array(heads[1]).fill(1));
  }

  init_weights(std: number, seed: number, path: string): void {
    for (const [name, parameter] of Object.entries(this))
      if (parameter instanceof Parameter) parameter.initialise = (values) => normal(values, std, seed, `${path}.${name}`);
  }

  /** What queries [batch, sequence, heads, d_head] add to the scores of keys of their type: [batch, sequence, heads]. */
  #same(queries: Tensor): Tensor {
    const [table] = blocksOf(this.seg_embed, 1);
    const [same, other] = [FIRST, SECOND].map((id) => F.embedding(id, table));
    const difference = F.sub(same, other).reshape(this.r_s_bias.shape);
    const products = F.mul(F.add(queries, this.r_s_bias), difference);
    return F.linear(products, this.#ones).reshape(queries.shape.slice(0, -1));
  }

  forward(h: Tensor, { pos_emb, ...attending }: Attending, output_attentions: boolean): [Tensor, Tensor?] {
    const project = (x: Tensor, weight: Parameter): Tensor => F.linear(x, transposedOf(weight));
    const [q, k, v] = [this.q, this.k, this.v].map((weight) => project(h, weight));
    const [heads, d_head] = this.r_w_bias.shape;
    const queries = q.reshape([...q.shape.slice(0, -1), heads, d_head]);
    const [content, place] = [this.r_w_bias, this.r_r_bias].map((bias) => F.add(queries, bias).reshape(q.shape));
    const options = { heads, q_pos: place, pos: project(pos_emb, this.r), same: this.#same(queries), ...attending };
    const context = F.positional_attention(content, k, v, options);
    const attended = F.linear(context, blocksOf(this.o, 1)[0]);
    return [this.layer_norm(F.add(attended, h)), output_attentions ? F.positional_attention_weights(content, k, options) : undefined];
  }
}

class XLNetFeedForward extends Module<[Tensor], Tensor> {
  layer_norm: LayerNorm;
  layer_1: Linear;
  layer_2: Linear;
  readonly activation: string;

  constructor({ d_model, d_inner, layer_norm_eps, activation }: XLNetConfig) {
    super();
    this.layer_norm = new LayerNorm(d_model, { eps: layer_norm_eps });
    this.layer_1 = new Linear(d_model, d_inner);
    this.layer_2 = new Linear(d_inner, d_model);
    this.activation = activation;
  }

  forward(x: Tensor): Tensor {
    return this.layer_norm(F.add(this.layer_2(F.activation(this.activation, this.layer_1(x))), x));
  }
}

class XLNetLayer extends Module<[Tensor, Attending, boolean], [Tensor, Tensor?]> {
  rel_attn: XLNetRelativeAttention;
  ff: XLNetFeedForward;

  constructor(config: XLNetConfig) {
    super();
    this.rel_attn = new XLNetRelativeAttention(config);
    this.ff = new XLNetFeedForward(config);
  }

  forward(h: Tensor, attending: Attending, output_attentions: boolean): [Tensor, Tensor?] {
    const [attended, weights] = this.rel_attn(h, attending, output_attentions);
    return [this.ff(attended), weights];
  }
}

/** Inputs of two streams, memories and masks the other way round. */
const REFUSED: Readonly<Record<string, string>> = {
  mems: 'Give the whole text at once',
  perm_mask: 'Leave it out: tokens see each other as attn_type says',
  target_mapping: 'Leave it out: every token has an answer',
  input_mask: 'Give attention_mask, with 1 for tokens that are real',
};

function refuse(given: Given): void {
  for (const [name, cure] of Object.entries(REFUSED))
    if (given[name]) throw new TraceletError('value', { what: `XLNet: ${name}`, expected: 'nothing', got: 'a tensor', cure });
}

/**
 * The bare encoder, as `transformers.XLNetModel`: one stream, whose scores follow from content, from how far tokens stand apart, and from whether they are of one
 * type. Answers (last_hidden_state [batch, sequence, d_model]), followed by hidden_states and attentions where the config asks for them.
 */
export class XLNetModel extends BaseModel {
  static override readonly family = XLNET;
  static override readonly head = 'Model';
  declare readonly config: XLNetConfig;
  word_embedding: Embedding;
  layer: ModuleList<XLNetLayer>;
  readonly #frequencies: Tensor;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: XLNetConfig, options: { seed?: number } = {}) {
    super(config, options);
    const { d_model, n_layer, vocab_size } = config;
    this.word_embedding = new Embedding(vocab_size, d_model);
    this.layer = new ModuleList(Array.from({ length: n_layer }, () => new XLNetLayer(config)));
    const backwards = Float32Array.from({ length: d_model / 2 }, (_, i) => -1 / Math.fround(10000 ** Math.fround((2 * i) / d_model)));
    this.#frequencies = new Tensor('float32', [d_model / 2], backwards);
    this.post_init(options?.seed);
  }

  /** Sines, then cosines, of how far a query stands behind a key that stands -sequence to sequence behind it. */
  #relativePositions(input_ids: Tensor): Tensor {
    const { clamp_len, d_model } = this.config;
    const half = d_model / 2;
    const turns = F.rotations(clamp_len > 0 ? F.distances(input_ids, clamp_len) : F.distances(input_ids), this.#frequencies);
    return F.cat([F.narrow(turns, 2, half, half), F.narrow(turns, 2, 0, half)], 2).reshape([turns.shape[1], d_model]);
  }

  protected states(input_ids: Tensor, given: Given): Encoded {
    refuse(given);
    const { attention_mask: mask, token_type_ids } = given;
    const { attn_type, same_length, output_attentions } = this.config;
    checkIds(input_ids, { attention_mask: mask, token_type_ids }, this.config);
    const types = token_type_ids ?? F.filled(input_ids, 0);
    const seen = attn_type === 'uni' ? { after: 0, ...(same_length && { before: 0 }) } : {};
    const attending = { pos_emb: this.#relativePositions(input_ids), types, mask, ...seen };
    const layers = [...this.layer].map((layer) => (x: Tensor, _: Mask, weights: boolean) => layer(x, attending, weights));
    return runLayers(layers, this.word_embedding(input_ids), mask, output_attentions);
  }
}

import { normal } from '../../base/random.ts';
import * as F from '../../nn/functional.ts';
import { LayerNorm } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import { blocksOf, transposedOf } from '../../tensor/derived.ts';
import { Parameter } from '../../tensor/parameter.ts';
import { type Shape, Tensor } from '../../tensor/tensor.ts';
import type { Mask } from '../layers.ts';
import type { XLNetConfig } from './config.ts';
import type { Streams } from './streams.ts';

/** What attention asks for besides hidden states. */
export interface Attending {
  /** Sines and cosines of how far a query may stand behind a key: [2 · sequence + 1, d_model]. */
  pos_emb: Tensor;
  types: Tensor;
  mask: Mask;
  before?: number;
  after?: number;
}

/** A parameter of zeros. */
export const blank = (shape: Shape): Parameter => new Parameter(shape, (values) => values.fill(0));
/** The score of a key that is not seen. */
const LEFT_OUT = -1e30;

const [FIRST, SECOND] = [0, 1].map((id) => new Tensor('int32', [1], Int32Array.of(id)));

/** Attention with scores of content, of place and of type, as `XLNetRelativeAttention` of transformers, name for name. */
export class XLNetRelativeAttention extends Module<[Tensor, Attending, boolean], [Tensor, Tensor?]> {
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

  readonly #project = (x: Tensor, weight: Parameter): Tensor => F.linear(x, transposedOf(weight));

  #byHead(x: Tensor): Tensor {
    return x.reshape([...x.shape.slice(0, -1), ...this.r_w_bias.shape]);
  }

  #after(context: Tensor, h: Tensor): Tensor {
    return this.layer_norm(F.add(F.linear(context, blocksOf(this.o, 1)[0]), h));
  }

  forward(h: Tensor, { pos_emb, ...attending }: Attending, output_attentions: boolean): [Tensor, Tensor?] {
    const [q, k, v] = [this.q, this.k, this.v].map((weight) => this.#project(h, weight));
    const [heads] = this.r_w_bias.shape;
    const queries = this.#byHead(q);
    const [content, place] = [this.r_w_bias, this.r_r_bias].map((bias) => F.add(queries, bias).reshape(q.shape));
    const options = { heads, q_pos: place, pos: this.#project(pos_emb, this.r), same: this.#same(queries), ...attending };
    const context = F.positional_attention(content, k, v, options);
    return [this.#after(context, h), output_attentions ? F.positional_attention_weights(content, k, options) : undefined];
  }

  /** What queries [batch, sequence, hidden] see of keys and values [batch, keys, hidden], and how they weigh these. */
  #over(q: Tensor, [k, v, pos]: readonly Tensor[], { places, others }: Streams, unseen: Tensor | undefined): [Tensor, Tensor] {
    const [queries, keys, values] = [q, k, v].map((x) => this.#byHead(x));
    const [, heads, size] = this.r.shape;
    const [batch, sequence] = q.shape;
    const table = F.permute(this.#byHead(pos), [1, 2, 0]).reshape([1, heads, size, pos.shape[0]]);
    const scored = (bias: Parameter, by: Tensor): Tensor => F.matmul(F.transpose(F.add(queries, bias), 1, 2), by);
    const content = scored(this.r_w_bias, F.permute(keys, [0, 2, 3, 1]));
    const byPlace = scored(this.r_r_bias, F.expand(table, [batch, ...table.shape.slice(1)]));
    const placed = F.add(content, F.gather(byPlace, 3, F.expand(places, [batch, heads, sequence, k.shape[1]])));
    const same = others && F.transpose(this.#same(queries), 1, 2);
    const scores = same ? F.add(placed, F.where(others, 0, same.reshape([...same.shape, 1]))) : placed;
    const scaled = F.scale(scores, 1 / Math.sqrt(size));
    const weights = F.softmax(unseen ? F.masked_fill(scaled, unseen, LEFT_OUT) : scaled);
    return [F.transpose(F.matmul(weights, F.transpose(values, 1, 2)), 1, 2).reshape(q.shape), weights];
  }

  /** Hidden states h [batch, sequence, d_model] and, of a second stream, g [batch, targets, d_model], with `memory` [batch, length, d_model] in front of the text. */
  streams(h: Tensor, g: Tensor | undefined, memory: Tensor | undefined, pos_emb: Tensor, seen: Streams): [Tensor[], Tensor[]] {
    const all = memory ? F.cat([memory, h], 1) : h;
    const keys = [this.#project(all, this.k), this.#project(all, this.v), this.#project(pos_emb, this.r)];
    const [context, weights] = this.#over(this.#project(h, this.q), keys, seen, seen.hidden);
    const hidden = this.#after(context, h);
    if (!g || !seen.targets) return [[hidden], [weights]];
    const q = F.matmul(F.transpose(seen.targets.mapping, 1, 2), this.#project(g, this.q));
    const [there, placed] = this.#over(q, keys, seen, seen.placed);
    return [
      [hidden, this.#after(F.matmul(seen.targets.mapping, there), g)],
      [weights, placed],
    ];
  }
}

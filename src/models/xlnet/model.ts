import { normal } from '../../base/random.ts';
import { GENERAL } from '../../kernels/sets/general.ts';
import { addOps } from '../../kernels/sets.ts';
import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Parameter } from '../../tensor/parameter.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { BaseModel } from '../encoder.ts';
import type { Given } from '../heads.ts';
import { checkIds } from '../inputs.ts';
import { type Encoded, type Mask, runLayers } from '../layers.ts';
import { type Attending, blank, XLNetRelativeAttention } from './attention.ts';
import type { XLNetConfig } from './config.ts';
import { XLNET } from './family.ts';
import { checkStreams, realTokens, remembered, STREAM_INPUTS, streamsOf } from './streams.ts';

/** The parts below mirror `transformers/models/xlnet/modeling_xlnet.py`, class for class and name for name. */

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

  /** The layer over streams of queries, as many as go in. */
  streams(...inputs: Parameters<XLNetRelativeAttention['streams']>): [Tensor[], Tensor[]] {
    const [attended, weights] = this.rel_attn.streams(...inputs);
    return [attended.map((x) => this.ff(x)), weights];
  }
}

/**
 * The bare encoder, as `transformers.XLNetModel`: scores follow from content, from how far tokens stand apart, and from whether they are of one type. Answers
 * (last_hidden_state [batch, sequence, d_model]), of the targets alone where `target_mapping` says some, `mems` where some are given, and hidden_states and
 * attentions where the config asks for them: with targets those of both streams in turns.
 */
export class XLNetModel extends BaseModel {
  static override readonly family = XLNET;
  static override readonly head = 'Model';
  declare readonly config: XLNetConfig;
  word_embedding: Embedding;
  mask_emb: Parameter;
  layer: ModuleList<XLNetLayer>;
  readonly #frequencies: Tensor;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: XLNetConfig, options: { seed?: number } = {}) {
    super(config, options);
    const { d_model, n_layer, vocab_size } = config;
    this.word_embedding = new Embedding(vocab_size, d_model);
    this.mask_emb = blank([1, 1, d_model]);
    this.layer = new ModuleList(Array.from({ length: n_layer }, () => new XLNetLayer(config)));
    const backwards = Float32Array.from({ length: d_model / 2 }, (_, i) => -1 / Math.fround(10000 ** Math.fround((2 * i) / d_model)));
    this.#frequencies = new Tensor('float32', [d_model / 2], backwards);
    this.post_init(options?.seed);
  }

  init_weights(std: number, seed: number, path: string): void {
    this.mask_emb.initialise = (values) => normal(values, std, seed, `${path}.mask_emb`);
  }

  /** Sines, then cosines, of how far a query stands behind a key, by how far the key stands behind it: [1, distances] to [distances, d_model]. */
  #placed(offsets: Tensor): Tensor {
    const { d_model } = this.config;
    const half = d_model / 2;
    const turns = F.rotations(offsets, this.#frequencies);
    return F.cat([F.narrow(turns, 2, half, half), F.narrow(turns, 2, 0, half)], 2).reshape([turns.shape[1], d_model]);
  }

  protected states(input_ids: Tensor, given: Given): Encoded {
    const { token_type_ids, attention_mask } = given;
    const mask = realTokens(given);
    checkIds(input_ids, { attention_mask, token_type_ids }, this.config);
    checkStreams(given, input_ids.shape, this.config);
    if (STREAM_INPUTS.some((name) => given[name])) return this.#streams(input_ids, mask, given);
    const { attn_type, same_length, output_attentions, clamp_len } = this.config;
    const types = token_type_ids ?? F.filled(input_ids, 0);
    const seen = attn_type === 'uni' ? { after: 0, ...(same_length && { before: 0 }) } : {};
    const pos_emb = this.#placed(clamp_len > 0 ? F.distances(input_ids, clamp_len) : F.distances(input_ids));
    const attending = { pos_emb, types, mask, ...seen };
    const layers = [...this.layer].map((layer) => (x: Tensor, _: Mask, weights: boolean) => layer(x, attending, weights));
    return runLayers(layers, this.word_embedding(input_ids), mask, output_attentions);
  }

  /** The same with memories, keys of its own for each query, or a second stream, which computes padding too. */
  #streams(input_ids: Tensor, real: Mask, given: Given): Encoded {
    addOps(GENERAL);
    const { config } = this;
    const { mems } = given;
    const memory = mems?.shape[1] ?? 0;
    const seen = streamsOf(input_ids, memory, real ?? undefined, given, config);
    const { clamp_len } = config;
    const pos_emb = this.#placed((clamp_len > 0 ? F.clamp(seen.offsets, -clamp_len, clamp_len) : seen.offsets).to('int32'));
    const second = seen.targets && F.mul(seen.targets.ones, this.mask_emb);
    const stacks: Tensor[][] = [[this.word_embedding(input_ids), ...(second ? [second] : [])]];
    const attentions: Tensor[] = [];
    const memories: Tensor[] = [];
    for (const [i, layer] of [...this.layer].entries()) {
      const [h, g] = stacks[i];
      const own = mems && memory > 0 ? F.select(mems, 0, i) : undefined;
      if (mems) memories.push(remembered(own, h, config));
      const [next, weights] = layer.streams(h, g, own && F.transpose(own, 0, 1), pos_emb, seen);
      stacks.push(next);
      if (config.output_attentions) attentions.push(...weights);
    }
    const beside = mems && config.use_mems_eval ? { mems: F.stack(memories) } : undefined;
    return { hidden_states: stacks.flat(), attentions, beside };
  }
}

import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm } from '../../nn/layers.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { FFN, MultiHeadSelfAttention, type Seen, sinusoidal } from '../distilbert/layers.ts';
import { BaseModel } from '../encoder.ts';
import type { Given } from '../heads.ts';
import { checkIds, fitPositions } from '../inputs.ts';
import { type Encoded, type Mask, runLayers } from '../layers.ts';
import type { XLMConfig } from './config.ts';
import { XLM } from './family.ts';

/** The parts below mirror `transformers/models/xlm/modeling_xlm.py`, class for class and name for name. */

/** Which tokens are real: as the mask says, or so many from the first on as `lengths` says, or as are not padding. */
function realTokens(input_ids: Tensor, { attention_mask, lengths }: Given, padding: number | null): Mask {
  if (attention_mask) return attention_mask;
  if (lengths) return F.leading(input_ids, lengths);
  return padding === null || padding < 0 ? undefined : F.counted(input_ids, padding);
}

/** A layer by its parts. */
export interface XLMLayer {
  attention: MultiHeadSelfAttention;
  layer_norm1: LayerNorm;
  ffn: FFN;
  layer_norm2: LayerNorm;
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/**
 * The bare encoder, as `transformers.XLMModel`: hidden states of tokens that the mask rules out are zeros. Answers (last_hidden_state [batch, sequence, emb_dim]),
 * followed by hidden_states and attentions where the config asks for them.
 */
export class XLMModel extends BaseModel {
  static override readonly family = XLM;
  static override readonly head: string = 'Model';
  declare readonly config: XLMConfig;
  position_embeddings: Embedding;
  /** Absent where there is one language, or they are told apart by words alone. */
  lang_embeddings?: Embedding;
  embeddings: Embedding;
  layer_norm_emb: LayerNorm;
  attentions: ModuleList<MultiHeadSelfAttention>;
  layer_norm1: ModuleList<LayerNorm>;
  ffns: ModuleList<FFN>;
  layer_norm2: ModuleList<LayerNorm>;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: XLMConfig, options: { seed?: number } = {}) {
    super(config, options);
    const { emb_dim: dim, n_layers, n_heads, n_langs, layer_norm_eps: eps } = config;
    const norm = () => new LayerNorm(dim, { eps });
    this.position_embeddings = new Embedding(config.max_position_embeddings, dim);
    if (n_langs > 1 && config.use_lang_emb) this.lang_embeddings = new Embedding(n_langs, dim);
    this.embeddings = new Embedding(config.vocab_size, dim, { padding_idx: config.pad_token_id });
    this.layer_norm_emb = norm();
    this.attentions = new ModuleList(times(n_layers, () => new MultiHeadSelfAttention(dim, n_heads)));
    this.layer_norm1 = new ModuleList(times(n_layers, norm));
    this.ffns = new ModuleList(times(n_layers, () => new FFN(dim, 4 * dim, config.gelu_activation ? 'gelu' : 'relu')));
    this.layer_norm2 = new ModuleList(times(n_layers, norm));
    this.post_init(options?.seed);
  }

  init_weights(): void {
    const { weight } = this.position_embeddings;
    if (this.config.sinusoidal_embeddings) weight.initialise = (values) => sinusoidal(values, weight.shape[1]);
  }

  /** What attention and a feed-forward network make of x. */
  protected through({ attention, layer_norm1, ffn, layer_norm2 }: XLMLayer, x: Tensor, seen: Seen, weights: boolean): [Tensor, Tensor?] {
    const [attended, probabilities] = attention(x, seen, weights);
    const hidden = layer_norm1(F.add(x, attended));
    return [layer_norm2(F.add(hidden, ffn(hidden))), probabilities];
  }

  protected embedded(input_ids: Tensor, { langs, token_type_ids, position_ids }: Given): Tensor {
    const places = position_ids ? fitPositions(position_ids, input_ids.shape) : F.positions(input_ids);
    const placed = F.add(this.embeddings(input_ids), this.position_embeddings(places));
    const told = langs && this.lang_embeddings ? F.add(placed, this.lang_embeddings(langs)) : placed;
    return this.layer_norm_emb(token_type_ids ? F.add(told, this.embeddings(token_type_ids)) : told);
  }

  protected states(input_ids: Tensor, given: Given): Encoded {
    const { config, attentions, layer_norm1, ffns, layer_norm2 } = this;
    const { attention_mask, langs, token_type_ids } = given;
    checkIds(input_ids, { attention_mask, langs, token_type_ids }, config);
    const real = realTokens(input_ids, given, config.pad_token_id);
    const seen = config.causal ? { mask: undefined, is_causal: true } : { mask: real };
    const blank = (x: Tensor): Tensor => (real ? F.masked(x, real) : x);
    const layers = [...attentions].map((attention, i) => {
      const parts = { attention, layer_norm1: layer_norm1.items[i], ffn: ffns.items[i], layer_norm2: layer_norm2.items[i] };
      return (x: Tensor, _: Mask, weights: boolean): [Tensor, Tensor?] => {
        const [hidden, probabilities] = this.through(parts, x, seen, weights);
        return [blank(hidden), probabilities];
      };
    });
    return runLayers(layers, blank(this.embedded(input_ids, given)), real, config.output_attentions);
  }
}

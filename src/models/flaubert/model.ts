import * as F from '../../nn/functional.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Seen } from '../distilbert/layers.ts';
import { type XLMLayer, XLMModel } from '../xlm/model.ts';
import type { FlaubertConfig } from './config.ts';
import { FLAUBERT } from './family.ts';

/** The bare encoder, as `transformers.FlaubertModel`: an {@link XLMModel} whose layers normalise what they begin with, where the config says so. */
export class FlaubertModel extends XLMModel {
  static override readonly family = FLAUBERT;
  declare readonly config: FlaubertConfig;

  protected override through(layer: XLMLayer, x: Tensor, seen: Seen, weights: boolean): [Tensor, Tensor?] {
    if (!this.config.pre_norm) return super.through(layer, x, seen, weights);
    const { attention, layer_norm1, ffn, layer_norm2 } = layer;
    const [attended, probabilities] = attention(layer_norm1(x), seen, weights);
    const sum = F.add(x, attended);
    return [F.add(sum, ffn(layer_norm2(sum))), probabilities];
  }
}

import type { Tensor } from '../tensor/tensor.ts';

/** An attention_mask, if one is given. */
export type Mask = Tensor | null | undefined;

/** A layer of an encoder: its hidden states, and its attention weights if they are asked for. */
export type EncoderLayer = (hidden_states: Tensor, mask: Mask, output_attentions: boolean) => [Tensor, Tensor?];

/** What an encoder answers: the embeddings and the hidden states of each layer, and attention weights if they were asked for. */
export interface Encoded {
  hidden_states: Tensor[];
  attentions: Tensor[];
  /** What else the model answers, by name. */
  beside?: Readonly<Record<string, Tensor>>;
}

/** Each layer on what the one before answered, the first on `embeddings`. */
export function runLayers(layers: Iterable<EncoderLayer>, embeddings: Tensor, mask: Mask, output_attentions: boolean): Encoded {
  const hidden_states = [embeddings];
  const attentions: Tensor[] = [];
  for (const layer of layers) {
    const [hidden, weights] = layer(hidden_states[hidden_states.length - 1], mask, output_attentions);
    hidden_states.push(hidden);
    if (weights) attentions.push(weights);
  }
  return { hidden_states, attentions };
}

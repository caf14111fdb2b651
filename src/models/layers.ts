import type { Tensor } from '../tensor/tensor.ts';

/** An attention_mask, if one is given. */
export type Mask = Tensor | null | undefined;

/** What a decoder attends to beside its own tokens. */
export interface Source {
  hidden_states: Tensor;
  mask: Mask;
}

/** A layer: its hidden states, and its attention weights if they are asked for, those over a source last. */
export type EncoderLayer = (hidden_states: Tensor, mask: Mask, output_attentions: boolean, source?: Source) => [Tensor, Tensor?, Tensor?];

/** What an encoder answers: the embeddings and the hidden states of each layer, and attention weights if they were asked for. */
export interface Encoded {
  hidden_states: Tensor[];
  attentions: Tensor[];
  /** Attention weights over a source, if there is one and they were asked for. */
  cross_attentions?: Tensor[];
  /** What else the model answers, by name. */
  beside?: Readonly<Record<string, Tensor>>;
}

/** Each layer on what the one before answered, the first on `embeddings`. */
export function runLayers(
  layers: Iterable<EncoderLayer>,
  embeddings: Tensor,
  mask: Mask,
  output_attentions: boolean,
  source?: Source,
): Encoded & { cross_attentions: Tensor[] } {
  const hidden_states = [embeddings];
  const attentions: Tensor[] = [];
  const cross_attentions: Tensor[] = [];
  for (const layer of layers) {
    const [hidden, weights, cross] = layer(hidden_states[hidden_states.length - 1], mask, output_attentions, source);
    hidden_states.push(hidden);
    if (weights) attentions.push(weights);
    if (cross) cross_attentions.push(cross);
  }
  return { hidden_states, attentions, cross_attentions };
}

import { ModuleList } from '../nn/containers.ts';
import * as F from '../nn/functional.ts';
import { Embedding } from '../nn/layers.ts';
import { Module } from '../nn/module.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { BertPooler } from './bert/encoder.ts';
import { EncoderModel, type Tokens } from './encoder.ts';
import type { Encoded, Mask } from './layers.ts';
import { type Attending, type RotaryEmbedding, rowsOfPositions, runTurned, type TurnedLayer } from './rotary.ts';

/** What encoders with one kind of rotary positions in all layers have in common. */

/** The sum of words and token types. */
export class WordAndTypeEmbeddings extends Module<[Tensor, Tensor], Tensor> {
  word_embeddings: Embedding;
  token_type_embeddings: Embedding;

  constructor(sizes: { vocab_size: number; hidden_size: number; type_vocab_size: number; pad_token_id: number | null }) {
    super();
    const { vocab_size, hidden_size, type_vocab_size, pad_token_id } = sizes;
    this.word_embeddings = new Embedding(vocab_size, hidden_size, { padding_idx: pad_token_id });
    this.token_type_embeddings = new Embedding(type_vocab_size, hidden_size);
  }

  forward(input_ids: Tensor, token_type_ids: Tensor): Tensor {
    return F.add(this.word_embeddings(input_ids), this.token_type_embeddings(token_type_ids));
  }
}

/** `count` layers under the name `layers`. */
export class LayersEncoder<Layer extends Module<[Tensor, Attending], [Tensor, Tensor?]> & TurnedLayer> extends Module<
  [Tensor, Attending],
  Encoded
> {
  layers: ModuleList<Layer>;

  constructor(count: number, makeLayer: () => Layer) {
    super();
    this.layers = new ModuleList(Array.from({ length: count }, makeLayer));
  }

  forward(embeddings: Tensor, attending: Attending): Encoded {
    return runTurned(this.layers, embeddings, attending);
  }
}

/** A base model of embeddings, an encoder whose layers turn queries and keys alike, and a pooler if it has one. */
export abstract class RotaryEncoderModel extends EncoderModel {
  protected abstract readonly rotary: RotaryEmbedding;
  protected abstract readonly encoder: (embeddings: Tensor, attending: Attending) => Encoded;
  protected abstract readonly pooler: BertPooler | null;

  /** The embeddings of tokens. */
  protected abstract embedded(tokens: Tokens): Tensor;

  protected encoded(tokens: Tokens, mask: Mask): Encoded {
    const rotation = this.rotary(rowsOfPositions(tokens.position_ids, tokens.input_ids.shape));
    return this.encoder(this.embedded(tokens), { mask, rotation, output_attentions: this.config.output_attentions });
  }

  protected override pooled(last_hidden_state: Tensor): Tensor | undefined {
    return this.pooler?.(last_hidden_state);
  }
}

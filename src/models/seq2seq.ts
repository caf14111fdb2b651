import { TraceletError } from '../base/error.ts';
import * as F from '../nn/functional.ts';
import { Linear } from '../nn/layers.ts';
import { Module } from '../nn/module.ts';
import { type ModelOutput, modelOutput } from '../nn/outputs.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { PreTrainedConfig } from './config.ts';
import { type Given, type HeadOptions, ModelWithHead } from './heads.ts';
import { checkIds } from './inputs.ts';
import type { Encoded, Mask, Source } from './layers.ts';
import { type ModelInputs, PreTrainedModel } from './pretrained.ts';

/** What a decoder answers: as an encoder, and the weights with which its layers attend to what was encoded, if they were asked for. */
export interface Decoded extends Encoded {
  cross_attentions: Tensor[];
}

/** Inputs of models that decode what they encode, in the order of transformers. */
export const SEQ2SEQ_INPUTS = ['input_ids', 'attention_mask', 'decoder_input_ids', 'decoder_attention_mask'] as const;

/** What configurations say of the tokens of a decoder. */
export interface DecoderTokens {
  readonly decoder_start_token_id: number | null;
  readonly vocab_size: number;
}

/** The tokens of a text moved one place on, behind the one that a decoder starts with. Throws `config` errors where none is known. */
export function shiftedRight(input_ids: Tensor, { decoder_start_token_id: start, vocab_size }: DecoderTokens): Tensor {
  if (start !== null && start < vocab_size) return F.shift_right(input_ids, start);
  throw new TraceletError('config', {
    what: 'decoder_start_token_id, with which decoder_input_ids begin where none are given',
    expected: `a token id below vocab_size ${vocab_size}`,
    got: `${start}`,
    cure: 'Pass decoder_input_ids, or say the id: from_pretrained(source, { decoder_start_token_id })',
  });
}

const last = ({ hidden_states }: Encoded): Tensor => hidden_states[hidden_states.length - 1];

/** Outputs by the names and in the order of transformers, layers where the configuration asks for them. */
function seq2seqOutput({ output_hidden_states, output_attentions }: PreTrainedConfig, decoder: Decoded, encoder: Encoded): ModelOutput {
  const [states, weights] = [output_hidden_states, output_attentions].map((wanted) => (x: Tensor[]) => (wanted ? x : undefined));
  return modelOutput({
    last_hidden_state: last(decoder),
    decoder_hidden_states: states(decoder.hidden_states),
    decoder_attentions: weights(decoder.attentions),
    cross_attentions: weights(decoder.cross_attentions),
    encoder_last_hidden_state: last(encoder),
    encoder_hidden_states: states(encoder.hidden_states),
    encoder_attentions: weights(encoder.attentions),
  });
}

/** A base model of an encoder and a decoder, whose layers attend to their own tokens before each and to all that was encoded. */
export abstract class Seq2SeqModel extends PreTrainedModel {
  /** What each layer of the encoder makes of tokens. */
  protected abstract encoded(input_ids: Tensor, mask: Mask): Encoded;

  /** What each layer of the decoder makes of tokens. */
  protected abstract decoded(decoder_input_ids: Tensor, mask: Mask, source: Source): Decoded;

  /** The tokens of the decoder where none are given. */
  protected abstract decoderIdsOf(input_ids: Tensor): Tensor;

  forward(...inputs: ModelInputs): ModelOutput {
    const [input_ids, mask, given, decoder_mask] = this.taken(inputs);
    checkIds(input_ids, { attention_mask: mask }, this.config);
    const decoder_input_ids = given ?? this.decoderIdsOf(input_ids);
    checkIds(decoder_input_ids, { decoder_attention_mask: decoder_mask }, this.config, 'decoder_input_ids');
    const [batch, texts] = [input_ids, decoder_input_ids].map(({ shape }) => shape[0]);
    if (texts !== batch)
      throw new TraceletError('shape', {
        what: 'decoder_input_ids',
        expected: `[${batch}, …], a row for each of input_ids`,
        got: `[${texts}, …]`,
      });
    const encoder = this.encoded(input_ids, mask);
    const decoder = this.decoded(decoder_input_ids, decoder_mask, { hidden_states: last(encoder), mask });
    return seq2seqOutput(this.config, decoder, encoder);
  }
}

/** What scores labels by a vector of each text: [batch, num_labels]. */
export class VectorClassificationHead extends Module<[Tensor], Tensor> {
  dense: Linear;
  out_proj: Linear;

  constructor({ hidden_size, num_labels }: PreTrainedConfig) {
    super();
    this.dense = new Linear(hidden_size, hidden_size);
    this.out_proj = new Linear(hidden_size, num_labels);
  }

  forward(vectors: Tensor): Tensor {
    return this.out_proj(F.tanh(this.dense(vectors)));
  }
}

/** A score for every label, made of the decoder at the last token that ends a text: (logits [batch, num_labels]). */
export abstract class ForLastEndClassification<Base extends Seq2SeqModel> extends ModelWithHead<Base> {
  static override readonly head: string = 'ForSequenceClassification';
  classification_head: VectorClassificationHead;

  constructor(config: PreTrainedConfig, options: HeadOptions, makeBase: () => Base) {
    super(config, options, makeBase);
    this.classification_head = new VectorClassificationHead(config);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput, { input_ids }: Given): Record<string, Tensor> {
    return { logits: this.classification_head(lastEnds(last_hidden_state, input_ids as Tensor, this.config.eos_token_id)) };
  }
}

/** The vector of the last token of each text that is `eos_token_id`: [batch, hidden]. Throws `value` errors for texts of different numbers of them. */
export function lastEnds(hidden_states: Tensor, input_ids: Tensor, eos_token_id: unknown): Tensor {
  if (typeof eos_token_id !== 'number')
    throw new TraceletError('config', {
      what: 'eos_token_id, at whose last place labels are made',
      expected: 'a token id',
      got: JSON.stringify(eos_token_id),
    });
  const [, sequence] = input_ids.shape;
  if (hidden_states.shape[1] !== sequence)
    throw new TraceletError('shape', {
      what: 'decoder_input_ids of a model whose labels are made at places of input_ids',
      expected: `${sequence} tokens, as input_ids`,
      got: `${hidden_states.shape[1]}`,
      cure: 'Leave them out',
    });
  const ends = F.matches(input_ids, eos_token_id);
  if (!ends.recorded) checkEnds(ends, eos_token_id);
  return F.last_pool(hidden_states, ends);
}

function checkEnds({ data, shape: [batch, sequence] }: Tensor, eos_token_id: number): void {
  const counts = Array.from({ length: batch }, (_, b) =>
    (data as Int32Array).subarray(b * sequence, (b + 1) * sequence).reduce((a, c) => a + c, 0),
  );
  if (counts[0] > 0 && counts.every((count) => count === counts[0])) return;
  throw new TraceletError('value', {
    what: 'input_ids',
    expected: `as many of eos_token_id ${eos_token_id} in each text, and at least one`,
    got: counts.slice(0, 8).join(', '),
    cure: 'Its tokenizer ends each text with one',
  });
}

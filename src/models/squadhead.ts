import { TraceletError } from '../base/error.ts';
import { GENERAL } from '../kernels/sets/general.ts';
import { addOps } from '../kernels/sets.ts';
import * as F from '../nn/functional.ts';
import { LayerNorm, Linear } from '../nn/layers.ts';
import { Module } from '../nn/module.ts';
import { type Shape, sameShape, type Tensor } from '../tensor/tensor.ts';
import type { PreTrainedConfig } from './config.ts';
import { type Given, ModelWithHead } from './heads.ts';
import type { PreTrainedModel } from './pretrained.ts';

/** Answers found by a beam: the likeliest starts, and of each of them the likeliest ends. As `SQuADHead` of transformers, name for name. */

/** What heads take beside the inputs of the base model: where the token stands that says whether there is an answer, and 1 for tokens of none. */
const SPAN_INPUTS = ['cls_index', 'p_mask'] as const;

/** What a head is made from. */
export interface SpanConfig extends PreTrainedConfig {
  readonly layer_norm_eps: number;
  /** How many starts there are. */
  readonly start_n_top: number;
  /** How many ends each start has. */
  readonly end_n_top: number;
}

/** What tokens that can be in no answer score. */
const NEVER = -1e30;

const without = (scores: Tensor, mask: Tensor | undefined): Tensor => (mask ? F.masked_fill(scores, mask, NEVER) : scores);

/** A score for each token to be the first: hidden states [batch, sequence, hidden] to [batch, sequence]. */
class PoolerStartLogits extends Module<[Tensor, Tensor?], Tensor> {
  dense: Linear;

  constructor({ hidden_size }: SpanConfig) {
    super();
    this.dense = new Linear(hidden_size, 1);
  }

  forward(hidden_states: Tensor, p_mask?: Tensor): Tensor {
    return without(this.dense(hidden_states).reshape(hidden_states.shape.slice(0, 2)), p_mask);
  }
}

/** A score for each token to be the last, for each of the states [batch, starts, hidden] of first ones: [batch, sequence, starts]. */
class PoolerEndLogits extends Module<[Tensor, Tensor, Tensor?], Tensor> {
  dense_0: Linear;
  LayerNorm: LayerNorm;
  dense_1: Linear;

  constructor({ hidden_size, layer_norm_eps: eps }: SpanConfig) {
    super();
    this.dense_0 = new Linear(2 * hidden_size, hidden_size);
    this.LayerNorm = new LayerNorm(hidden_size, { eps });
    this.dense_1 = new Linear(hidden_size, 1);
  }

  forward(hidden_states: Tensor, start_states: Tensor, p_mask?: Tensor): Tensor {
    const [batch, sequence, hidden] = hidden_states.shape;
    const shape = [batch, sequence, start_states.shape[1], hidden];
    const ends = F.expand(hidden_states.reshape([batch, sequence, 1, hidden]), shape);
    const starts = F.expand(start_states.reshape([batch, 1, shape[2], hidden]), shape);
    const scores = this.dense_1(this.LayerNorm(F.tanh(this.dense_0(F.cat([ends, starts], 3)))));
    return without(scores.reshape(shape.slice(0, 3)), p_mask?.reshape([batch, sequence, 1]));
  }
}

/** A score for there being no answer, of the states [batch, hidden] of starts and of one token: [batch]. */
class PoolerAnswerClass extends Module<[Tensor, Tensor], Tensor> {
  dense_0: Linear;
  dense_1: Linear;

  constructor({ hidden_size }: SpanConfig) {
    super();
    this.dense_0 = new Linear(2 * hidden_size, hidden_size);
    this.dense_1 = new Linear(hidden_size, 1, { bias: false });
  }

  forward(start_states: Tensor, cls_state: Tensor): Tensor {
    return this.dense_1(F.tanh(this.dense_0(F.cat([start_states, cls_state], 1)))).reshape([start_states.shape[0]]);
  }
}

/** The parts of a head. */
export interface SpanParts {
  start_logits: PoolerStartLogits;
  end_logits: PoolerEndLogits;
  answer_class: PoolerAnswerClass;
}

/** Fresh parts of a head. */
export function spanParts(config: SpanConfig): SpanParts {
  addOps(GENERAL);
  return {
    start_logits: new PoolerStartLogits(config),
    end_logits: new PoolerEndLogits(config),
    answer_class: new PoolerAnswerClass(config),
  };
}

/** Rows of x [batch, sequence, hidden] by where they stand [batch, count]: [batch, count, hidden]. */
const rowsAt = (x: Tensor, places: Tensor): Tensor =>
  F.gather(x, 1, F.expand(places.reshape([...places.shape, 1]), [...places.shape, x.shape[2]]));

function shaped(name: (typeof SPAN_INPUTS)[number], given: Given, shape: Shape): Tensor | undefined {
  const tensor = given[name];
  if (tensor && !sameShape(tensor.shape, shape))
    throw new TraceletError('shape', { what: name, expected: `[${shape}], as input_ids`, got: `[${tensor.shape}]` });
  return tensor;
}

/**
 * The `start_n_top` likeliest starts of hidden states [batch, sequence, hidden], the `end_n_top` likeliest ends of each, in the order of ends, and a score for there
 * being no answer, by the last token unless `cls_index` [batch] says another. Tokens where `p_mask` [batch, sequence] is 1 are in no answer; padding may be.
 */
export function searchSpans(
  { start_logits, end_logits, answer_class }: SpanParts,
  hidden_states: Tensor,
  given: Given,
  { start_n_top, end_n_top }: SpanConfig,
): Record<string, Tensor> {
  const [batch, sequence] = hidden_states.shape;
  const p_mask = shaped('p_mask', given, [batch, sequence]);
  const cls_index = shaped('cls_index', given, [batch]);
  const start_probs = F.softmax(start_logits(hidden_states, p_mask), 1);
  const starts = F.topk(start_probs, start_n_top);
  const end_probs = F.softmax(end_logits(hidden_states, rowsAt(hidden_states, starts.indices), p_mask), 1);
  const ends = F.topk(end_probs, end_n_top, 1);
  const beam = [batch, start_n_top * end_n_top];
  const start_state = F.bmm(start_probs.reshape([batch, 1, sequence]), hidden_states).reshape([batch, hidden_states.shape[2]]);
  const cls_state = cls_index ? rowsAt(hidden_states, cls_index.reshape([batch, 1])) : F.narrow(hidden_states, 1, sequence - 1, 1);
  return {
    start_top_log_probs: starts.values,
    start_top_index: starts.indices,
    end_top_log_probs: ends.values.reshape(beam),
    end_top_index: ends.indices.reshape(beam),
    cls_logits: answer_class(start_state, cls_state.reshape(start_state.shape)),
  };
}

/** The head as a part of a model. */
export class SQuADHead extends Module<[Tensor, Given, SpanConfig], Record<string, Tensor>> implements SpanParts {
  start_logits: PoolerStartLogits;
  end_logits: PoolerEndLogits;
  answer_class: PoolerAnswerClass;

  constructor(config: SpanConfig) {
    super();
    const { start_logits, end_logits, answer_class } = spanParts(config);
    [this.start_logits, this.end_logits, this.answer_class] = [start_logits, end_logits, answer_class];
  }

  forward(hidden_states: Tensor, given: Given, config: SpanConfig): Record<string, Tensor> {
    return searchSpans(this, hidden_states, given, config);
  }
}

/** A base model and the head on it. Padding is computed, as the beam looks at all tokens. */
export abstract class ForSpans<Base extends PreTrainedModel> extends ModelWithHead<Base> {
  override get input_names(): readonly string[] {
    return [...super.input_names, ...SPAN_INPUTS];
  }

  override get float_inputs(): readonly string[] {
    return [...super.float_inputs, 'p_mask'];
  }

  override get exact_padding(): boolean {
    return true;
  }
}

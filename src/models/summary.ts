import { FLAG, idle, oneOf, orNull, other, PROBABILITY } from '../base/schema.ts';
import * as F from '../nn/functional.ts';
import { Linear } from '../nn/layers.ts';
import { Module } from '../nn/module.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import { ACTIVATION, activationOf } from './fields.ts';

type Take = (hidden_states: Tensor, cls_index?: Tensor) => Tensor;

/** The vector that stands for the second dimension of x [batch, sequence, hidden], by `summary_type`. None leaves padding out: the last token may be one. */
const TAKEN = {
  first: (x) => F.select(x, 1, 0),
  last: (x) => F.last_pool(x),
  mean: (x) => F.mean_pool(x),
  cls_index: (x, at) => F.last_pool(x, at && F.leading(x, at, 1)),
} as const satisfies Readonly<Record<string, Take>>;

/** A way to make one vector of a text. */
export type SummaryType = keyof typeof TAKEN;

/** Fields of configurations that say how a text is summed up, with the defaults that most families have. */
export const SUMMARY_FIELDS = {
  summary_type: other<SummaryType>('first', oneOf(Object.keys(TAKEN) as SummaryType[], 'No model of `transformers` sums up by attention')),
  summary_use_proj: other(true, FLAG),
  summary_activation: other<string | null>(null, orNull(ACTIVATION)),
  summary_proj_to_labels: other(true, FLAG),
  summary_first_dropout: idle(other(0.1, PROBABILITY), 'told'),
};

/** The dropout behind the summary, of families that have it. */
export const SUMMARY_LAST_DROPOUT = idle(other(0.1, PROBABILITY), 'told');

/** What a summary is made from. */
export interface SummaryConfig {
  readonly hidden_size: number;
  readonly num_labels: number;
  readonly summary_type: SummaryType;
  readonly summary_use_proj: boolean;
  readonly summary_activation: string | null;
  /** Whether the projection is one to labels; to hidden states unless given. */
  readonly summary_proj_to_labels?: boolean;
}

/** How many numbers a summary has. */
export const summaryWidth = (config: SummaryConfig): number =>
  config.summary_use_proj && config.summary_proj_to_labels ? config.num_labels : config.hidden_size;

/**
 * One vector of each text, as `SequenceSummary` of transformers: hidden_states [..., sequence, hidden], and for `cls_index` where in each text the token stands
 * that is taken ([...], the last unless given), to [..., labels] or [..., hidden].
 */
export class SequenceSummary extends Module<[Tensor, Tensor?], Tensor> {
  /** Absent where nothing is projected. */
  summary?: Linear;
  readonly take: Take;
  readonly activation: string | null;

  constructor(config: SummaryConfig) {
    super();
    if (config.summary_use_proj) this.summary = new Linear(config.hidden_size, summaryWidth(config));
    this.take = TAKEN[config.summary_type];
    this.activation = config.summary_activation && activationOf(config.summary_activation);
  }

  forward(hidden_states: Tensor, cls_index?: Tensor): Tensor {
    const taken = this.#taken(hidden_states, cls_index);
    const summary = this.summary?.(taken) ?? taken;
    return this.activation === null ? summary : F.activation(this.activation, summary);
  }

  /** Where there are more than three dimensions, only `cls_index` goes by the last but one. */
  #taken(hidden_states: Tensor, cls_index?: Tensor): Tensor {
    const { shape } = hidden_states;
    if (shape.length === 3) return this.take(hidden_states, cls_index);
    const lead = shape.slice(0, -2);
    if (this.take === TAKEN.cls_index) {
      const texts = hidden_states.reshape([sizeOf(lead), ...shape.slice(-2)]);
      return this.take(texts, cls_index?.reshape([sizeOf(lead)])).reshape([...lead, shape[shape.length - 1]]);
    }
    const rest = shape.slice(2);
    return this.take(hidden_states.reshape([shape[0], shape[1], sizeOf(rest)])).reshape([shape[0], ...rest]);
  }
}

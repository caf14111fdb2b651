import { core, FLAG, idle, other, PROBABILITY } from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import type { FamilyFields } from '../fields.ts';
import { XLM_FIELDS } from '../xlm/config.ts';

const FIELDS = {
  ...XLM_FIELDS.fields,
  pre_norm: core(false, FLAG),
  layerdrop: idle(other(0, PROBABILITY), 'told'),
};

const FLAUBERT: FamilyFields<typeof FIELDS> = { ...XLM_FIELDS, model_type: 'flaubert', fields: FIELDS };

/** What a {@link FlaubertConfig} is made from: any of its fields. */
export type FlaubertConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a FlauBERT, as `transformers.FlaubertConfig`; by position it takes what an `XLMConfig` takes. */
export class FlaubertConfig extends configOf(FLAUBERT) {}

import { core, FLAG, type Kind, kind, LAYER_COUNT, orNull, SIZE, seldom, WHOLE } from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { DEBERTA_FIELDS, furthestOf, termsOf, withPositions } from '../deberta/config.ts';
import { ACTIVATION, activationOf, bad, type FamilyFields } from '../fields.ts';

const MOST_KERNEL = 1023;
const KERNEL = kind<number>(
  `0 for none, or an odd number up to ${MOST_KERNEL}`,
  (value) =>
    value === 0 || (Number.isInteger(value) && (value as number) % 2 === 1 && (value as number) > 0 && (value as number) <= MOST_KERNEL),
  'A convolution of an even kernel would answer one token less',
);

const NORMS = ['none', 'layer_norm'];
/** What is done to the embeddings of distances: names between bars. */
const NORM: Kind<string> = {
  expected: `${NORMS.join(' or ')}, or both between bars`,
  read: (value) => (typeof value === 'string' && namesIn(value).every((name) => NORMS.includes(name)) ? value : undefined),
};

const namesIn = (text: string): string[] => text.split('|').map((name) => name.trim().toLowerCase());

const FIELDS = {
  ...DEBERTA_FIELDS.fields,
  vocab_size: core(128100, SIZE),
  hidden_size: core(1536, SIZE),
  num_hidden_layers: core(24, LAYER_COUNT),
  num_attention_heads: core(24, SIZE),
  intermediate_size: core(6144, SIZE),
  position_buckets: seldom(-1, WHOLE),
  norm_rel_ebd: seldom('none', NORM),
  share_att_key: seldom(false, FLAG),
  attention_head_size: seldom<number | null>(null, orNull(SIZE)),
  conv_kernel_size: seldom(0, KERNEL),
  conv_groups: seldom(1, SIZE),
  conv_act: seldom('tanh', ACTIVATION),
};

const DEBERTA_V2: FamilyFields<typeof FIELDS> = {
  ...DEBERTA_FIELDS,
  model_type: 'deberta-v2',
  fields: FIELDS,
  matrices: [...DEBERTA_FIELDS.matrices, ['position_buckets', 'hidden_size']],
  weights(config) {
    const { hidden_size, position_buckets, conv_kernel_size, share_att_key } = config;
    const distances = position_buckets > 0 ? position_buckets : furthestOf(config);
    return withPositions(config, share_att_key ? [] : termsOf(config), distances) + conv_kernel_size * hidden_size ** 2;
  },
};

/** What a {@link DebertaV2Config} is made from: any of its fields. */
export type DebertaV2ConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a DeBERTa of the second or third version, as `transformers.DebertaV2Config`. */
export class DebertaV2Config extends configOf(DEBERTA_V2) {
  /** The op that `hidden_act` names. */
  get activation(): string {
    return activationOf(this.hidden_act);
  }
}

/** Whether embeddings of distances are normalised. */
export const normsDistances = ({ norm_rel_ebd }: DebertaV2Config): boolean => namesIn(norm_rel_ebd).includes('layer_norm');

/** The buckets of distances on each side of a query; none where each distance within reach has a row of its own. */
export interface Buckets {
  /** Distances up to half of them are on their own. */
  count: number;
  /** Distances up to one below are told apart. */
  furthest: number;
}

/** Throws a `config` error where buckets do not fit how far positions reach. */
export function bucketsOf(config: DebertaV2Config): Buckets | undefined {
  const { position_buckets: count, max_position_embeddings } = config;
  if (!config.relative_attention || count < 1) return undefined;
  const [furthest, middle] = [furthestOf(config), Math.floor(count / 2)];
  if (middle === 0) throw bad('position_buckets', 'DebertaV2Config', 'at least 2, or -1 for none', `${count}`);
  if (max_position_embeddings - 1 > middle && furthest - 1 <= middle)
    throw bad(
      'max_relative_positions',
      'DebertaV2Config',
      `above position_buckets / 2 + 1 = ${middle + 1}, as max_position_embeddings is`,
      `${furthest}`,
    );
  return { count, furthest };
}

/** The bucket of a distance, counted from that of none, as `make_log_bucket_position` has it: in float32, which decides where one begins. */
export function bucketOf(distance: number, { count, furthest }: Buckets): number {
  const middle = Math.floor(count / 2);
  const far = Math.abs(distance);
  if (far <= middle) return distance;
  const { fround, log } = Math;
  const share = fround(fround(log(fround(far / middle))) / fround(log(fround((furthest - 1) / middle))));
  return Math.sign(distance) * (Math.ceil(fround(share * (middle - 1))) + middle);
}

/** Throws a `config` error for sizes that transformers lets a file say and that do not fit one another. */
export function checkSizes({
  attention_head_size,
  hidden_size,
  num_attention_heads,
  conv_kernel_size,
  conv_groups,
}: DebertaV2Config): void {
  const head = hidden_size / num_attention_heads;
  if (attention_head_size !== null && attention_head_size !== head)
    throw bad('attention_head_size', 'DebertaV2Config', `hidden_size / num_attention_heads = ${head}`, `${attention_head_size}`);
  if (conv_kernel_size > 0 && hidden_size % conv_groups !== 0)
    throw bad('conv_groups', 'DebertaV2Config', `a divisor of hidden_size ${hidden_size}`, `${conv_groups}`);
}

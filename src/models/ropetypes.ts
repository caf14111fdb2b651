import { bad } from './fields.ts';

/** Numbers of `rope_parameters` that say how positions are stretched. */
export const NUMBERS = [
  'factor',
  'low_freq_factor',
  'high_freq_factor',
  'original_max_position_embeddings',
  'attention_factor',
  'beta_fast',
  'beta_slow',
  'mscale',
  'mscale_all_dim',
  'partial_rotary_factor',
] as const;

/** Lists of as many numbers as a head has pairs. */
export const LISTS = ['short_factor', 'long_factor'] as const;

/** How positions turn queries and keys, as `rope_parameters` of transformers. */
export interface RopeParameters
  extends Readonly<Partial<Record<Exclude<(typeof NUMBERS)[number], 'factor'>, number>>>,
    Readonly<Partial<Record<(typeof LISTS)[number], readonly number[]>>> {
  readonly rope_type: string;
  readonly rope_theta: number;
  /** How much longer texts are; null for what their lengths say. */
  readonly factor?: number | null;
  /** Whether the band between turns that stay and turns that are divided ends at whole pairs; true unless given. */
  readonly truncate?: boolean;
}

/** By how much one position turns each pair of numbers of a head, slowest last, and what cosines and sines are multiplied by. */
export interface Turns {
  frequencies: readonly number[];
  scaling: number;
  /** What takes the place of `frequencies` in texts of more than so many tokens. */
  beyond?: { tokens: number; frequencies: readonly number[] };
}

/** With the numbers that its `rope_type` needs, and how long texts were before positions were stretched. */
export type Stretching = RopeParameters &
  Required<Pick<RopeParameters, Needed | 'original_max_position_embeddings'>> & { readonly factor: number };
type Needed = 'factor' | 'low_freq_factor' | 'high_freq_factor' | (typeof LISTS)[number];

/** By what numbers of a head are divided that a position turns, in float32: `theta` to the share of each of its pairs. */
export const powersOf = (theta: number, pairs: number): number[] =>
  Array.from({ length: pairs }, (_, i) => Math.fround(theta ** Math.fround(i / pairs)));

/** How many tokens texts have, before positions were stretched and after. */
export interface Lengths {
  readonly original_max_position_embeddings: number;
  readonly max_position_embeddings: number;
}

const ratioOf = ({ original_max_position_embeddings, max_position_embeddings }: Lengths): number =>
  max_position_embeddings / original_max_position_embeddings;

interface RopeType {
  /** Numbers without which it says nothing. */
  needs: readonly Needed[];
  /** `factor` where none is stated. */
  factor?(lengths: Lengths): number;
  /** Whether positions may turn a part of each head alone. */
  isPartial?: true;
  turns(plain: readonly number[], parameters: Stretching): Turns;
}

/** What turns each pair at a frequency of its own, and multiplies nothing. */
const changing = (change: (frequency: number, parameters: Stretching, share: number) => number, ...needs: Needed[]): RopeType => ({
  needs,
  turns: (plain, parameters) => ({
    frequencies: plain.map((frequency, i) => change(frequency, parameters, (i + 1) / plain.length)),
    scaling: 1,
  }),
});

/** `low` where `share` is 0, `high` where it is 1, and between for what lies between. */
function mixed(low: number, high: number, share: number): number {
  const kept = Math.min(1, Math.max(0, share));
  return kept * high + (1 - kept) * low;
}

/** Frequencies below a band are divided, those above it stay, and those within it lie between. */
const llama3 = changing(
  (frequency, { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings }) => {
    const turns = (original_max_position_embeddings * frequency) / (2 * Math.PI);
    return mixed(frequency / factor, frequency, (turns - low) / (high - low));
  },
  'factor',
  'low_freq_factor',
  'high_freq_factor',
);

const temperature = (factor: number, mscale: number): number => (factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1);

/** The same with a band of pairs (YaRN, Peng and others, 2023), and sharper attention. */
const yarn: RopeType = {
  needs: ['factor'],
  factor: ratioOf,
  turns(plain, parameters) {
    const { rope_theta, factor, original_max_position_embeddings: length, truncate = true } = parameters;
    const { beta_fast, beta_slow, mscale, mscale_all_dim } = parameters;
    const size = 2 * plain.length;
    const pairThatTurns = (times: number) => (size * Math.log(length / (times * 2 * Math.PI))) / (2 * Math.log(rope_theta));
    const ends = [pairThatTurns(beta_fast || 32), pairThatTurns(beta_slow || 1)];
    const [low, high] = truncate ? [Math.floor(ends[0]), Math.ceil(ends[1])] : ends;
    const [first, last] = [Math.max(low, 0), Math.min(high, size - 1)];
    const scaling = mscale && mscale_all_dim ? temperature(factor, mscale) / temperature(factor, mscale_all_dim) : temperature(factor, 1);
    return {
      frequencies: plain.map((frequency, i) => mixed(frequency, frequency / factor, (i - first) / (last - first || 0.001))),
      scaling: parameters.attention_factor ?? scaling,
    };
  },
};

/** Pairs divided by numbers of their own, which are others in texts longer than those before (LongRoPE, Ding and others, 2024), and sharper attention. */
const longrope: RopeType = {
  needs: LISTS,
  factor: ratioOf,
  turns({ length: pairs }, parameters) {
    const { rope_theta, factor, original_max_position_embeddings: tokens, short_factor, long_factor } = parameters;
    const powers = powersOf(rope_theta, pairs);
    const divided = (name: (typeof LISTS)[number], factors: readonly number[]): number[] => {
      if (factors.length !== pairs)
        throw bad(name, 'rope_parameters', `${pairs} numbers, one for each pair of a head`, `${factors.length}`);
      return powers.map((power, i) => 1 / Math.fround(Math.fround(factors[i]) * power));
    };
    return {
      frequencies: divided('short_factor', short_factor),
      beyond: { tokens, frequencies: divided('long_factor', long_factor) },
      scaling: parameters.attention_factor ?? (factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(tokens))),
    };
  },
};

/** The first pairs alone are turned, by what they would be if all were. */
const proportional: RopeType = {
  needs: [],
  factor: () => 1,
  isPartial: true,
  turns(plain, { factor, partial_rotary_factor: part = 1 }) {
    const turned = Math.floor(part * plain.length);
    return { frequencies: plain.map((frequency, i) => (i < turned ? frequency / factor : 0)), scaling: 1 };
  },
};

/** What each `rope_type` makes of frequencies. `dynamic` only changes what is longer than a model's positions, which no text here is. */
export const ROPE_TYPES: Readonly<Record<string, RopeType>> = {
  default: changing((frequency) => frequency),
  dynamic: changing((frequency) => frequency),
  linear: changing((frequency, { factor }) => frequency / factor, 'factor'),
  ntk: changing((frequency, { factor }, share) => frequency * factor ** -share, 'factor'),
  llama3,
  longrope,
  proportional,
  yarn,
};

import { MAX_SIZE } from '../base/schema.ts';
import { PROVED, type Shape, sizeOf, Tensor } from '../tensor/tensor.ts';
import { DECODER_SEQUENCE } from './sequences.ts';

/** The tokens of a call; `kept` numbers those that have rows, all of them where it is absent. */
export interface Tokens {
  batch: number;
  sequence: number;
  kept?: Int32Array;
}

/** How many tokens a call has, and how many of them have rows. */
export interface Counts {
  batch: number;
  sequence: number;
  tokens: number;
}

/** No token's id, where a rule asks for one of padding and there is none. */
export const NO_ID = MAX_SIZE;

/** What a rule asks for besides tokens: an input [batch, sequence], whose elements are those of all tokens, or [batch], or a number. */
export interface Asked {
  input: ArrayLike<number>;
  fill: number;
}

/** Tensors and numbers to ask. */
export interface HostOperands {
  input?: Tensor<'int32'>;
  fill?: number;
  /** What has an entry for each of the tokens, if it says whose they are. */
  like?: Tensor;
}

/** Whole numbers that the host writes before a call: they follow from its sizes, its attention_mask and what it is given. */
export interface HostRule {
  /** Whether there is a number for each token that has a row, in order, or one for each sequence and one more. */
  per: 'token' | 'sequence';
  asks: readonly (keyof Asked)[];
  /** Whether tokens whose number is not 0 have rows whatever the mask says. */
  chooses?: true;
  /** Whether tokens are asked for by where they stand, so that those without rows are zeros. */
  byPlace?: true;
  /** Writes the numbers of `tokens`. */
  write(out: Int32Array, tokens: Tokens, asked: Asked): void;
  /** The largest number, where the rule says it. */
  most?(counts: Counts, fill: number): number;
  /** The sequence whose tokens there are numbers for, where it is another than that of what is asked. */
  sequence?: string;
  /** How much a number is above the one before it, at most, where the rule says it. */
  step?(counts: Counts): number;
  /** Where its input has a number for each sequence, not one for each token: below what these have to be. */
  below?(sequence: number, fill: number): number;
}

const perToken =
  (numberOf: (token: number, sequence: number) => number): HostRule['write'] =>
  (out, { sequence, kept }) => {
    for (let row = 0; row < out.length; row++) out[row] = numberOf(kept ? kept[row] : row, sequence);
  };

/** How many tokens of its sequence up to each are not `fill`, itself among them, on top of `fill`; `fill` for those that are. */
function ranks(input: ArrayLike<number>, fill: number, sequence: number): Int32Array {
  const out = new Int32Array(input.length);
  for (let token = 0, rank = fill; token < out.length; token++) {
    if (token % sequence === 0) rank = fill;
    out[token] = input[token] === fill ? fill : ++rank;
  }
  return out;
}

/** For each token, `of` another so many places behind it, or of itself where its sequence has none there. */
const perNeighbour = (by: number, of: (token: number, found: boolean, asked: Asked) => number): HostRule['write'] => {
  const inside = (token: number, sequence: number): boolean => {
    const place = (token % sequence) + by;
    return place >= 0 && place < sequence;
  };
  return (out, tokens, asked) =>
    perToken((token, sequence) => {
      const found = inside(token, sequence);
      return of(found ? token + by : token, found, asked);
    })(out, tokens, asked);
};

const idsBeside = (by: number): HostRule => ({
  per: 'token',
  asks: ['input'],
  write: perNeighbour(by, (token, _, { input }) => input[token]),
});
const flagsBeside = (by: number): HostRule => ({
  per: 'token',
  asks: [],
  write: perNeighbour(by, (_, found) => Number(found)),
  most: () => 1,
});

/** 1 for the last token of each sequence that is not `fill`, for the first where all are; 0 for the others. */
function ends(input: ArrayLike<number>, fill: number, { batch, sequence }: Tokens): Int32Array {
  const out = new Int32Array(batch * sequence);
  for (let first = 0; first < out.length; first += sequence) {
    let last = sequence - 1;
    while (last > 0 && input[first + last] === fill) last--;
    out[first + last] = 1;
  }
  return out;
}

/** How many of each sequence are not `fill`. */
function lengths(input: ArrayLike<number>, fill: number, sequence: number): Int32Array {
  const out = new Int32Array(Math.ceil(input.length / sequence));
  for (let token = 0; token < input.length; token++) if (input[token] !== fill) out[Math.floor(token / sequence)]++;
  return out;
}

const isBefore =
  (ends: ArrayLike<number>, more: number) =>
  (token: number, sequence: number): number =>
    Number(token % sequence < ends[Math.floor(token / sequence)] + more);

const named = <Name extends string>(rules: Readonly<Record<Name, HostRule>>) => rules;

/** What the host writes. Adding one is a row here. */
export const HOST_RULES = named({
  /** How many rows come before each sequence, and how many there are. */
  starts: {
    per: 'sequence',
    asks: [],
    write(out, { batch, sequence, kept }) {
      for (let b = 0, row = 0; b <= batch; b++) {
        if (!kept) row = b * sequence;
        else while (row < kept.length && kept[row] < b * sequence) row++;
        out[b] = row;
      }
    },
    most: ({ tokens }) => tokens,
    step: ({ sequence, tokens }) => Math.min(sequence, tokens),
  },
  /** Where in its sequence each token stands. */
  places: { per: 'token', asks: [], write: perToken((token, sequence) => token % sequence), most: ({ sequence }) => sequence - 1 },
  /** The same, counted from a number. */
  offset: {
    per: 'token',
    asks: ['fill'],
    write: (out, tokens, { fill }) => perToken((token, sequence) => (token % sequence) + fill)(out, tokens, { input: [], fill }),
    most: ({ sequence }, fill) => sequence - 1 + fill,
  },
  /** How far each token stands behind the one in the middle of its sequence, as far as `fill` at most. */
  centred: {
    per: 'token',
    asks: ['fill'],
    write(out, tokens, asked) {
      const middle = (tokens.sequence - 1) >> 1;
      perToken((token, sequence) => Math.max(-asked.fill, Math.min(asked.fill, (token % sequence) - middle)))(out, tokens, asked);
    },
    most: ({ sequence }, fill) => Math.min(fill, sequence >> 1),
  },
  /** Which of the batch · sequence tokens each is. */
  index: { per: 'token', asks: [], write: perToken((token) => token), most: ({ batch, sequence }) => batch * sequence - 1 },
  /** The same number everywhere. */
  fill: { per: 'token', asks: ['fill'], write: (out, _, { fill }) => void out.fill(fill), most: (_, fill) => fill },
  /** What an input holds for each token. */
  kept: {
    per: 'token',
    asks: ['input'],
    write: (out, tokens, asked) => perToken((token) => asked.input[token])(out, tokens, asked),
  },
  /** Which of the tokens of its sequence that are not padding each is, counted from one above the id of padding; that id for padding. */
  ranks: {
    per: 'token',
    asks: ['input', 'fill'],
    write(out, tokens, asked) {
      const all = ranks(asked.input, asked.fill, tokens.sequence);
      perToken((token) => all[token])(out, tokens, asked);
    },
    most: ({ sequence }, fill) => fill + sequence,
  },
  /** 1 for each token that an input has a number for, 0 for others. */
  matches: {
    per: 'token',
    asks: ['input', 'fill'],
    write: (out, tokens, asked) => perToken((token) => Number(asked.input[token] === asked.fill))(out, tokens, asked),
    most: () => 1,
  },
  /** 0 for each token that an input has a number for, 1 for others. */
  differs: {
    per: 'token',
    asks: ['input', 'fill'],
    write: (out, tokens, asked) => perToken((token) => Number(asked.input[token] !== asked.fill))(out, tokens, asked),
    most: () => 1,
  },
  /** What an input holds for the token before, and a number for the first one: what a decoder is given to go on from. */
  shifted: {
    per: 'token',
    asks: ['input', 'fill'],
    sequence: DECODER_SEQUENCE,
    write: (out, tokens, asked) =>
      perToken((token, sequence) => (token % sequence === 0 ? asked.fill : asked.input[token - 1]))(out, tokens, asked),
  },
  /** What an input holds for the token before each, and for the one behind it; for itself where its sequence has none there. */
  before: idsBeside(-1),
  behind: idsBeside(1),
  /** 1 where a sequence has a token before this one, or behind it, and 0 elsewhere. */
  led: flagsBeside(-1),
  followed: flagsBeside(1),
  /** Where each sequence ends: 1 for its last token that is not padding by its id, for the first where all are; 0 for the others. */
  ends: {
    per: 'token',
    asks: ['input', 'fill'],
    chooses: true,
    write(out, tokens, asked) {
      const all = ends(asked.input, asked.fill, tokens);
      perToken((token) => all[token])(out, tokens, asked);
    },
    most: () => 1,
  },
  /** 1 for the first token of each sequence, or the last, and 0 for the others. */
  opening: { per: 'token', asks: [], byPlace: true, write: perToken((token, sequence) => Number(token % sequence === 0)), most: () => 1 },
  closing: {
    per: 'token',
    asks: [],
    byPlace: true,
    write: perToken((token, sequence) => Number((token + 1) % sequence === 0)),
    most: () => 1,
  },
  /** 1 for as many tokens from the first of each sequence on as there are other numbers than `fill` in it, 0 for those behind. */
  counted: {
    per: 'token',
    asks: ['input', 'fill'],
    write: (out, tokens, { input, fill }) => perToken(isBefore(lengths(input, fill, tokens.sequence), 0))(out, tokens, { input, fill }),
    most: () => 1,
  },
  /** 1 for as many tokens from the first of each sequence on as an input says of it, and `fill` more; 0 for those behind. */
  leading: {
    per: 'token',
    asks: ['input', 'fill'],
    write: (out, tokens, { input, fill }) => perToken(isBefore(input, fill))(out, tokens, { input, fill }),
    most: () => 1,
    below: (sequence, fill) => sequence + 1 - fill,
  },
});

export type Rule = keyof typeof HOST_RULES;

export const hostRule = (rule: Rule): HostRule => HOST_RULES[rule];

/** How many numbers a rule has. */
export const countOf = (rule: Rule, { batch, tokens }: Counts): number => (hostRule(rule).per === 'sequence' ? batch + 1 : tokens);

/** How many numbers its input has. */
export const askedCount = (rule: Rule, { batch, sequence }: Omit<Counts, 'tokens'>): number =>
  hostRule(rule).below ? batch : batch * sequence;

/** Numbers of the tokens where `mask` [batch, sequence] is not 0, or one of `chosen`. */
export function keptTokens(mask: ArrayLike<number>, chosen: readonly ArrayLike<number>[] = []): Int32Array {
  const isKept = (i: number): boolean => mask[i] !== 0 || chosen.some((each) => each[i] !== 0);
  let count = 0;
  for (let i = 0; i < mask.length; i++) if (isKept(i)) count++;
  const kept = new Int32Array(count);
  for (let i = 0, at = 0; at < count; i++) if (isKept(i)) kept[at++] = i;
  return kept;
}

/** Dimensions of what a rule says of [batch, sequence] tokens that all have rows. */
export const gridShape = (rule: Rule, [batch, sequence]: Shape): Shape =>
  hostRule(rule).per === 'sequence' ? [batch + 1] : [batch, sequence];

/** The numbers of a rule where every one of [batch, sequence] tokens has a row. */
export function hostTensor(rule: Rule, [batch, sequence]: Shape, { input, fill = 0 }: HostOperands = {}): Tensor<'int32'> {
  const shape = gridShape(rule, [batch, sequence]);
  const out = new Int32Array(sizeOf(shape));
  hostRule(rule).write(out, { batch, sequence }, { input: input?.data ?? [], fill });
  return new Tensor('int32', shape, out, PROVED);
}

import { sizeOf } from '../../tensor/tensor.ts';
import { type Form, isForm, type Knowledge, type Source } from '../knowledge.ts';
import { type Made, made, type Node } from '../node.ts';
import { bare, madeBy, numberOf } from './match.ts';
import type { Rule, Rules } from './rule.ts';

/** Masks [batch, sequence] of tokens, and what is known of elements that follow from one. */

/** A mask, and what the element that a form asks is where it is 0. */
export interface Masked {
  mask: Node;
  hidden: number;
}

/** Ids that are tried for padding. */
const MOST_IDS = 2 ** 18;

/** Whether elements are 0 and 1: of booleans, of what is made to be a mask, and of an input that is called one. */
function isMask(input: Node): boolean {
  if (input.kind !== 'input' || input.dtype === 'bool') return true;
  return !input.looksUp && /mask/i.test(input.name ?? '');
}

/**
 * The mask by which elements of a source decide what is seen: the source itself where that is one, or which of its ids are padding. Undefined where
 * `isSeen`, which is undefined for what is neither, says more.
 */
export function maskFrom({ input }: Source, isSeen: (element: number) => boolean | undefined): Masked | undefined {
  if (!isMask(input)) return paddingIn(input, isSeen);
  return isSeen(1) === true && isSeen(0) === false ? { mask: input, hidden: 0 } : undefined;
}

/** The mask of ids [batch, sequence] that are all seen but one, or of the one that is. */
function paddingIn(ids: Node, isSeen: (element: number) => boolean | undefined): Masked | undefined {
  if (ids.shape.length !== 2) return undefined;
  const usual = [0, 1, 2].filter((id) => isSeen(id) === true).length > 1;
  let other: number | undefined;
  for (let id = 0; id < MOST_IDS; id++) {
    const seen = isSeen(id);
    if (seen === usual) continue;
    if (seen === undefined || other !== undefined) return undefined;
    other = id;
  }
  if (other === undefined) return undefined;
  const mask = made(usual ? 'differs' : 'matches', 'bool', ids.shape, [ids], { id: other });
  return { mask, hidden: usual ? other : other === 0 ? 1 : 0 };
}

/** The mask [batch, sequence] that `node` [batch, sequence, …] repeats for each column: 1 where it is `seen`, 0 where it is the other of 0 and 1. */
export function tokenMask(node: Node, seen: 0 | 1 = 1): Node | undefined {
  const { known, shape } = node;
  if (!known || !isForm(known) || !known.source || known.second || shape.length < 2) return undefined;
  const { source, by, at } = known;
  const [batch, sequence] = shape;
  const steps = [sequence, 1, ...shape.slice(2).map(() => 0)];
  const along = source.by.every((step, i) => step === steps[i] || shape[i] === 1);
  const still = by.every((step, i) => step === 0 || shape[i] === 1);
  if (!along || !still || source.start !== 0 || sizeOf(source.input.shape) !== batch * sequence) return undefined;
  const judged = new Map([
    [1 - seen, false],
    [seen, true],
  ]);
  return maskFrom(source, (element) => judged.get(at(0, element)))?.mask;
}

/** What is known of a mask whose elements are 0 and 1. */
export const bitsOf = (mask: Node, steps: readonly number[]): Form => ({
  by: steps.map(() => 0),
  at: (_, element) => element,
  source: { input: mask, start: 0, by: steps },
});

/** Positions below how many tokens of each text are not padding: 1 for as many tokens from the first on. */
const counted: Rule = ({ operands: [a, b], shape, dtype }) => {
  const line = a.kind === 'constant' && isForm(a.known) && !a.known.source ? a.known.linear : undefined;
  const [batch, sequence] = shape;
  if (line?.slope !== 1 || line.start !== 0 || a.known?.by.at(-1) !== 1 || a.shape.at(-1) !== sequence || shape.length !== 2)
    return undefined;
  const shown = bare(b);
  const sum = madeBy(bare(shown.kind === 'view' ? shown.base : shown), 'sum');
  const unpadded = sum && madeBy(bare(sum.operands[0]), 'ne');
  const pad = unpadded && numberOf(unpadded.operands[1]);
  if (!sum || `${sum.attributes.dims}` !== '1' || pad === undefined || `${unpadded?.shape}` !== `${[batch, sequence]}`) return undefined;
  const node: { known?: Knowledge } & Made = made('counted', dtype, shape, [unpadded?.operands[0] as Node], { pad });
  node.known ??= bitsOf(node, [sequence, 1]);
  return node;
};

/** x with zeros for the tokens that a mask leaves out. */
const masked: Rule = ({ operands: [a, b], shape, dtype }) => {
  for (const [x, bits] of [
    [a, b],
    [b, a],
  ]) {
    const mask = shape.length === 3 && bits.shape.length === 3 && `${x.shape}` === `${shape}` && !x.known ? tokenMask(bits) : undefined;
    if (mask) return made('masked', dtype, shape, [x, mask]);
  }
  return undefined;
};

/** The same, where zeros are chosen for these tokens. */
const emptied: Rule = ({ operands: [condition, a, b], shape, dtype }) => {
  for (const [x, zeros, seen] of [
    [a, b, 1],
    [b, a, 0],
  ] as const) {
    const fits = shape.length === 3 && `${x.shape}` === `${shape}` && `${condition.shape}` === `${shape}` && !x.known;
    const mask = fits && numberOf(zeros) === 0 ? tokenMask(condition, seen) : undefined;
    if (mask) return made('masked', dtype, shape, [x, mask]);
  }
  return undefined;
};

/** A convolution of what has zeros for the tokens that a mask leaves out, which are then not asked for. */
const sparse: Rule = ({ op, operands: [x, ...others], shape, dtype, attributes }) => {
  const zeros = attributes.mask ? undefined : madeBy(x, 'masked');
  return zeros && made(op, dtype, shape, [x, ...others, zeros.operands[1]], { ...attributes, mask: true });
};

/** Rules for masks, by the op that they stand in. */
export const MASK_RULES: Rules = { lt: [counted], mul: [masked], where: [emptied], convolution: [sparse] };

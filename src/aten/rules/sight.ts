import { sizeOf } from '../../tensor/tensor.ts';
import { byDistance, elementsOf, type Form, isForm, type Knowledge, pointwise, type Source } from '../knowledge.ts';
import type { Node } from '../node.ts';
import { type Masked, maskFrom } from './masks.ts';

/** Which keys a query sees, proved from what is known of what its scores are multiplied with and have added to them. */

/** Keys that attention leaves out. */
export interface Sight {
  /** What scores are multiplied with. */
  scale: number;
  /** An input that is 0 for keys that are left out. */
  mask?: Node;
  /** Whether queries that it is 0 for see no key at all. */
  blinds?: true;
  is_causal: boolean;
  /** How far a key may stand from its query. */
  window?: number;
}

/** Scores with so much added to them come to nothing. */
const LEFT_OUT = -1e4;
/** Distances that are looked at one by one at every size, so that what they say does not depend on it. */
const NEAR = 512;
const FAR = 2 ** 20;

const [HIDDEN, SEEN, NEITHER] = [0, 1, 2];

/** What scores are multiplied with and have added, of shape [batch, heads, queries, keys]. */
export interface Affine {
  factor: Knowledge;
  term: Knowledge;
  shape: readonly number[];
}

/** What a query sees where scores become factor · score + term; undefined where that is more than leaving keys out. */
export function sightOf({ factor, term, shape }: Affine): Sight | undefined {
  const scale = scaleOf(factor, term, shape);
  if (scale === undefined) return undefined;
  const judge = (m: number, a: number): number => (a <= LEFT_OUT ? HIDDEN : a === 0 && m === scale ? SEEN : NEITHER);
  const verdict = pointwise(judge, [factor, term], shape);
  if (!verdict) return undefined;
  const form = isForm(verdict) ? verdict : byDistance(elementsOf(verdict, shape), shape);
  const masked = form && maskOf(form, shape);
  const distances = form && masked !== undefined ? distancesOf(form, shape, masked ? elementSeen(masked) : 0) : undefined;
  return distances && { scale, mask: masked?.mask, blinds: form?.second && true, ...distances };
}

/** An element of a source for keys that are seen. */
const elementSeen = ({ hidden }: Masked): number => (hidden === 1 ? 0 : 1);

/** What scores that count are multiplied with. */
function scaleOf(factor: Knowledge, term: Knowledge, shape: readonly number[]): number | undefined {
  const [m, a] = [factor, term].map((known) => (isForm(known) ? known.at : undefined));
  if (m && a) return [1, 0, 2].flatMap((element) => (a(0, element) === 0 ? [m(0, element)] : []))[0];
  const [factors, terms] = [factor, term].map((known) => elementsOf(known, shape));
  const at = terms.indexOf(0);
  return at < 0 ? undefined : factors[at];
}

/** An input that is no table's ids and leaves keys out where it is 0: it is a mask, whatever it is called, and calls are refused where it is none. */
const unnamed = ({ input }: Source, isSeen: (element: number) => boolean | undefined): Masked | undefined =>
  input.kind === 'input' && !input.looksUp && isSeen(1) === true && isSeen(0) === false ? { mask: input, hidden: 0 } : undefined;

/** The mask [batch, keys] that a form asks, null where it asks none; undefined where it asks for more. */
function maskOf(form: Form, shape: readonly number[]): Masked | null | undefined {
  const { source, second, at, furthest = NEAR } = form;
  if (!source) return null;
  if (!(second ? areOfBoth(source, second, shape) : isAlong(source, shape, [shape[3], 0, 0, 1]))) return undefined;
  const isSeen = (element: number): boolean | undefined => [false, true][at(0, element)];
  const masked = maskFrom(source, isSeen) ?? unnamed(source, isSeen);
  if (!masked || (second && masked.mask !== source.input)) return undefined;
  const most = Math.min(NEAR, furthest);
  const range = Array.from({ length: 2 * most + 1 }, (_, i) => i - most);
  const { hidden } = masked;
  const seen = elementSeen(masked);
  const pairs = second
    ? [
        [hidden, seen],
        [seen, hidden],
        [hidden, hidden],
      ]
    : [[hidden]];
  return range.every((t) => pairs.every(([element, other]) => at(t, element, other) === HIDDEN)) ? masked : undefined;
}

/** Whether a source has an element for each text and, by `places`, for each of its tokens. */
function isAlong({ input, by, start }: Source, shape: readonly number[], places: readonly number[]): boolean {
  const along = by.every((step, i) => step === places[i] || shape[i] === 1);
  return along && start === 0 && sizeOf(input.shape) === shape[0] * shape[3];
}

/** Whether one of two sources is the mask of keys and the other the same of queries. */
function areOfBoth(a: Source, b: Source, shape: readonly number[]): boolean {
  const [, , queries, keys] = shape;
  const [of_keys, of_queries] = [
    [keys, 0, 0, 1],
    [queries, 0, 1, 0],
  ];
  const pairs = [
    [a, b],
    [b, a],
  ];
  return queries === keys && a.input === b.input && pairs.some(([x, y]) => isAlong(x, shape, of_keys) && isAlong(y, shape, of_queries));
}

/** How far keys are seen whose element of a mask is `element`, if that is an interval around the query. */
function distancesOf(
  { by, at, furthest = Number.POSITIVE_INFINITY }: Form,
  shape: readonly number[],
  element: number,
): Pick<Sight, 'is_causal' | 'window'> | undefined {
  const [queries, keys] = shape.slice(-2);
  const [over_queries, over_keys] = by.slice(-2);
  const still = by.every((step, i) => step === 0 || (shape[i] === 1 && i < by.length - 2));
  if (still && over_queries === 0 && over_keys === 0) return at(0, element) === SEEN ? { is_causal: false } : undefined;
  if (over_queries !== -over_keys || !by.slice(0, -2).every((step, i) => step === 0 || shape[i] === 1)) return undefined;
  const judge = (distance: number): number => at(distance * over_keys, element);
  const near = Math.max(NEAR, queries - 1, keys - 1);
  const [before, after] = [reachOf((t) => judge(-t), near, furthest), reachOf(judge, near, furthest)];
  if (before === undefined || after === undefined) return undefined;
  if (after === FAR && before === FAR) return { is_causal: false };
  if (after === 0) return { is_causal: true, window: before === FAR ? undefined : before };
  return before === after ? { is_causal: false, window: before } : undefined;
}

/** How far from 0 on all is seen and nothing behind, FAR where all is; undefined where it is not so. */
function reachOf(judge: (distance: number) => number, near: number, furthest: number): number | undefined {
  let reach = -1;
  const most = Math.min(near, furthest);
  for (let t = 0; t <= most; t++) {
    const verdict = judge(t);
    if (verdict === NEITHER || (verdict === SEEN && reach !== t - 1)) return undefined;
    if (verdict === SEEN) reach = t;
  }
  if (reach < 0) return undefined;
  return reach < most ? reach : edgeBehind(judge, most, furthest);
}

/** The last distance in a row that is seen, from one that is. */
function edgeBehind(judge: (distance: number) => number, from: number, furthest: number): number {
  let low = Math.max(from, 1);
  while (low < FAR && 2 * low <= furthest && judge(2 * low) === SEEN) low *= 2;
  if (low >= FAR || 2 * low > furthest) return FAR;
  for (let high = 2 * low; high - low > 1; ) {
    const middle = (low + high) >> 1;
    if (judge(middle) === SEEN) low = middle;
    else high = middle;
  }
  return low;
}

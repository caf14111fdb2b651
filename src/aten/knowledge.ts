import { TraceletError } from '../base/error.ts';
import { stridesOf } from '../tensor/shape.ts';
import { type Shape, sizeOf } from '../tensor/tensor.ts';
import { placesOf, repeatedSteps, type Steps } from './geometry.ts';
import type { Node } from './node.ts';

/** Elements of an input, or of a mask made of one, that decide about those of a value, one about each: from `start` on by `by`. */
export interface Source {
  readonly input: Node;
  readonly start: number;
  readonly by: Steps;
}

/** start + slope · t. */
export interface Linear {
  readonly start: number;
  readonly slope: number;
}

/**
 * Elements in words that hold at every size: the one at `index` is `at(t, element)` where t is the sum of `by` · `index`, and element that of a source.
 * So arange is t, a causal mask -inf where t = key - query is above 0, and a mask of padding -inf where the element is 0. Where there is a second source,
 * `other` is its element, the same as that of the first unless given.
 */
export interface Form {
  readonly by: Steps;
  at(t: number, element: number, other?: number): number;
  readonly linear?: Linear;
  readonly source?: Source;
  /** Another one, as where both a query and a key may be padding. */
  readonly second?: Source;
  /** The furthest t from 0 for which it says anything; any unless given. */
  readonly furthest?: number;
  /** How many functions are called for an element, 1 unless given. */
  readonly calls?: number;
  /** How many of them are called once for many elements, as what they say is remembered. */
  readonly saved?: number;
}

/** Elements in numbers. */
export interface Table {
  readonly values: ArrayLike<number>;
  readonly start: number;
  readonly by: Steps;
}

/** What is known of the elements of a value. */
export type Knowledge = Form | Table;

export const isForm = (known: Knowledge): known is Form => 'at' in known;

/** Whether elements of an input decide. */
export const sourceOf = (known: Knowledge | undefined): Source | undefined => (known && isForm(known) ? known.source : undefined);

/** Most elements that a pass writes out, all together. */
const MOST = 2 ** 26;
const pass = { left: MOST, general: false };

/** Forms that take more calls an element are written out, or not known any more. */
const MOST_CALLS = 1000;

/** Begins a pass; a `general` one is to say the same at all sizes, whatever numbers follow from these. */
export function begin(general = false): void {
  pass.left = MOST;
  pass.general = general;
}

/** Whether numbers that follow from sizes are others at others, so that one which happens to be 0 or 1 says nothing. */
export const isGeneral = (): boolean => pass.general;

/** Memory for `size` numbers. Throws `memory` errors for more than a pass may hold. */
function numbersFor(size: number): Float64Array {
  pass.left -= size;
  if (pass.left >= 0) return new Float64Array(size);
  throw new TraceletError('memory', { what: 'constants of a program', expected: `at most ${MOST} elements`, got: 'more' });
}

/** start + slope · (sum of by · index). */
export const linearForm = (by: Steps, start = 0, slope = 1): Form => ({
  by,
  at: (t) => start + slope * t,
  linear: { start, slope },
});

/** The same number everywhere. */
export const uniformForm = (shape: Shape, value: number): Form =>
  linearForm(
    shape.map(() => 0),
    value,
    0,
  );

/** The number that all elements are, where that shows at every size. */
export function uniformValue(known: Knowledge | undefined): number | undefined {
  if (!known || sourceOf(known) || known.by.some((step) => step !== 0)) return undefined;
  return isForm(known) ? known.at(0, 0) : known.values[known.start];
}

/** All elements of `known` in order. Throws `memory` errors for more than can be held, and asks for no input. */
export function elementsOf(known: Knowledge, shape: Shape): Float64Array {
  const out = numbersFor(sizeOf(shape));
  let i = 0;
  for (const place of placesOf(shape, known.by, isForm(known) ? 0 : known.start))
    out[i++] = isForm(known) ? known.at(place, 0) : known.values[place];
  return out;
}

/** Elements in numbers, in words where they are all the same. */
export function tableOf(values: ArrayLike<number>, shape: Shape): Knowledge {
  const [first] = Array.from({ length: Math.min(1, values.length) }, () => values[0]);
  for (let i = 1; i < values.length; i++) if (!Object.is(values[i], first)) return { values, start: 0, by: stridesOf(shape) };
  return uniformForm(shape, first ?? 0);
}

/** What is known once elements are seen by other steps, from the place on that `startOf` says of steps. */
export function movedKnowledge(
  known: Knowledge,
  stepsOf: (steps: Steps) => Steps | undefined,
  startOf: (steps: Steps) => number,
): Knowledge | undefined {
  const by = stepsOf(known.by);
  const by_start = startOf(known.by);
  if (!by) return undefined;
  if (!isForm(known)) return { ...known, by, start: known.start + by_start };
  const { at, linear } = known;
  const moved = [known.source, known.second].map((source) => {
    const source_by = source && stepsOf(source.by);
    return source_by && { ...source, by: source_by, start: source.start + startOf(source.by) };
  });
  const [source, second] = moved;
  if (Boolean(known.source) !== Boolean(source) || Boolean(known.second) !== Boolean(second)) return undefined;
  return {
    by,
    at: by_start === 0 ? at : (t, ...elements) => at(t + by_start, ...elements),
    linear: linear && { ...linear, start: linear.start + linear.slope * by_start },
    source,
    second,
    calls: known.calls,
    saved: known.saved,
    furthest: known.furthest && known.furthest - Math.abs(by_start),
  };
}

export const repeatedKnowledge = (known: Knowledge, shape: Shape, to: Shape): Knowledge =>
  movedKnowledge(
    known,
    (steps) => repeatedSteps(shape, steps, to),
    () => 0,
  ) as Knowledge;

const isConstant = ({ by }: Form): boolean => by.every((step) => step === 0);
const sameSteps = (a: Steps, b: Steps): boolean => a.every((step, i) => step === b[i]);
const sameSource = (a: Source, b: Source): boolean => a.input === b.input && a.start === b.start && sameSteps(a.by, b.by);

/**
 * What a function of linear forms has of a line: it is a sum of them with these weights, one of them times numbers, or follows from their difference
 * alone.
 */
export type Linearity = readonly number[] | 'scaled' | 'difference' | undefined;

const isIntegral = ({ linear }: Form): boolean => Number.isSafeInteger(linear?.start) && Number.isSafeInteger(linear?.slope);

/** What is known of the sum of `weights` · `forms`, linear ones of whole numbers. */
function linearSum(forms: readonly Form[], weights: readonly number[]): Form | undefined {
  if (!forms.every(isIntegral)) return undefined;
  const slopes = forms.map(({ linear }, i) => (linear?.slope ?? 0) * weights[i]);
  const start = forms.reduce((sum, { linear }, i) => sum + (linear?.start ?? 0) * weights[i], 0);
  return linearForm(
    forms[0].by.map((_, dim) => forms.reduce((sum, { by }, i) => sum + by[dim] * slopes[i], 0)),
    start,
  );
}

/**
 * What is known of `compute` by element of operands repeated to one shape. Undefined where it asks for elements of inputs in another way than one for
 * each.
 */
export function pointwise(
  compute: (...values: number[]) => number,
  operands: readonly Knowledge[],
  shape: Shape,
  linearity?: Linearity,
): Knowledge | undefined {
  const forms = operands.filter(isForm);
  const composed = forms.length === operands.length ? composedForm(compute, forms, linearity) : undefined;
  if (composed || operands.some(sourceOf)) return composed;
  const values = operands.map((known) => elementsOf(known, shape));
  const out = numbersFor(sizeOf(shape));
  for (let i = 0; i < out.length; i++) out[i] = compute(...values.map((each) => each[i]));
  return tableOf(out, shape);
}

/** Different sources among those of `forms`, and which of them each form asks. */
function sourcesOf(forms: readonly Form[]): { sources: Source[]; asked: [number, number][] } {
  const sources: Source[] = [];
  const placeOf = (source: Source | undefined): number => {
    const at = source ? sources.findIndex((other) => sameSource(source, other)) : 0;
    return at < 0 ? sources.push(source as Source) - 1 : at;
  };
  const asked = forms.map(({ source, second }): [number, number] => [placeOf(source), placeOf(second ?? source)]);
  return { sources, asked };
}

function composedForm(compute: (...values: number[]) => number, forms: readonly Form[], linearity: Linearity): Form | undefined {
  const { sources, asked } = sourcesOf(forms);
  const [source, second] = sources;
  if (sources.length > 2) return undefined;
  const sum = typeof linearity === 'object' && !source ? linearSum(forms, linearity) : undefined;
  if (sum) return sum;
  const apart = linearity === 'difference' && !source ? linearSum(forms, [1, -1]) : undefined;
  if (apart && !isConstant(apart)) return { by: apart.by, at: (t, element) => compute(apart.at(t, element), 0), calls: 2 };
  const calls = forms.reduce((sum, form) => sum + (form.calls ?? 1), 1);
  if (calls > MOST_CALLS) return undefined;
  const moving = forms.filter((form) => !isConstant(form));
  const by = moving[0]?.by ?? forms[0].by;
  if (!moving.every((form) => sameSteps(form.by, by))) return undefined;
  const fixed = forms.map(isConstant);
  const at = (t: number, element: number, other = element): number => {
    const elements = [element, other];
    return compute(...forms.map((form, i) => form.at(fixed[i] ? 0 : t, elements[asked[i][0]], elements[asked[i][1]])));
  };
  const zero = at(0, 0);
  if (moving.length === 0) return source ? { by, at, source, second, calls } : linearForm(by, zero, 0);
  const scaled = linearity === 'scaled' && !source && moving.length === 1 && forms.every(isIntegral);
  if (scaled) return linearForm(by, zero, at(1, 0) - zero);
  const furthest = nearest(moving);
  const saved = Math.max(...moving.map((form) => form.saved ?? MANY_CALLS / 2));
  if (source || calls <= 2 * saved) return { by, at, source, second, calls, furthest, saved };
  return { by, at: remembering(at), calls, furthest, saved: calls };
}

/** Forms that take more calls an element, or twice as many as one that they are made of, remember some of what they answered. */
const MANY_CALLS = 16;
const MOST_REMEMBERED = 2 ** 14;

function remembering(at: (t: number, element: number) => number): Form['at'] {
  const known = new Map<number, number>();
  return (t) => {
    const before = known.get(t);
    if (before !== undefined) return before;
    const value = at(t, 0);
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(t, value);
    return value;
  };
}

/** The furthest t that all forms say something of. */
function nearest(forms: readonly Form[]): number | undefined {
  const all = forms.flatMap(({ furthest }) => furthest ?? []);
  return all.length > 0 ? Math.min(...all) : undefined;
}

/** Numbers as a function of how far a key, of the last dimension, stands behind its query, if they are one. */
export function byDistance(values: ArrayLike<number>, shape: Shape): Form | undefined {
  const [queries, keys] = shape.slice(-2);
  const known = new Map<number, number>();
  for (let i = 0; i < values.length; i++) {
    const distance = (i % keys) - (Math.floor(i / keys) % queries);
    const before = known.get(distance);
    if (before === undefined) known.set(distance, values[i]);
    else if (!Object.is(before, values[i])) return undefined;
  }
  const by = shape.map((_, dim) => (dim === shape.length - 1 ? 1 : dim === shape.length - 2 ? -1 : 0));
  return { by, at: (t) => known.get(t) ?? Number.NaN, furthest: Math.min(queries, keys) - 1 };
}

/** Places that are looked at at every size, so that what they say does not depend on it. */
const NEAR = 512;

/** What is known, without steps that change nothing: positions are never below 0 wherever they end. */
export function collapsed(known: Knowledge, shape: Shape): Knowledge {
  if (!isForm(known) || isConstant(known) || known.source) return known;
  const { by, at, furthest = Number.POSITIVE_INFINITY } = known;
  const sign = by.some((step) => step > 0) ? 1 : -1;
  const last = Math.max(NEAR, ...by.map(Math.abs)) + by.reduce((sum, step, i) => sum + Math.abs(step) * (shape[i] - 1), 0);
  if (by.some((step) => step * sign < 0) || last > furthest || last > 2 ** 16) return known;
  for (let t = 1; t <= last; t++) if (at(sign * t, 0) !== at(0, 0)) return known;
  return linearForm(
    by.map(() => 0),
    at(0, 0),
    0,
  );
}

import { AtenTensor, Float, Tuple } from '../aten/values.ts';
import { TraceletError } from '../base/error.ts';
import { isDict, isList, numberIn, type Value } from './values.ts';

/** Makes the error for an argument that is none, from what was expected. */
export type Wrong = (expected: string) => Error;

const DEEPEST = 100;
const MOST_LOOKS = 1_000_000;

/** Counts what is looked at in values that hold others, which may be the same over and over. */
class Looks {
  #left = MOST_LOOKS;

  at(depth: number): void {
    if (depth > DEEPEST || this.#left-- === 0)
      throw new TraceletError('tracing', {
        what: 'a list or tuple of the program',
        expected: `at most ${DEEPEST} deep and of ${MOST_LOOKS} items`,
        got: 'more',
      });
  }
}

/** Whether two values are equal as in Python. Tensors are the same or not. */
export function equal(a: Value, b: Value, looks: Looks = new Looks(), depth = 0): boolean {
  const [x, y] = [numberIn(a), numberIn(b)];
  if (x !== undefined && y !== undefined) return x === y;
  const [left, right] = [itemsOf(a), itemsOf(b)];
  looks.at(depth);
  if (left && right) return left.length === right.length && left.every((item, i) => equal(item, right[i], looks, depth + 1));
  return a === b;
}

/** The items of a list or tuple. */
export function itemsOf(value: Value): readonly Value[] | undefined {
  if (value instanceof Tuple) return value.items;
  return isList(value) ? value : undefined;
}

/** The place of an index that may count from the end. */
export function placeOf(length: number, at: Value, wrong: Wrong): number {
  const index = typeof at === 'number' ? (at < 0 ? at + length : at) : -1;
  if (index < 0 || index >= length) throw wrong(`an index of ${length} items`);
  return index;
}

/** Lists, tuples, strings or dicts by index or key. */
export function itemAt(of: Value, at: Value, wrong: Wrong): Value {
  if (isDict(of)) {
    for (const [key, value] of of) if (equal(key, at)) return value;
    throw wrong('a key of the dict');
  }
  const items = typeof of === 'string' ? [...of] : itemsOf(of);
  if (!items) throw wrong('a list, tuple, string or dict');
  return items[placeOf(items.length, at, wrong)];
}

/** The items from `begin` to before `end`, by `step`. */
export function sliceOf(of: Value, [begin, end, step]: readonly (Value | undefined)[], wrong: Wrong): Value {
  const items = typeof of === 'string' ? [...of] : itemsOf(of);
  if (!items) throw wrong('a list, tuple or string');
  const clamp = (at: Value | undefined, missing: number): number =>
    typeof at === 'number' ? Math.max(0, Math.min(items.length, at < 0 ? at + items.length : at)) : missing;
  const by = typeof step === 'number' ? step : 1;
  if (by < 1) throw wrong('a step from 1 on');
  const [from, to] = [clamp(begin, 0), clamp(end, items.length)];
  const found = items.slice(from, to).filter((_, i) => i % by === 0);
  if (typeof of === 'string') return found.join('');
  return of instanceof Tuple ? new Tuple(found as Tuple['items']) : [...found];
}

/** A value that has to be a list. */
export function listOf(value: Value, wrong: Wrong): Value[] {
  if (isList(value)) return value;
  throw wrong('a list');
}

/** A value that has to be a dict. */
export const dictOf = (value: Value, wrong: Wrong): Map<Value, Value> => {
  if (isDict(value)) return value;
  throw wrong('a dict');
};

/** How many items or characters there are. */
export function lengthOf([of]: readonly Value[], wrong: Wrong): number {
  if (isDict(of)) return of.size;
  const items = typeof of === 'string' ? [...of] : itemsOf(of);
  if (items) return items.length;
  throw wrong('a list, tuple, string or dict');
}

/** Puts an item into a list or dict. */
export function setItem([of, at, value]: readonly Value[], wrong: Wrong): Value {
  if (isDict(of)) {
    const known = [...of.keys()].find((key) => equal(key, at));
    of.set(known ?? at, value);
    return null;
  }
  const list = listOf(of, wrong);
  list[placeOf(list.length, at, wrong)] = value;
  return null;
}

/** A value as Python prints it. */
export function text(value: Value, looks: Looks = new Looks(), depth = 0): string {
  looks.at(depth);
  if (value instanceof Float) return Number.isInteger(value.value) ? `${value.value}.0` : String(value.value);
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  const items = itemsOf(value);
  if (items) return `[${items.map((item) => text(item, looks, depth + 1)).join(', ')}]`;
  return value instanceof AtenTensor ? `a tensor of shape [${value.shape}]` : String(value);
}

import { TraceletError } from '../base/error.ts';
import { isObject } from '../base/json.ts';
import { type Tensor, tensorLike } from '../tensor/tensor.ts';

/** Tensors, lists of them and objects of them, of any depth. */
export type NestedTensors = Tensor | readonly NestedTensors[] | { readonly [name: string]: NestedTensors };

/** How deep they may be nested. */
export const DEEPEST = 32;

const NUMBER = /^\d+$/;

/** The name before the first dot. */
export const headOf = (name: string): string => name.split('.', 1)[0];

/** Whether it holds others: a list, or an object that is no tensor. */
export const isNest = (value: unknown): value is readonly unknown[] | Record<string, unknown> =>
  Array.isArray(value) || (isObject(value) && !tensorLike(value));

/** What is in `value` and in what that holds, under dotted names that begin with `name`. Throws a `value` error where it is nested too deep. */
export function flattened(value: unknown, name: string, depth = 0): [name: string, value: unknown][] {
  if (!isNest(value)) return [[name, value]];
  if (depth >= DEEPEST)
    throw new TraceletError('value', { what: name.slice(0, 80), expected: `at most ${DEEPEST} lists in one another`, got: 'more' });
  return Object.entries(value).flatMap(([key, each]) => flattened(each, `${name}.${key}`, depth + 1));
}

/** Values by the parts of their names. */
type Tree<T> = Map<string, T | Tree<T>>;

/** What was {@link flattened}: values by their names before the first dot. Names are lists where they end in numbers, else what `named` makes of an object. */
export function nested<T>(
  entries: readonly (readonly [name: string, value: T])[],
  named: (entries: [string, unknown][]) => unknown,
): [string, unknown][] {
  const root: Tree<T> = new Map();
  for (const [name, value] of entries) {
    const parts = name.split('.');
    const last = parts.pop() as string;
    let at = root;
    for (const part of parts) {
      const inner = at.get(part) ?? new Map();
      at.set(part, inner);
      at = inner as Tree<T>;
    }
    at.set(last, value);
  }
  const unpacked = (tree: Tree<T>): unknown => {
    const inner = entriesOf(tree);
    return inner.every(([key]) => NUMBER.test(key)) ? inner.map(([, value]) => value) : named(inner);
  };
  const entriesOf = (tree: Tree<T>): [string, unknown][] =>
    [...tree].map(([key, value]) => [key, value instanceof Map ? unpacked(value) : value]);
  return entriesOf(root);
}

/** Whether names that stand for tensors could be those of nested ones: none of them stands for a list that another is in. */
export function areApart(names: readonly string[]): boolean {
  const known = new Set(names);
  return names.every((name) => {
    const parts = name.split('.');
    return parts.length <= DEEPEST + 1 && parts.every((_, i) => i === 0 || !known.has(parts.slice(0, i).join('.')));
  });
}

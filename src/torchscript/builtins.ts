import { AtenTensor, Float, Tuple } from '../aten/values.ts';
import { TraceletError } from '../base/error.ts';
import { dictOf, equal, itemAt, itemsOf, lengthOf, listOf, placeOf, setItem, sliceOf, text, type Wrong } from './containers.ts';
import { isDict, isList, numberIn, type Value } from './values.ts';

type Op = (args: readonly Value[], wrong: Wrong) => Value;

const numbers = (args: readonly Value[], wrong: Wrong): number[] =>
  args.map((arg) => {
    const value = numberIn(arg);
    if (value === undefined) throw wrong('numbers');
    return value;
  });

/** A number of Python: a float where an operand is one. */
const like = (args: readonly Value[], value: number): number | Float =>
  args.some((arg) => arg instanceof Float) ? new Float(value) : value;

const arithmetic =
  (of: (a: number, b: number) => number): Op =>
  (args, wrong) => {
    const [a, b] = numbers(args, wrong);
    return like(args, of(a, b ?? 0));
  };

const real =
  (of: (a: number, b: number) => number): Op =>
  (args, wrong) => {
    const [a, b] = numbers(args, wrong);
    return new Float(of(a, b));
  };

/** A float made whole. */
const rounded =
  (of: (a: number) => number): Op =>
  (args, wrong) =>
    of(numbers(args, wrong)[0]);

const compared =
  (holds: (order: number) => boolean): Op =>
  ([a, b], wrong) => {
    if (typeof a === 'string' && typeof b === 'string') return holds(a < b ? -1 : Number(a > b));
    const [x, y] = numbers([a, b], wrong);
    return x < y ? holds(-1) : x > y ? holds(1) : x === y && holds(0);
  };

const extreme =
  (of: (...values: number[]) => number): Op =>
  (args, wrong) => {
    const given = args.length === 1 ? itemsOf(args[0]) : args;
    if (!given || given.length === 0) throw wrong('numbers');
    return like(given, of(...numbers(given, wrong)));
  };

/** Division whose result is rounded down, and what it leaves: with the sign of the divisor. */
const floored = (a: number, b: number): number => Math.floor(a / b);
const remainder = (a: number, b: number): number => a - b * Math.floor(a / b);

const join: Op = ([a, b], wrong) => {
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  if (isList(a) && isList(b)) return [...a, ...b];
  if (a instanceof Tuple && b instanceof Tuple) return new Tuple([...a.items, ...b.items]);
  return arithmetic((x, y) => x + y)([a, b], wrong);
};

const MOST_REPEATED = 100_000;

function repeated(of: Value, count: Value, wrong: Wrong): Value {
  const items = listOf(of, wrong);
  const times = typeof count === 'number' ? Math.max(0, count) : 0;
  if (items.length * times > MOST_REPEATED) throw wrong(`a list of at most ${MOST_REPEATED} items`);
  return Array.from({ length: items.length * times }, (_, i) => items[i % items.length]);
}

const times: Op = (args, wrong) => {
  const at = args.findIndex(isList);
  return at < 0 ? arithmetic((a, b) => a * b)(args, wrong) : repeated(args[at], args[1 - at], wrong);
};

const formatted: Op = ([pattern, ...values]) => {
  let at = 0;
  return String(pattern).replace(/\{\}/g, () => text(values[at++] ?? null));
};

/** Ops on what Python computes itself. None of their arguments is a tensor. */
const PLAIN: Readonly<Record<string, Op>> = {
  add: join,
  sub: arithmetic((a, b) => a - b),
  mul: times,
  div: real((a, b) => a / b),
  floordiv: arithmetic(floored),
  floor_divide: arithmetic(floored),
  remainder: arithmetic(remainder),
  fmod: real((a, b) => a % b),
  neg: arithmetic((a) => -a),
  abs: arithmetic(Math.abs),
  pow: (args, wrong) => {
    const [a, b] = numbers(args, wrong);
    return b < 0 ? new Float(a ** b) : like(args, a ** b);
  },
  sqrt: real(Math.sqrt),
  exp: real(Math.exp),
  log: real((a) => Math.log(a)),
  floor: rounded(Math.floor),
  ceil: rounded(Math.ceil),
  min: extreme(Math.min),
  max: extreme(Math.max),
  eq: ([a, b]) => equal(a, b),
  ne: ([a, b]) => !equal(a, b),
  lt: compared((order) => order < 0),
  le: compared((order) => order <= 0),
  gt: compared((order) => order > 0),
  ge: compared((order) => order >= 0),
  __and__: ([a, b]) => (typeof a === 'boolean' ? a && b : Number(a) & Number(b)),
  __or__: ([a, b]) => (typeof a === 'boolean' ? a || b : Number(a) | Number(b)),
  __xor__: ([a, b]) => (typeof a === 'boolean' ? a !== b : Number(a) ^ Number(b)),
  __not__: ([a]) => !a,
  __range_length: (args, wrong) => {
    const [begin, end, step] = numbers(args, wrong);
    return Math.max(0, Math.ceil((end - begin) / step));
  },
  __derive_index: (args, wrong) => {
    const [index, begin, step] = numbers(args, wrong);
    return begin + index * step;
  },
  format: formatted,
  str: ([value]) => text(value),
  keys: ([of], wrong) => [...dictOf(of, wrong).keys()],
  values: ([of], wrong) => [...dictOf(of, wrong).values()],
  items: ([of], wrong) => [...dictOf(of, wrong)].map((entry) => new Tuple(entry as unknown as Tuple['items'])),
  range: (args, wrong) => {
    const [a, b, step = 1] = numbers(args, wrong);
    const [begin, end] = b === undefined ? [0, a] : [a, b];
    const length = Math.max(0, Math.ceil((end - begin) / step));
    if (!(length <= MOST_REPEATED)) throw wrong(`a range of at most ${MOST_REPEATED} numbers`);
    return Array.from({ length }, (_, i) => begin + i * step);
  },
};

/** Ops on containers, which may hold tensors. */
const CONTAINED: Readonly<Record<string, Op>> = {
  len: lengthOf,
  __getitem__: ([of, at], wrong) => itemAt(of, at, wrong),
  slice: ([of, ...bounds], wrong) => sliceOf(of, bounds, wrong),
  append: ([of, value], wrong) => {
    listOf(of, wrong).push(value);
    return of;
  },
  extend: ([of, values], wrong) => {
    listOf(of, wrong).push(...listOf(values, wrong));
    return null;
  },
  insert: ([of, at, value], wrong) => {
    listOf(of, wrong).splice(Number(at), 0, value);
    return null;
  },
  pop: ([of, at = -1], wrong) => {
    const list = listOf(of, wrong);
    return list.splice(placeOf(list.length, at, wrong), 1)[0];
  },
  reverse: ([of], wrong) => {
    listOf(of, wrong).reverse();
    return null;
  },
  list: ([of], wrong) => [...(typeof of === 'string' ? of : (itemsOf(of) ?? listOf(of, wrong)))],
  copy: ([of], wrong) => (isDict(of) ? new Map(of) : [...listOf(of, wrong)]),
  _set_item: setItem,
  get: ([of, at, otherwise = null], wrong) => [...dictOf(of, wrong)].find(([key]) => equal(key, at))?.[1] ?? otherwise,
  __contains__: ([of, value], wrong) =>
    [...(isDict(of) ? of.keys() : (itemsOf(of) ?? listOf(of, wrong)))].some((item) => equal(item, value)),
};

/** Ops on values of any kind. */
const ANY: Readonly<Record<string, Op>> = {
  __is__: ([a, b]) => a === b,
  __isnot__: ([a, b]) => a !== b,
  unchecked_unwrap_optional: ([value]) => value,
  _unwrap_optional: ([value], wrong) => {
    if (value === null) throw wrong('a value');
    return value;
  },
  TupleUnpack: ([value]) => value,
  /** All runs where the program runs. */
  device: ([value]) => (value instanceof AtenTensor ? 'cpu' : value),
  is_autocast_enabled: () => false,
  is_grad_enabled: () => false,
  Print: () => null,
  warn: () => null,
};

/** Ops of Python itself, by name. */
export const BUILTINS: readonly string[] = [...new Set([PLAIN, CONTAINED, ANY].flatMap((table) => Object.keys(table)))].sort();

const PYTORCH = 'aten';

/** Throws an `op` error for an op of a namespace that is not PyTorch's own. */
export function refuseForeign(name: string, where: string): void {
  const [space] = name.split('::', 1);
  if (!name.includes('::') || space === PYTORCH) return;
  throw new TraceletError('op', { what: `${name} in ${where}`, expected: 'an op of PyTorch itself', got: `one of ${space}` });
}

/** What `name` makes of values where it is an op of Python and not one of tensors; undefined where it is one of these. */
export function builtin(name: string, args: readonly Value[], wrong: Wrong): Value | undefined {
  const own = (table: Readonly<Record<string, Op>>): Op | undefined => (Object.hasOwn(table, name) ? table[name] : undefined);
  const isTensor = (value: Value): boolean => value instanceof AtenTensor;
  const op = own(ANY) ?? (isTensor(args[0]) ? undefined : own(CONTAINED)) ?? (args.some(isTensor) ? undefined : own(PLAIN));
  return op?.(args, wrong);
}

import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import type { Node } from './node.ts';
import { wrapped } from './pointwise.ts';
import { type Argument, AtenTensor, Float } from './values.ts';

/**
 * What an op may be given, by the words of PyTorch's schemas, and what it gets of it: undefined where it is something else. `Value` is a Tensor or a
 * Scalar, `AnyTensor` a Tensor of which only that is read which no write changes.
 */
const KINDS = {
  Tensor: (value) => (value instanceof AtenTensor ? value.node : undefined),
  AnyTensor: (value) => (value instanceof AtenTensor ? value : undefined),
  Scalar: numberOf,
  Value: (value) => (value instanceof AtenTensor ? value.node : scalarNode(value)),
  int: (value) => (typeof value === 'number' ? value : undefined),
  float: numberOf,
  bool: (value) => (typeof value === 'boolean' ? value : typeof value === 'number' ? value !== 0 : undefined),
  str: (value) => (typeof value === 'string' ? value : undefined),
  'int[]': (value) => (isList(value, 'number') ? value : typeof value === 'number' ? [value] : undefined),
  'Tensor[]': (value) => listOf(value, (each) => (each instanceof AtenTensor ? each.node : undefined)),
  'Tensor?[]': (value) => listOf(value, (each) => (each instanceof AtenTensor ? each.node : each === null ? null : undefined)),
  any: (value) => (value instanceof AtenTensor ? undefined : value),
} as const satisfies Record<string, (value: Argument) => unknown>;

function numberOf(value: Argument): number | undefined {
  if (value instanceof Float) return value.value;
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'number' ? value : undefined;
}

function scalarNode(value: Argument): Node | undefined {
  const number = numberOf(value);
  if (number === undefined) return undefined;
  return wrapped(number, value instanceof Float ? 'float64' : typeof value === 'boolean' ? 'bool' : 'int64');
}

const isList = (value: Argument, type: string): boolean => Array.isArray(value) && value.every((each) => typeof each === type);

function listOf<T>(value: Argument, read: (each: Argument) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map(read);
  return items.every((item) => item !== undefined) ? (items as T[]) : undefined;
}

interface Parameter {
  name: string;
  kind: keyof typeof KINDS;
  optional: boolean;
  initial: string | undefined;
  /** Whether results may be views of it. */
  shared: boolean;
  /** Whether it is given by name alone. */
  named: boolean;
}

const INITIAL: Readonly<Record<string, Argument>> = { None: null, True: true, False: false, '[]': [] };

/**
 * The parameters of a schema: `Tensor(a) self, Scalar alpha=1, int? dim=None`. Results may be views of what is marked (a); what
 * comes behind * is given by name alone.
 */
const parse = (schema: string): Parameter[] => {
  const parts = schema.split(', ').filter(Boolean);
  const named = parts.indexOf('*');
  return parts
    .filter((part) => part !== '*')
    .map((part, i) => {
      const [, kind, alias, optional, name, initial] = /^([\w?]+(?:\[\])?)(\(a\))?(\?)? (\w+)(?:=(\S+))?$/.exec(part) ?? [];
      const whole = kind.endsWith('?') ? kind.slice(0, -1) : kind;
      return {
        kind: whole as Parameter['kind'],
        optional: Boolean(optional) || whole !== kind,
        name,
        initial,
        shared: alias !== undefined,
        named: named >= 0 && i >= named,
      };
    });
};

const parsed = new Map<string, Parameter[]>();

const parametersOf = (schema: string): Parameter[] => {
  const known = parsed.get(schema) ?? parse(schema);
  parsed.set(schema, known);
  return known;
};

/** Arguments in the order of a schema, and the tensor whose memory results may share. */
export interface Bound {
  values: unknown[];
  shared: AtenTensor | undefined;
}

/** Arguments for `schema`, if these fit it. */
export function bound(schema: string, positional: readonly Argument[], named: ReadonlyMap<string, Argument>): Bound | undefined {
  const parameters = parametersOf(schema);
  if (
    positional.length > parameters.filter(({ named: alone }) => !alone).length ||
    [...named.keys()].some((key) => !parameters.some(({ name }) => name === key))
  )
    return undefined;
  const values: unknown[] = [];
  let shared: AtenTensor | undefined;
  for (const [i, { name, kind, optional, initial, shared: sharing }] of parameters.entries()) {
    const given = i < positional.length ? positional[i] : (named.get(name) ?? initialOf(initial));
    if (given === undefined) return undefined;
    const value = given === null && (optional || initial === 'None') ? null : KINDS[kind](given);
    if (value === undefined) return undefined;
    values.push(value);
    if (sharing && given instanceof AtenTensor) shared = given;
  }
  return { values, shared };
}

function initialOf(initial: string | undefined): Argument | undefined {
  if (initial === undefined || Object.hasOwn(INITIAL, initial)) return initial && INITIAL[initial];
  return Number.isNaN(Number(initial)) ? initial : Number(initial);
}

/** What arguments are, in words. */
export const kindsOf = (positional: readonly Argument[], named: ReadonlyMap<string, Argument>): string =>
  [...positional.map(kindWord), ...[...named].map(([name, value]) => `${name}=${kindWord(value)}`)].join(', ');

function kindWord(value: Argument): string {
  if (value instanceof AtenTensor) return `${value.dtype} [${value.shape}]`;
  if (value instanceof Float) return `${value.value}`;
  return Array.isArray(value) ? `[${value.map(kindWord).join(', ')}]` : describe(value);
}

/** An op for each schema of its parameters, the first that arguments fit. */
export type Overloads = readonly (readonly [schema: string, run: (...values: never[]) => Result])[];

/** What ops make: nodes, and what is no tensor. */
export type Result = Node | readonly (Node | null)[] | Argument;

/** Ops by name. */
export type OpTable = Readonly<Record<string, Overloads>>;

/** Throws an `op` error for arguments that fit no schema of `op`. */
export const unfit = (op: string, overloads: Overloads, given: string): TraceletError =>
  new TraceletError('op', {
    what: `aten::${op}`,
    expected: overloads.map(([schema]) => `(${schema})`).join(' or '),
    got: `(${given})`,
  });

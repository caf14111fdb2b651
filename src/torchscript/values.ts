import { type Argument, AtenTensor, Float, Tuple } from '../aten/values.ts';
import type { ClassCode, FunctionCode } from './code/syntax.ts';

/** What variables of a program hold. Lists are arrays, dicts are maps. */
export type Value = Argument | ScriptObject | FunctionCode | TypeName | Dict | Value[];

export type Dict = Map<Value, Value>;

/** An object of a class of the program; its attributes are as its file or its code made them. */
export class ScriptObject {
  /** The class, as `__torch__.a.b.X`. */
  readonly name: string;
  readonly attributes = new Map<string, unknown>();

  constructor(name: string) {
    this.name = name;
  }
}

/** A class, as a value: what a program makes objects of. */
export class TypeName {
  readonly name: string;
  readonly code: ClassCode;

  constructor(name: string, code: ClassCode) {
    this.name = name;
    this.code = code;
  }
}

/** A tuple whose items have names. */
export class NamedTuple extends Tuple {
  readonly names: readonly string[];

  constructor(items: readonly Argument[], names: readonly string[]) {
    super(items);
    this.names = names;
  }
}

export const isList = (value: unknown): value is Value[] => Array.isArray(value);
export const isDict = (value: unknown): value is Dict => value instanceof Map;

/** The number in a value that is one; undefined for others. */
export function numberIn(value: unknown): number | undefined {
  if (value instanceof Float) return value.value;
  return typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : undefined;
}

const KINDS: readonly [what: string, is: (value: unknown) => boolean][] = [
  ['None', (value) => value === null],
  ['a tensor', (value) => value instanceof AtenTensor],
  ['a float', (value) => value instanceof Float],
  ['a tuple', (value) => value instanceof Tuple],
  ['a list', isList],
  ['a dict', isDict],
  ['a string', (value) => typeof value === 'string'],
  ['a bool', (value) => typeof value === 'boolean'],
  ['an int', (value) => typeof value === 'number'],
  ['nothing', (value) => value === undefined],
];

/** What a value is, in messages. */
export function kindOfValue(value: unknown): string {
  const known = KINDS.find(([, is]) => is(value));
  if (known) return known[0];
  return value instanceof ScriptObject || value instanceof TypeName ? `a ${value.name}` : 'a function';
}

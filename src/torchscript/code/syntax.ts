import type { Float } from '../../aten/values.ts';

interface Placed {
  readonly line: number;
}

/** A part of printed code that has a value. Types are written as expressions as well: `List[int]`. */
export type Expression = Placed &
  (
    | { readonly kind: 'literal'; readonly value: number | Float | string | boolean | null }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'attribute'; readonly of: Expression; readonly name: string }
    | { readonly kind: 'call'; readonly callee: Expression; readonly args: readonly Expression[]; readonly named: readonly NamedArgument[] }
    | { readonly kind: 'list' | 'tuple'; readonly items: readonly Expression[] }
    | { readonly kind: 'dict'; readonly entries: readonly (readonly [Expression, Expression])[] }
    | { readonly kind: 'index'; readonly of: Expression; readonly at: Expression }
    | { readonly kind: 'slice'; readonly of: Expression; readonly begin?: Expression; readonly end?: Expression }
  );

export interface NamedArgument {
  readonly name: string;
  readonly value: Expression;
}

/** An expression of one kind. */
export type Of<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

/** A step of printed code. */
export type Statement = Placed &
  (
    | { readonly kind: 'assign'; readonly targets: readonly Expression[]; readonly unpacks: boolean; readonly value: Expression }
    | { readonly kind: 'declare'; readonly target: Expression; readonly type: Expression; readonly value?: Expression }
    | { readonly kind: 'expression'; readonly value: Expression }
    | { readonly kind: 'return'; readonly value?: Expression }
    | { readonly kind: 'if'; readonly condition: Expression; readonly then: readonly Statement[]; readonly otherwise: readonly Statement[] }
    | { readonly kind: 'for'; readonly target: Expression; readonly over: Expression; readonly body: readonly Statement[] }
    | { readonly kind: 'while'; readonly condition: Expression; readonly body: readonly Statement[] }
    | { readonly kind: 'pass' | 'break' | 'continue' }
  );

export interface Parameter {
  readonly name: string;
  /** Absent for `self` of old code. */
  readonly type?: Expression;
  readonly value?: Expression;
}

/** A function, or a method of a class. */
export interface FunctionCode extends Placed {
  readonly name: string;
  readonly file: string;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
}

/** A class: a module, a NamedTuple, an interface, or one of the writer's own. */
export interface ClassCode extends Placed {
  readonly name: string;
  readonly file: string;
  /** What it is derived from, as `Module`; undefined for plain classes. */
  readonly base?: string;
  readonly methods: ReadonlyMap<string, FunctionCode>;
  /** What is said of its attributes, in their order. */
  readonly fields: readonly Extract<Statement, { kind: 'declare' }>[];
  /** Its attributes that are lists of names: `__parameters__`, `__buffers__`. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

/** A file of printed code. */
export interface FileCode {
  readonly name: string;
  readonly functions: ReadonlyMap<string, FunctionCode>;
  readonly classes: ReadonlyMap<string, ClassCode>;
}

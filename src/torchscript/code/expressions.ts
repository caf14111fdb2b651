import { Float } from '../../aten/values.ts';
import type { Expression, NamedArgument } from './syntax.ts';
import { type Tokens, unquoted } from './tokens.ts';

const CONSTANTS: Readonly<Record<string, number | Float | boolean | null>> = {
  None: null,
  True: true,
  False: false,
  inf: new Float(Infinity),
  nan: new Float(Number.NaN),
};

const LONGEST_CHAIN = 100;

/** An expression, or a type. */
export function parseExpression(tokens: Tokens): Expression {
  let value = primary(tokens);
  for (let length = 0; ; length++) {
    const { line } = tokens.next;
    if (length === LONGEST_CHAIN) throw tokens.fault(`at most ${LONGEST_CHAIN} names, calls and indices in a row`, 'more');
    if (tokens.skip('.')) value = { kind: 'attribute', of: value, name: tokens.name(), line };
    else if (tokens.skip('(')) value = { kind: 'call', callee: value, ...callArguments(tokens), line };
    else if (tokens.skip('[')) value = subscript(tokens, value, line);
    else return value;
  }
}

function primary(tokens: Tokens): Expression {
  const { kind, text, line } = tokens.next;
  if (kind === 'name') {
    tokens.take();
    if (Object.hasOwn(CONSTANTS, text)) return { kind: 'literal', value: CONSTANTS[text], line };
    return { kind: 'name', name: text, line };
  }
  if (kind === 'int' || kind === 'float' || text === '-') return { kind: 'literal', value: number(tokens), line };
  if (kind === 'string') {
    tokens.take();
    return { kind: 'literal', value: unquoted(text), line };
  }
  if (tokens.skip('(')) return parenthesised(tokens, line);
  if (tokens.skip('[')) return { kind: 'list', items: listed(tokens, ']').items, line };
  if (tokens.skip('{')) return { kind: 'dict', entries: entries(tokens), line };
  throw tokens.fault('an expression', tokens.shown);
}

function number(tokens: Tokens): number | Float {
  const negative = tokens.skip('-');
  const { kind, text } = tokens.next;
  const value = kind === 'int' ? Number(text) : kind === 'float' ? new Float(Number(text)) : kind === 'name' ? CONSTANTS[text] : undefined;
  if (!(value instanceof Float) && typeof value !== 'number') throw tokens.fault('a number', tokens.shown);
  tokens.take();
  if (!negative) return value;
  return value instanceof Float ? new Float(-value.value) : value === 0 ? 0 : -value;
}

/** Expressions up to a closing bracket, and whether a comma comes before it. */
function listed(tokens: Tokens, close: string): { items: Expression[]; trailing: boolean } {
  const items: Expression[] = [];
  let trailing = false;
  while (!tokens.skip(close)) {
    if (items.length > 0 && !trailing) throw tokens.fault(`"," or "${close}"`, tokens.shown);
    items.push(parseExpression(tokens));
    trailing = tokens.skip(',');
  }
  return { items, trailing };
}

function parenthesised(tokens: Tokens, line: number): Expression {
  const { items, trailing } = listed(tokens, ')');
  return items.length === 1 && !trailing ? items[0] : { kind: 'tuple', items, line };
}

function entries(tokens: Tokens): (readonly [Expression, Expression])[] {
  const found: [Expression, Expression][] = [];
  let open = true;
  while (!tokens.skip('}')) {
    if (!open) throw tokens.fault('"," or "}"', tokens.shown);
    const key = parseExpression(tokens);
    tokens.expect(':');
    found.push([key, parseExpression(tokens)]);
    open = tokens.skip(',');
  }
  return found;
}

function callArguments(tokens: Tokens): { args: Expression[]; named: NamedArgument[] } {
  const args: Expression[] = [];
  const named: NamedArgument[] = [];
  let open = true;
  while (!tokens.skip(')')) {
    if (!open) throw tokens.fault('"," or ")"', tokens.shown);
    const value = parseExpression(tokens);
    if (value.kind === 'name' && tokens.skip('=')) named.push({ name: value.name, value: parseExpression(tokens) });
    else if (named.length > 0) throw tokens.fault('arguments by name behind those by position', tokens.shown);
    else args.push(value);
    open = tokens.skip(',');
  }
  return { args, named };
}

/** `[i]`, `[i:j]`, or the types in `Dict[str, Tensor]`. */
function subscript(tokens: Tokens, of: Expression, line: number): Expression {
  const begin = tokens.next.text === ':' ? undefined : parseExpression(tokens);
  if (tokens.skip(':')) {
    const end = tokens.next.text === ']' ? undefined : parseExpression(tokens);
    tokens.expect(']');
    return { kind: 'slice', of, begin, end, line };
  }
  if (begin === undefined) throw tokens.fault('an index', tokens.shown);
  const items = [begin];
  while (tokens.skip(',')) if (tokens.next.text !== ']') items.push(parseExpression(tokens));
  tokens.expect(']');
  return { kind: 'index', of, at: items.length === 1 ? begin : { kind: 'tuple', items, line }, line };
}

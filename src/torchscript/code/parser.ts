import { parseExpression } from './expressions.ts';
import type { ClassCode, Expression, FileCode, FunctionCode, Parameter, Statement } from './syntax.ts';
import { type Budget, Tokens } from './tokens.ts';

const DEEPEST = 100;

/** Reads a file of printed code. `name` is its record. Nothing of it runs. Throws `format` errors with its line. */
export function parseFile(text: string, name: string, budget: Budget): FileCode {
  const tokens = new Tokens(text, name, budget);
  const functions = new Map<string, FunctionCode>();
  const classes = new Map<string, ClassCode>();
  while (tokens.next.kind !== 'end') {
    const { width } = beginLine(tokens);
    if (width > 0) throw tokens.fault('a line that is not indented', tokens.shown);
    const { text: word } = tokens.next;
    if (word === 'class') add(classes, parseClass(tokens), tokens);
    else if (word === 'def') add(functions, parseFunction(tokens), tokens);
    else skipLine(tokens);
  }
  return { name, functions, classes };
}

function add<Code extends { name: string }>(known: Map<string, Code>, code: Code, tokens: Tokens): void {
  if (known.has(code.name)) throw tokens.fault('every name once', `${code.name} twice`);
  known.set(code.name, code);
}

/** What else stands outside of classes: `op_version_set = 1` and imports. */
function skipLine(tokens: Tokens): void {
  const { text } = tokens.next;
  if (text !== 'op_version_set' && text !== 'import' && text !== 'from') throw tokens.fault('a class or a function', tokens.shown);
  while (tokens.next.kind !== 'line' && tokens.next.kind !== 'end') tokens.take();
}

function beginLine(tokens: Tokens): { width: number } {
  if (tokens.next.kind !== 'line') throw tokens.fault('the end of the line', tokens.shown);
  return tokens.take();
}

/** How the lines of a block are indented, which is deeper than `outer`; undefined for a block of none. */
function indentation(tokens: Tokens, outer: number): number | undefined {
  const { kind, width } = tokens.next;
  return kind === 'line' && width > outer ? width : undefined;
}

/** Reads lines that are indented alike. */
function eachLine(tokens: Tokens, outer: number, read: (width: number) => void): void {
  const width = indentation(tokens, outer);
  if (width === undefined) return;
  for (;;) {
    const { next } = tokens;
    if (next.kind !== 'line' || next.width <= outer) return;
    if (next.width !== width) throw tokens.fault(`lines indented by ${width}`, `one by ${next.width}`);
    tokens.take();
    read(width);
  }
}

function parseClass(tokens: Tokens): ClassCode {
  const { line } = tokens.take();
  const name = tokens.name();
  const base = tokens.skip('(') ? baseOf(tokens) : undefined;
  tokens.expect(':');
  const methods = new Map<string, FunctionCode>();
  const fields: ClassCode['fields'][number][] = [];
  const lists = new Map<string, readonly string[]>();
  eachLine(tokens, 0, (width) => {
    if (tokens.next.text === 'def') return add(methods, parseFunction(tokens, width), tokens);
    const statement = parseSimple(tokens);
    if (statement.kind === 'declare') fields.push(statement);
    else if (statement.kind === 'assign') noteAssigned(statement, fields, lists);
    else if (statement.kind !== 'pass' && statement.kind !== 'expression') throw tokens.fault('an attribute or a method', statement.kind);
  });
  return { name, file: tokens.file, base, methods, fields, lists, line };
}

function baseOf(tokens: Tokens): string {
  const base = tokens.name();
  tokens.expect(')');
  return base;
}

/** `__parameters__ = ["weight", ]`, `__annotations__["0"] = T`, or the member of an enum. */
function noteAssigned(
  { targets: [target], value, line }: Extract<Statement, { kind: 'assign' }>,
  fields: ClassCode['fields'][number][],
  lists: Map<string, readonly string[]>,
): void {
  if (target.kind === 'index' && target.at.kind === 'literal')
    fields.push({ kind: 'declare', target: { kind: 'name', name: String(target.at.value), line }, type: value, line });
  if (target.kind !== 'name') return;
  if (value.kind === 'list')
    lists.set(
      target.name,
      value.items.flatMap((item) => (item.kind === 'literal' ? [String(item.value)] : [])),
    );
  else fields.push({ kind: 'declare', target, type: { kind: 'name', name: 'Final', line }, value, line });
}

function parseFunction(tokens: Tokens, width = 0): FunctionCode {
  const { line } = tokens.take();
  const name = tokens.name();
  tokens.expect('(');
  const parameters: Parameter[] = [];
  while (!tokens.skip(')')) {
    if (parameters.length > 0) tokens.expect(',');
    if (tokens.skip(')')) break;
    const parameter = tokens.name();
    const type = tokens.skip(':') ? parseExpression(tokens) : undefined;
    const value = tokens.skip('=') ? parseExpression(tokens) : undefined;
    parameters.push({ name: parameter, type, value });
  }
  if (tokens.skip('->')) parseExpression(tokens);
  tokens.expect(':');
  return { name, file: tokens.file, parameters, body: parseBlock(tokens, width, 1), line };
}

function parseBlock(tokens: Tokens, outer: number, depth: number): Statement[] {
  if (depth > DEEPEST) throw tokens.fault(`blocks at most ${DEEPEST} deep`, 'deeper ones');
  const body: Statement[] = [];
  eachLine(tokens, outer, (width) => body.push(parseStatement(tokens, width, depth)));
  return body;
}

function parseStatement(tokens: Tokens, width: number, depth: number): Statement {
  const compound = Object.hasOwn(COMPOUND, tokens.next.text) && tokens.next.kind === 'name' ? COMPOUND[tokens.next.text] : undefined;
  if (!compound) return parseSimple(tokens);
  const { line } = tokens.take();
  return compound({ tokens, line, block: () => parseBlock(tokens, width, depth + 1), width });
}

interface Compound {
  tokens: Tokens;
  line: number;
  width: number;
  /** Reads the lines behind a colon. */
  block(): Statement[];
}

const COMPOUND: Readonly<Record<string, (compound: Compound) => Statement>> = {
  if({ tokens, line, block, width }) {
    const condition = parseExpression(tokens);
    tokens.expect(':');
    const then = block();
    return { kind: 'if', condition, then, otherwise: hasElse(tokens, width) ? block() : [], line };
  },
  for({ tokens, line, block }) {
    const target = parseExpression(tokens);
    tokens.expect('in');
    const over = parseExpression(tokens);
    tokens.expect(':');
    return { kind: 'for', target, over, body: block(), line };
  },
  while({ tokens, line, block }) {
    const condition = parseExpression(tokens);
    tokens.expect(':');
    return { kind: 'while', condition, body: block(), line };
  },
};

/** Passes an `else:` that is indented as its `if`. */
function hasElse(tokens: Tokens, width: number): boolean {
  if (tokens.next.width !== width || !tokens.begins('else:')) return false;
  tokens.take();
  tokens.expect('else');
  tokens.expect(':');
  return true;
}

const WORDS = ['pass', 'break', 'continue'] as const;

function parseSimple(tokens: Tokens): Statement {
  const { line, text } = tokens.next;
  const word = WORDS.find((each) => each === text);
  if (word && tokens.skip(word)) return { kind: word, line };
  if (tokens.skip('return')) return { kind: 'return', value: endsLine(tokens) ? undefined : expressionOrTuple(tokens), line };
  const first = parseExpression(tokens);
  if (tokens.skip(':')) {
    const type = parseExpression(tokens);
    return { kind: 'declare', target: first, type, value: tokens.skip('=') ? expressionOrTuple(tokens) : undefined, line };
  }
  const targets: Expression[] = [first];
  let unpacks = false;
  while (tokens.skip(',')) {
    unpacks = true;
    if (tokens.next.text !== '=') targets.push(parseExpression(tokens));
  }
  if (tokens.skip('=')) return { kind: 'assign', targets, unpacks, value: expressionOrTuple(tokens), line };
  if (unpacks) throw tokens.fault('"="', tokens.shown);
  return { kind: 'expression', value: first, line };
}

const endsLine = ({ next }: Tokens): boolean => next.kind === 'line' || next.kind === 'end';

/** `a`, or `a, b` without brackets. */
function expressionOrTuple(tokens: Tokens): Expression {
  const first = parseExpression(tokens);
  if (tokens.next.text !== ',') return first;
  const items = [first];
  while (tokens.skip(',')) if (!endsLine(tokens)) items.push(parseExpression(tokens));
  return { kind: 'tuple', items, line: first.line };
}

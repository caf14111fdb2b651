import { AtenTensor, Float, Tuple } from '../aten/values.ts';
import type { Expression, Of } from './code/syntax.ts';
import type { Evaluator } from './evaluator.ts';
import type { Frame } from './frame.ts';
import type { Interpreter } from './interpreter.ts';
import { isDict, isList, kindOfValue, ScriptObject, type Value } from './values.ts';

interface Invocation {
  call: Of<'call'>;
  frame: Frame;
  interpreter: Interpreter;
  evaluator: Evaluator;
}

/** Types of single numbers: a tensor that is said to be one is taken for its element. */
const NUMBERS = ['int', 'float', 'bool', 'number'];

function argument({ call, frame, evaluator }: Invocation, at: number): Value {
  if (at >= call.args.length) throw frame.fault(`${at + 1} arguments`, `${call.args.length}`);
  return evaluator.evaluate(call.args[at], frame);
}

const scalar = (invocation: Invocation): number | Float | boolean | string => {
  const value = argument(invocation, 0);
  return typeof value === 'string' ? value : invocation.interpreter.scalar(value, invocation.frame);
};

const plain = (value: number | Float | boolean | string): number => Number(value instanceof Float ? value.value : value);

function whole(invocation: Invocation): number {
  const value = Math.trunc(plain(scalar(invocation)));
  if (Number.isFinite(value)) return value;
  throw invocation.frame.fault('a number that is finite', String(value));
}

const tests: Readonly<Record<string, (value: Value) => boolean>> = {
  Tensor: (value) => value instanceof AtenTensor,
  int: (value) => typeof value === 'number',
  float: (value) => value instanceof Float,
  bool: (value) => typeof value === 'boolean',
  str: (value) => typeof value === 'string',
  NoneType: (value) => value === null,
  List: isList,
  Dict: isDict,
  Tuple: (value) => value instanceof Tuple,
  list: isList,
  tuple: (value) => value instanceof Tuple,
};

function isOf(value: Value, type: Expression, invocation: Invocation): boolean {
  if (type.kind === 'tuple' || type.kind === 'list') return type.items.some((each) => isOf(value, each, invocation));
  if (type.kind === 'index' && type.of.kind === 'name' && type.of.name === 'Optional')
    return value === null || isOf(value, type.at, invocation);
  const base = type.kind === 'index' ? type.of : type;
  if (base.kind === 'name' && Object.hasOwn(tests, base.name)) return tests[base.name](value);
  throw invocation.frame.refusal(`isinstance of ${kindOfValue(value)} and a type of its own`);
}

/** Functions of the printed code that are no ops, by name. */
export const FUNCTIONS: Readonly<Record<string, (invocation: Invocation) => Value>> = {
  annotate(invocation) {
    const { call, interpreter, frame } = invocation;
    const value = argument(invocation, 1);
    const [type] = call.args;
    const isNumber = type.kind === 'name' && NUMBERS.includes(type.name);
    return value instanceof AtenTensor && isNumber ? interpreter.scalar(value, frame) : value;
  },
  unchecked_cast: (invocation) => argument(invocation, 1),
  /** A variable that is set later on every path that reads it. */
  uninitialized: () => null,
  int: whole,
  float: (invocation) => new Float(plain(scalar(invocation))),
  bool: (invocation) => invocation.interpreter.holds(argument(invocation, 0), invocation.frame),
  str: (invocation) => String(scalar(invocation)),
  range(invocation) {
    const numbers = invocation.call.args.map((_, i) => plain(invocation.interpreter.scalar(argument(invocation, i), invocation.frame)));
    const [begin, end, step] = numbers.length === 1 ? [0, numbers[0], 1] : [numbers[0], numbers[1], numbers[2] ?? 1];
    const length = Math.max(0, Math.ceil((end - begin) / step));
    if (!(length <= MOST_ROUNDS)) throw invocation.frame.refusal(`a range of ${length} numbers`);
    return Array.from({ length }, (_, i) => begin + i * step);
  },
  getattr(invocation) {
    const { evaluator, frame } = invocation;
    const name = argument(invocation, 1);
    if (typeof name !== 'string') throw frame.fault('the name of an attribute', kindOfValue(name));
    return evaluator.attributeOf(argument(invocation, 0), name, frame);
  },
  hasattr(invocation) {
    const [object, name] = [argument(invocation, 0), argument(invocation, 1)];
    return object instanceof ScriptObject && object.attributes.has(String(name));
  },
  isinstance(invocation) {
    const value = argument(invocation, 0);
    return isOf(value, invocation.call.args[1] ?? { kind: 'list', items: [], line: 0 }, invocation);
  },
  print: () => null,
};

const MOST_ROUNDS = 100_000;

import { type Argument, AtenTensor, Float, Tuple } from '../aten/values.ts';
import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { builtin, refuseForeign } from './builtins.ts';
import type { Expression, FunctionCode, Of } from './code/syntax.ts';
import { itemAt, sliceOf } from './containers.ts';
import type { Frame } from './frame.ts';
import { FUNCTIONS } from './functions.ts';
import type { Interpreter } from './interpreter.ts';
import { isDict, isList, kindOfValue, NamedTuple, ScriptObject, TypeName, type Value } from './values.ts';

const CONSTANTS = 'CONSTANTS';
/** What begins the names of ops, and of the classes and functions of the program. */
const ROOTS = ['torch', 'ops', '__torch__'];
/** Namespaces whose ops are PyTorch's own. */
const PLAIN = ['prim', 'aten'];
const TUPLE = 'NamedTuple';

/** The dotted name that an expression is; undefined for others. */
export function dottedName(expression: Expression): string | undefined {
  if (expression.kind === 'name') return expression.name;
  if (expression.kind !== 'attribute') return undefined;
  const of = dottedName(expression.of);
  return of && `${of}.${expression.name}`;
}

/** Gives expressions their values. */
export class Evaluator {
  readonly #interpreter: Interpreter;

  constructor(interpreter: Interpreter) {
    this.#interpreter = interpreter;
  }

  evaluate(expression: Expression, frame: Frame): Value {
    const { limits } = this.#interpreter;
    limits.step(frame);
    return limits.within(frame, () => this.#evaluate(expression, frame));
  }

  #evaluate(expression: Expression, frame: Frame): Value {
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'name':
        return this.#variable(expression, frame);
      case 'attribute':
        return this.#attribute(expression, frame);
      case 'call':
        return this.#call(expression, frame);
      case 'list':
        return this.#all(expression.items, frame);
      case 'tuple':
        return new Tuple(this.#all(expression.items, frame) as Argument[]);
      case 'dict':
        return new Map(expression.entries.map(([key, value]) => [this.evaluate(key, frame), this.evaluate(value, frame)]));
      case 'index':
        return itemAt(this.evaluate(expression.of, frame), this.evaluate(expression.at, frame), (expected) =>
          frame.fault(expected, 'something else'),
        );
      case 'slice':
        return this.#slice(expression, frame);
    }
  }

  #all(items: readonly Expression[], frame: Frame): Value[] {
    return items.map((item) => this.evaluate(item, frame));
  }

  #variable({ name }: Of<'name'>, frame: Frame): Value {
    const value = frame.locals.get(name);
    if (value === undefined) throw frame.fault('a variable that was set', name);
    return value;
  }

  #slice({ of, begin, end }: Of<'slice'>, frame: Frame): Value {
    const bounds = [begin, end].map((bound) => (bound ? this.evaluate(bound, frame) : undefined));
    return sliceOf(this.evaluate(of, frame), bounds, (expected) => frame.fault(expected, 'something else'));
  }

  #attribute(expression: Of<'attribute'>, frame: Frame): Value {
    const { of, name } = expression;
    if (of.kind === 'name' && of.name === CONSTANTS && !frame.locals.has(CONSTANTS)) return this.#constant(name, frame);
    const dotted = this.#globalName(expression, frame);
    if (dotted) return this.#global(dotted, frame);
    return this.attributeOf(this.evaluate(of, frame), name, frame);
  }

  #constant(name: string, frame: Frame): Value {
    const { constants, constant } = this.#interpreter.surroundings;
    const at = /^c(\d+)$/.exec(name)?.[1];
    if (at === undefined || Number(at) >= constants.length) throw frame.fault(`one of ${constants.length} constants`, name);
    return constant(Number(at));
  }

  /** A dotted name of an op, class or function. */
  #globalName(expression: Expression, { locals }: Frame): string | undefined {
    const dotted = dottedName(expression);
    const root = dotted?.split('.', 1)[0];
    return root !== undefined && ROOTS.includes(root) && !locals.has(root) ? dotted : undefined;
  }

  #global(name: string, frame: Frame): Value {
    const found = this.#interpreter.surroundings.program.find(name);
    if (found?.function) return found.function;
    if (found?.class) return new TypeName(name, found.class);
    throw frame.fault('a class or function of the program', describe(name));
  }

  /** The attribute `name` of an object, or the item of a tuple with names. */
  attributeOf(value: Value, name: string, frame: Frame): Value {
    if (value instanceof NamedTuple) {
      const at = value.names.indexOf(name);
      if (at >= 0) return value.items[at];
    }
    if (value instanceof ScriptObject && value.attributes.has(name)) return this.#interpreter.surroundings.attribute(value, name);
    const field = value instanceof ScriptObject ? this.#constantField(value.name, name) : undefined;
    if (field) return this.evaluate(field, frame);
    throw frame.fault(`an attribute of ${kindOfValue(value)}`, name);
  }

  /** What a class says that its attribute always is: `eps : Final[float] = 1e-12`. */
  #constantField(className: string, name: string): Expression | undefined {
    const { fields } = this.#interpreter.surroundings.program.classOf(className);
    return fields.find(({ target }) => target.kind === 'name' && target.name === name)?.value;
  }

  #call(expression: Of<'call'>, frame: Frame): Value {
    const { callee } = expression;
    if (callee.kind === 'name' && Object.hasOwn(FUNCTIONS, callee.name) && !frame.locals.has(callee.name))
      return FUNCTIONS[callee.name]({ call: expression, frame, interpreter: this.#interpreter, evaluator: this });
    const dotted = this.#globalName(callee, frame);
    const args = this.#all(expression.args, frame);
    const named = new Map(expression.named.map(({ name, value }) => [name, this.evaluate(value, frame)]));
    frame.line = expression.line;
    if (dotted && !dotted.startsWith('__torch__.')) return this.#op(dotted, args, named, frame);
    if (dotted?.endsWith('.__new__')) return new ScriptObject(dotted.slice(0, -'.__new__'.length));
    if (callee.kind === 'attribute' && !dotted) return this.#method(this.evaluate(callee.of, frame), callee.name, args, named, frame);
    return this.#invoke(this.evaluate(callee, frame), args, named, frame);
  }

  #method(object: Value, name: string, args: readonly Value[], named: ReadonlyMap<string, Value>, frame: Frame): Value {
    if (object instanceof ScriptObject) return this.#interpreter.method(object, name, args, named, frame);
    throw frame.fault('an object whose method is called', `${name} of ${kindOfValue(object)}`);
  }

  #invoke(callee: Value, args: readonly Value[], named: ReadonlyMap<string, Value>, frame: Frame): Value {
    if (callee instanceof TypeName) return this.#make(callee, args, frame);
    if (isFunctionCode(callee)) return this.#interpreter.function(callee, args, named, frame);
    throw frame.fault('a function', kindOfValue(callee));
  }

  #make({ name, code }: TypeName, args: readonly Value[], frame: Frame): Value {
    if (code.base !== TUPLE) throw frame.refusal(`a new ${name}`);
    const names = code.fields.flatMap(({ target }) => (target.kind === 'name' ? [target.name] : []));
    if (names.length !== args.length) throw frame.fault(`${names.length} items of ${name}`, `${args.length}`);
    return new NamedTuple(args as Argument[], names);
  }

  /** Ops of Python are computed here, those with tensors by what knows them. */
  #op(dotted: string, args: readonly Value[], named: ReadonlyMap<string, Value>, frame: Frame): Value {
    const name = opName(dotted);
    if (name === 'RaiseException') throw raised(args, frame);
    const wrong = (expected: string): Error => frame.fault(`${expected} for ${name}`, args.map(kindOfValue).join(', ') || 'nothing');
    const known = builtin(name, args, wrong);
    if (known !== undefined) return known;
    refuseForeign(name, frame.where);
    for (const arg of [...args, ...named.values()]) checkArgument(arg, name, frame);
    const { aten } = this.#interpreter.surroundings;
    return aten.call(name, args as Argument[], named as ReadonlyMap<string, Argument>, frame.site) as Value;
  }
}

/** `add` for `torch.add` and `ops.aten.add`, `quantized::linear` for ops of others. */
function opName(dotted: string): string {
  const [root, ...rest] = dotted.split('.');
  const [space, ...name] = root === 'ops' ? rest : ['aten', ...rest];
  return PLAIN.includes(space) ? name.join('.') : `${space}::${name.join('.')}`;
}

const isFunctionCode = (value: Value): value is FunctionCode =>
  value instanceof Object && 'parameters' in value && 'body' in value && !(value instanceof AtenTensor);

const DEEPEST_LIST = 3;

/** Throws a `format` error for a value that no op takes. */
function checkArgument(value: Value, op: string, frame: Frame, depth = 0): void {
  if (isList(value)) for (const item of value) checkArgument(item, op, frame, depth + 1);
  const foreign = value instanceof ScriptObject || value instanceof TypeName || isDict(value);
  if (foreign || depth > DEEPEST_LIST) throw frame.fault(`tensors, numbers, strings or lists of them for ${op}`, kindOfValue(value));
}

/** What a program says where it refuses to go on. */
function raised(args: readonly Value[], frame: Frame): TraceletError {
  const [message] = args;
  return new TraceletError('value', {
    what: frame.where,
    expected: 'inputs that the program takes',
    got: `an exception of it: ${typeof message === 'string' ? message : message instanceof Float ? message.value : kindOfValue(message)}`,
  });
}

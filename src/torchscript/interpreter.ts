import type { Aten } from '../aten/aten.ts';
import { AtenTensor, Float } from '../aten/values.ts';
import type { Expression, FunctionCode, Statement } from './code/syntax.ts';
import { itemsOf } from './containers.ts';
import { Evaluator } from './evaluator.ts';
import { Frame, Limits, type Located } from './frame.ts';
import type { Program } from './program.ts';
import { isDict, kindOfValue, numberIn, ScriptObject, type Value } from './values.ts';

/** What a program is run with. */
export interface Surroundings {
  readonly program: Program;
  readonly aten: Aten;
  /** `CONSTANTS.cN` */
  readonly constants: readonly unknown[];
  constant(at: number): Value;
  /** An attribute that the object has. */
  attribute(object: ScriptObject, name: string): Value;
  locate(object: ScriptObject): Located | undefined;
}

/** How a block of statements ended, where not at its end. */
type Ending = { returned: Value } | 'break' | 'continue' | undefined;

const MOST_ROUNDS = 100_000;
const NOWHERE: Located = { path: '' };

/** Runs the code of a program for one forward pass. What is a tensor there is one of `aten`; all else is computed here. */
export class Interpreter {
  readonly surroundings: Surroundings;
  readonly limits = new Limits();
  readonly #evaluator: Evaluator;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
    this.#evaluator = new Evaluator(this);
  }

  /** Calls a method of an object. Throws `format`, `op`, `unsupported` and `tracing` errors with the file and line. */
  method(object: ScriptObject, name: string, args: readonly Value[], named: ReadonlyMap<string, Value> = new Map(), caller?: Frame): Value {
    const code = this.surroundings.program.classOf(object.name).methods.get(name);
    if (!code) throw (caller ?? new Frame(object.name, NOWHERE)).fault(`a method of ${object.name}`, name);
    const located = this.surroundings.locate(object) ?? caller?.located ?? NOWHERE;
    return this.#call(code, new Frame(code.file, located, object), [object, ...args], named, caller);
  }

  /** Calls a function. */
  function(code: FunctionCode, args: readonly Value[], named: ReadonlyMap<string, Value>, caller: Frame): Value {
    return this.#call(code, new Frame(code.file, caller.located), args, named, caller);
  }

  #call(code: FunctionCode, frame: Frame, args: readonly Value[], named: ReadonlyMap<string, Value>, caller: Frame = frame): Value {
    frame.line = code.line;
    if (args.length > code.parameters.length)
      throw caller.fault(`at most ${code.parameters.length} arguments of ${code.name}`, `${args.length}`);
    return this.limits.call(caller, () => {
      for (const [i, { name, value }] of code.parameters.entries()) {
        const given = i < args.length ? args[i] : named.get(name);
        if (given === undefined && value === undefined) throw caller.fault(`the argument ${name} of ${code.name}`, 'none');
        frame.locals.set(name, given === undefined ? this.evaluate(value as Expression, frame) : given);
      }
      const ending = this.#block(code.body, frame);
      return ending instanceof Object ? ending.returned : null;
    });
  }

  evaluate(expression: Expression, frame: Frame): Value {
    return this.#evaluator.evaluate(expression, frame);
  }

  /** Whether a condition holds. Throws a `tracing` error where that follows from elements of tensors. */
  holds(value: Value, frame: Frame): boolean {
    const known = value instanceof AtenTensor ? this.surroundings.aten.number(value, frame.site) : value;
    const number = numberIn(known);
    if (number === undefined) throw frame.fault('a condition', kindOfValue(value));
    return number !== 0;
  }

  #block(body: readonly Statement[], frame: Frame): Ending {
    for (const statement of body) {
      frame.line = statement.line;
      this.limits.step(frame);
      const ending = this.limits.within(frame, () => this.#statement(statement, frame));
      if (ending) return ending;
    }
    return undefined;
  }

  #statement(statement: Statement, frame: Frame): Ending {
    switch (statement.kind) {
      case 'assign':
        this.#assign(statement, frame);
        return undefined;
      case 'declare':
        if (statement.value) this.#set(statement.target, this.evaluate(statement.value, frame), frame);
        return undefined;
      case 'expression':
        this.evaluate(statement.value, frame);
        return undefined;
      case 'return':
        return { returned: statement.value ? this.evaluate(statement.value, frame) : null };
      case 'if':
        return this.#block(this.holds(this.evaluate(statement.condition, frame), frame) ? statement.then : statement.otherwise, frame);
      case 'for':
        return this.#for(statement, frame);
      case 'while':
        return this.#rounds(statement.body, frame, () => this.holds(this.evaluate(statement.condition, frame), frame));
      case 'pass':
        return undefined;
      default:
        return statement.kind;
    }
  }

  #for({ target, over, body, line }: Extract<Statement, { kind: 'for' }>, frame: Frame): Ending {
    const given = this.evaluate(over, frame);
    const items = isDict(given) ? [...given.keys()] : itemsOf(given);
    if (!items) throw frame.fault('a range, list, tuple or dict', kindOfValue(given));
    let at = 0;
    return this.#rounds(body, frame, () => {
      if (at >= items.length) return false;
      frame.line = line;
      this.#set(target, items[at++], frame);
      return true;
    });
  }

  #rounds(body: readonly Statement[], frame: Frame, begins: () => boolean): Ending {
    for (let round = 0; begins(); round++) {
      if (round === MOST_ROUNDS) throw frame.refusal(`more than ${MOST_ROUNDS} rounds of a loop`);
      this.limits.step(frame);
      const ending = this.#block(body, frame);
      if (ending === 'break') return undefined;
      if (ending && ending !== 'continue') return ending;
    }
    return undefined;
  }

  #assign({ targets, unpacks, value }: Extract<Statement, { kind: 'assign' }>, frame: Frame): void {
    const given = this.evaluate(value, frame);
    if (unpacks) this.#unpack(targets, given, frame);
    else this.#set(targets[0], given, frame);
  }

  #unpack(targets: readonly Expression[], given: Value, frame: Frame): void {
    const items = itemsOf(given);
    if (items?.length !== targets.length) throw frame.fault(`${targets.length} values`, items ? `${items.length}` : kindOfValue(given));
    for (const [i, target] of targets.entries()) this.#set(target, items[i], frame);
  }

  #set(target: Expression, value: Value, frame: Frame): void {
    if (target.kind === 'name') frame.locals.set(target.name, value);
    else if (target.kind === 'tuple' || target.kind === 'list') this.#unpack(target.items, value, frame);
    else if (target.kind === 'attribute') this.#setAttribute(this.evaluate(target.of, frame), target.name, value, frame);
    else throw frame.fault('a variable or attribute to set', target.kind);
  }

  /** Objects that the program made itself may change; modules are the same for every call. */
  #setAttribute(object: Value, name: string, value: Value, frame: Frame): void {
    if (!(object instanceof ScriptObject)) throw frame.fault('an object', kindOfValue(object));
    if (this.surroundings.locate(object))
      throw frame.refusal(
        `a module that sets its own ${name}`,
        'A trace keeps nothing from one call to the next: pass state as inputs and outputs',
      );
    object.attributes.set(name, value);
  }

  /** An argument as an int, float or bool, as `int(x)` makes it. */
  scalar(value: Value, frame: Frame): number | Float | boolean {
    const known = value instanceof AtenTensor ? this.surroundings.aten.number(value, frame.site) : value;
    if (known instanceof Float || typeof known === 'boolean' || typeof known === 'number') return known;
    throw frame.fault('a number', kindOfValue(value));
  }
}

import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { isFunction } from '../base/realm.ts';
import type { ExtraFiles } from '../formats/beside.ts';
import { FORWARD } from '../formats/trace.ts';
import { nameInputs, toInt32 } from '../nn/inputs.ts';
import { type AnyModule, Module } from '../nn/module.ts';
import { flattened, nested } from '../nn/nesting.ts';
import { type ForwardResult, flattenOutputs } from '../nn/outputs.ts';
import type { DType } from '../tensor/dtype.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Expectation } from './check.ts';
import { type Recording, type Replay, record, type TracedInput } from './record.ts';
import type { Inputs } from './trace.ts';

/** A module that tells of its inputs and outputs, and which files belong with it. */
export interface Traceable {
  input_names?: readonly string[];
  input_dtype?: DType;
  /** Inputs that may be floats though others may not. */
  float_inputs?: readonly string[];
  meant?: (args: readonly unknown[]) => readonly unknown[];
  trace_files?: () => ExtraFiles;
  /** Whether padding is computed unless the options say otherwise. */
  exact_padding?: boolean;
  /** Outputs that calls ask for without the others. */
  asked_alone?: readonly string[];
  /** Whether what follows from sizes alone is made by formulas that hold at any of them: slower, and tried where nothing else goes. */
  formulates?: boolean;
  /** The tokenizer among these files. */
  tokenizer?: unknown;
}

/** What is traced of a module: its forward pass, or another of its methods. */
export interface ForwardPass {
  model: AnyModule;
  /** Name of the method. */
  method: string;
  /** What the model tells of it. */
  told: Traceable;
  /** What errors call it. */
  what: string;
}

/** A function of tensors as a module. */
class TracedFunction extends Module<Tensor[], ForwardResult> {
  readonly #body: (...inputs: Tensor[]) => ForwardResult;

  constructor(body: (...inputs: Tensor[]) => ForwardResult) {
    super();
    this.#body = body;
  }

  forward(...inputs: Tensor[]): ForwardResult {
    return this.#body(...inputs);
  }
}

/** The forward pass of a module or function. Throws a `value` error for what is neither. */
export function forwardOf(given: unknown): ForwardPass {
  const model = moduleOf(given);
  return { model, method: FORWARD, told: model as Traceable, what: model instanceof TracedFunction ? 'jit.trace' : model.constructor.name };
}

function moduleOf(model: unknown): AnyModule {
  if (model instanceof Module) return model;
  const isClass = typeof model === 'function';
  if (isFunction(model)) return new TracedFunction(model as (...inputs: Tensor[]) => ForwardResult);
  throw new TraceletError('value', {
    what: 'jit.trace: model',
    expected: 'a module, or a function of tensors',
    got: isClass ? `the class ${(model as { name: string }).name}` : describe(model),
    cure: isClass ? 'Make one with new, or with from_pretrained' : 'The model comes first, then its dummy inputs',
  });
}

/** Another method of a module. What the module tells of its inputs is about `forward`. */
export const methodOf = (model: AnyModule, method: string): ForwardPass => ({
  model,
  method,
  told: {},
  what: `${model.constructor.name}.${method}`,
});

/** What a forward pass answers to these arguments. */
const answerOf = ({ model, method }: ForwardPass, args: unknown[]): ForwardResult =>
  (method === FORWARD ? model(...args) : model.method_(method, args)) as ForwardResult;

/** Inputs that a trace takes as floats, as the whole numbers that the model was given. */
const asGiven = (inputs: Record<string, Tensor>, given: Readonly<Record<string, Tensor>>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [
      name,
      given[name]?.dtype === 'int32' && tensor.dtype === 'float32' ? tensor.to('int32') : tensor,
    ]),
  );

/** The answers of the model itself, to the dummy inputs and `more`, of the dtypes of `given`. */
export function expectationOf(
  pass: ForwardPass,
  names: readonly string[],
  { more = [], tolerance, given = {} }: { more?: readonly Inputs[]; tolerance?: number; given?: Readonly<Record<string, Tensor>> },
): Expectation {
  return {
    answer: (inputs) => flattenOutputs(answerOf(pass, positional(names, asGiven(inputs, given)))).tensors,
    more: Array.from(more, (given) => dummyInputs(pass, given, names)),
    tolerance,
  };
}

/** Names of inputs; those of nested ones are dotted. */
export function namesOf({ told: { input_names } }: ForwardPass, inputs: Inputs): readonly string[] {
  if (inputs instanceof Tensor) return input_names ?? ['input_0'];
  const given: [string, unknown][] = Array.isArray(inputs)
    ? Array.from(inputs, (value, i) => [input_names?.[i] ?? `input_${i}`, value])
    : Object.entries(inputs);
  const byHead = new Map(given.map(([name, value]) => [name, flattened(value, name).map(([each]) => each)]));
  return (input_names ?? [...byHead.keys()]).flatMap((name) => byHead.get(name) ?? [name]);
}

/** Inputs by name; whole numbers as int32, and floats as well where the model takes them so. */
export function dummyInputs({ told, what }: ForwardPass, inputs: Inputs, names: readonly string[]): Record<string, Tensor> {
  const named = nameInputs(told.meant?.([inputs]) ?? [inputs], names, what);
  if (Object.keys(named).length === 0)
    throw new TraceletError('value', {
      what: 'jit.trace',
      expected: 'dummy inputs',
      got: 'none',
      cure: 'Pass tensors of the dimensions to trace for',
    });
  const asGiven = (name: string, { dtype }: Tensor): boolean =>
    dtype === 'float32' && (told.input_dtype !== 'int32' || told.float_inputs?.includes(name) === true);
  return Object.fromEntries(
    Object.entries(named).map(([name, tensor]) => [name, asGiven(name, tensor) ? tensor : toInt32(tensor, name, `dummy input "${name}"`)]),
  );
}

/** The arguments of a forward pass. */
const positional = (names: readonly string[], inputs: Record<string, Tensor>): unknown[] =>
  nested(
    names.map((name) => [name, inputs[name]] as const),
    Object.fromEntries,
  ).map(([, value]) => value);

/** Records a forward pass on inputs of these names and shapes. */
export function recordPass(
  pass: ForwardPass,
  names: readonly string[],
  inputs: readonly TracedInput[],
  { strict = false, replay }: { strict?: boolean; replay?: Replay },
): Recording {
  const forward = (tensors: Tensor[]): ForwardResult => {
    const byName = Object.fromEntries(inputs.map(({ name }, i) => [name, tensors[i]]));
    const result = answerOf(pass, positional(names, byName));
    if (strict && !(result instanceof Tensor) && !Array.isArray(result))
      throw new TraceletError('tracing', {
        what: `the result of ${pass.method}`,
        expected: 'a tensor or a list of them, as strict says',
        got: describe(result),
        cure: 'Answer a list, or leave strict out',
      });
    return result;
  };
  return record(pass.model, inputs, forward, replay);
}

import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { didYouMean } from '../base/nearest.ts';
import { checkOptions, type OptionTable } from '../base/options.ts';
import { kind } from '../base/schema.ts';
import { FORWARD } from '../formats/trace.ts';
import { type AnyModule, Module } from '../nn/module.ts';
import { isMethodName } from '../program/methods.ts';
import { Tensor } from '../tensor/tensor.ts';
import { isTaken } from '../traced/taken.ts';
import type { TracedModule, TracedResult } from '../traced/traced.ts';
import { refuseMore } from './arguments.ts';
import { forwardOf, methodOf } from './forwardpass.ts';
import { cureOf, type Inputs, TRACE_OPTIONS, type TraceOptions } from './trace.ts';
import { type MethodInputs, traceMethods } from './tracemethods.ts';

/** Dummy inputs by method; `forward` is what a call of the trace runs. */
export type MethodExamples = { readonly forward: Inputs } & Readonly<Record<string, Inputs>>;

/** Options of `jit.trace_module`: those of `jit.trace`, where `check_inputs` are by method. */
export interface TraceModuleOptions extends Omit<TraceOptions, 'check_inputs' | 'example_kwarg_inputs'> {
  /** More inputs to check the trace with, each by method: `[{ forward: …, encode: … }]`. */
  check_inputs?: readonly Readonly<Record<string, Inputs>>[];
}

/** A trace of several methods: a call runs `forward`, and each other method is a trace of its own on the same weights. */
export type TracedMethods<Model, Examples> = {
  readonly [Name in Exclude<keyof Examples, 'forward'> & keyof Model]: Model[Name] extends (...args: never[]) => infer Result
    ? TracedModule<TracedResult<Result>>
    : never;
} & (Model extends { forward(...args: never[]): infer Result } ? TracedModule<TracedResult<Result>> : TracedModule);

const { example_kwarg_inputs: _, ...OF_TRACE } = TRACE_OPTIONS;
const OPTIONS: OptionTable<TraceModuleOptions> = {
  ...OF_TRACE,
  check_inputs: kind('a list of inputs by method', (value) => Array.isArray(value) && value.every(isByMethod)),
};

/**
 * Records several methods of `model`, each on its dummy inputs, as one trace with their weights once: `{ forward: inputs, encode: others }`. The
 * trace has each method by its name, `traced.encode(x)`, and in `traced.methods`. As `torch.jit.trace_module`. Throws the errors of `jit.trace`, and
 * `value` errors for methods that the model does not have or a trace has already.
 */
export async function trace_module<Model extends AnyModule, Examples extends MethodExamples>(
  model: Model,
  inputs: Examples,
  options: TraceModuleOptions = {},
  ...others: never[]
): Promise<TracedMethods<Model, Examples>> {
  const { check_inputs = [], ...checked } = checkOptions('jit.trace_module', options, OPTIONS, cureOf);
  refuseMore('jit.trace_module', others, '{ check_trace: false }');
  proveMethods(model, inputs);
  const names = [FORWARD, ...Object.keys(inputs).filter((name) => name !== FORWARD)];
  for (const more of check_inputs) proveMethods(model, { [FORWARD]: [], ...more }, names);
  const wanted = names.map((name): [string, MethodInputs] => {
    const more = check_inputs.flatMap((by) => (Object.hasOwn(by, name) ? [by[name]] : []));
    const pass = name === FORWARD ? forwardOf(model) : methodOf(model, name);
    return [name, { pass, inputs: inputs[name], check_inputs: more }];
  });
  return (await traceMethods(new Map(wanted), checked)) as unknown as TracedMethods<Model, Examples>;
}

/** Whether something holds inputs by name of the method. */
function isByMethod(value: unknown): value is Readonly<Record<string, Inputs>> {
  if (!isObject(value) || value instanceof Tensor || Array.isArray(value)) return false;
  return Object.values(value).every((inputs) => inputs instanceof Tensor || isObject(inputs) || Array.isArray(inputs));
}

/** Throws a `value` error unless `inputs` are of methods of `model`, or of those `among` them. */
function proveMethods(model: AnyModule, inputs: unknown, among?: readonly string[]): void {
  const what = 'jit.trace_module';
  if (!(model instanceof Module))
    throw new TraceletError('value', { what: `${what}: model`, expected: 'a module', got: describe(model), cure: 'The model comes first' });
  if (!isByMethod(inputs))
    throw new TraceletError('value', {
      what: `${what}: inputs`,
      expected: 'dummy inputs by method: { forward: …, encode: … }',
      got: describe(inputs),
      cure: 'jit.trace takes those of forward alone',
    });
  if (!Object.hasOwn(inputs, FORWARD))
    throw new TraceletError('value', {
      what: `${what}: inputs`,
      expected: `those of ${FORWARD} as well, which is what a call runs`,
      got: Object.keys(inputs).join(', ') || 'none',
      cure: 'Trace one other method alone as a function: jit.trace((x) => model.encode(x), inputs)',
    });
  for (const name of Object.keys(inputs)) if (name !== FORWARD) proveMethod(model, name, among);
}

function proveMethod(model: AnyModule, name: string, among: readonly string[] | undefined): void {
  const what = `jit.trace_module: method ${describe(name)}`;
  const value = (model as unknown as Record<string, unknown>)[name];
  const known = among ?? methodsOf(model);
  if (typeof value === 'function' && (!among || among.includes(name))) {
    if (value instanceof Module)
      throw new TraceletError('value', {
        what,
        expected: `a method of ${model.constructor.name}`,
        got: `a ${value.constructor.name} that it holds`,
        cure: `Trace that module itself: jit.trace(model.${name}, inputs)`,
      });
    if (isMethodName(name) && !isTaken(name)) return;
    throw new TraceletError('value', {
      what,
      expected: 'a name for which a trace has nothing of its own',
      got: name,
      cure: 'Give the model a method of another name that calls it',
    });
  }
  throw new TraceletError('value', {
    what,
    expected: `a method of ${model.constructor.name}: ${known.join(', ') || 'it has none beside forward'}`,
    got: describe(value),
    cure: didYouMean(name, known),
  });
}

/** Methods of the classes of a module below Module. */
function methodsOf(model: AnyModule): string[] {
  const names = new Set<string>();
  for (let at = Object.getPrototypeOf(model); at && at !== Module.prototype; at = Object.getPrototypeOf(at))
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (typeof value === 'function' && name !== FORWARD && isMethodName(name) && !isTaken(name)) names.add(name);
  return [...names];
}

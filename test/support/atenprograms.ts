import { Aten } from '../../src/aten/aten.ts';
import { type Argument, type AtenTensor, Float } from '../../src/aten/values.ts';
import { record } from '../../src/jit/record.ts';
import '../../src/kernels/sets/index.ts';
import { Module } from '../../src/nn/module.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { type Dense, denseOf, type Given, OPS, valuesOf } from './dense.ts';

/** Programs that are run twice: by their definitions, and through `Aten`. */

/** A value of a program, whichever way it is run. */
export type Value = unknown;
/** Calls an op by the name that PyTorch has for it. */
export type Call = (op: string, ...given: unknown[]) => Value;
/** A program of ops over inputs and weights, by name. */
export type Program = (call: Call, given: Readonly<Record<string, Value>>) => Value;

/** Floats and whole numbers that a program is given; weights are floats that traces hold. */
export interface Holds {
  inputs: Readonly<Record<string, Tensor>>;
  weights: Readonly<Record<string, Tensor<'float32'>>>;
}

/** A number that Python holds as a float. */
export const f = (value: number): Float => new Float(value);

const SITE = { file: 'code/test.py', line: 1, path: '' };

const numbersIn = (tensor: Tensor): Float64Array => Float64Array.from(tensor.data as ArrayLike<number>, Number);

/** What a program answers by the definitions of its ops. */
export function byDefinition(program: Program, { inputs, weights }: Holds): Dense {
  const plain = (value: unknown): Given =>
    value instanceof Float ? value.value : Array.isArray(value) ? value.map(plain) : (value as Given);
  const call: Call = (op, ...given) => OPS[op](...given.map(plain));
  const held = Object.entries({ ...inputs, ...weights }).map(([name, tensor]) => [name, denseOf(tensor.shape, numbersIn(tensor))]);
  return program(call, Object.fromEntries(held)) as Dense;
}

/** A module that runs a program through `Aten`. */
export class Running extends Module<Tensor[], Tensor> {
  readonly #program: Program;
  readonly #names: readonly string[];
  readonly held: Readonly<Record<string, Parameter>>;
  /** As archives have it. */
  formulates = false;

  constructor(program: Program, { inputs, weights }: Holds) {
    super();
    this.#program = program;
    this.#names = Object.keys(inputs);
    this.held = Object.fromEntries(Object.entries(weights).map(([name, tensor]) => [name, new Parameter(tensor)]));
    Object.assign(this, this.held);
  }

  forward(...given: Tensor[]): Tensor {
    const aten = new Aten(this.formulates);
    const inputs = given.map((tensor, i) => [this.#names[i], aten.input(this.#names[i], tensor)]);
    const weights = Object.entries(this.held).map(([name, parameter]) => [name, aten.stored(parameter)]);
    const call: Call = (op, ...values) => aten.call(op, values as Argument[], new Map(), SITE);
    const result = this.#program(call, Object.fromEntries([...inputs, ...weights]));
    return aten.lower(result as AtenTensor);
  }
}

/** What a program answers through `Aten`, and the ops that it becomes. */
export function throughAten(program: Program, holds: Holds): { values: number[]; shape: readonly number[]; ops: string[] } {
  const module = new Running(program, holds);
  const inputs = Object.entries(holds.inputs);
  const described = inputs.map(([name, { dtype, shape }]) => ({ name, dtype: dtype === 'int64' ? 'int32' : dtype, shape }) as const);
  const { graph } = record(module as never, described, (tensors) => (module as unknown as (...given: Tensor[]) => Tensor)(...tensors));
  const answer = module.forward(...inputs.map(([, tensor]) => tensor));
  return { values: Array.from(numbersIn(answer)), shape: answer.shape, ops: graph.nodes.map(({ op }) => op) };
}

/** The largest difference between what a program answers both ways, on the scale of what it answers. */
export function difference(program: Program, holds: Holds): { worst: number; ops: string[] } {
  const { values, shape, ops } = throughAten(program, holds);
  const meant = byDefinition(program, holds);
  if (`${shape}` !== `${meant.shape}`) throw new Error(`[${shape}] for [${meant.shape}]`);
  const expected = valuesOf(meant);
  const scale = Math.max(1, ...expected.map(Math.abs));
  return { worst: expected.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i])), 0) / scale, ops };
}

/** Floats that follow from a seed, between -1 and 1. */
export function floats(shape: readonly number[], seed: number): Tensor<'float32'> {
  let state = (seed * 2654435761 + 1) >>> 0;
  const size = shape.reduce((product, dim) => product * dim, 1);
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  return new Tensor('float32', shape, Float32Array.from({ length: size }, next));
}

export const whole = (shape: readonly number[], values: readonly number[]): Tensor => new Tensor('int32', shape, Int32Array.from(values));

import { Aten } from '../../aten/aten.ts';
import { type Argument, Tuple } from '../../aten/values.ts';
import { TraceletError } from '../../base/error.ts';
import { describe, readJson } from '../../base/json.ts';
import type { ForwardResult } from '../../nn/outputs.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { dtypeOfInput, type ExampleInput, missing, namesFor, type OpenSizes, ScriptModule, tensorsOf } from '../module.ts';
import { resultOf } from '../outputs.ts';
import { define, isWeight, ScriptPart, type Stored, type StoredTensors } from '../tensors.ts';
import type { Value } from '../values.ts';
import { readArgument } from './arguments.ts';
import type { Container } from './container.ts';
import { Runner } from './runner.ts';
import { dtypeOf, Json } from './schema.ts';
import { openSizes, rangesOf, type SymbolicInput, sizesOf } from './sizes.ts';
import { structured } from './structure.ts';

/** Inputs of a program that are tensors of its own, by where their name stands. */
const TENSORS: Readonly<Record<string, string>> = {
  parameter: 'parameter_name',
  buffer: 'buffer_name',
  tensor_constant: 'tensor_constant_name',
};

/** A module of `torch.export.save`, whose graph is run node by node. */
export class ExportedModule extends ScriptModule {
  readonly #container: Container;
  readonly #graph: Json;
  readonly #module: Json;
  readonly #stored = new Map<string, Stored>();
  readonly #inputs: SymbolicInput[] = [];
  /** What inputs are called in the program. */
  readonly #variables: string[] = [];
  readonly #names: readonly string[];
  readonly #parts = new Map<string, object>();

  constructor(container: Container, tensors: StoredTensors, names?: readonly string[]) {
    super(container);
    this.#container = container;
    this.#module = container.program.object('graph_module');
    this.#graph = this.#module.object('graph');
    this.#parts.set('', this);
    const ranges = rangesOf(container.program);
    const values = this.#graph.object('tensor_values');
    for (const spec of this.#module.object('signature').objects('input_specs')) {
      const [kind, inner] = spec.union();
      const json = new Json(inner, spec.fault);
      if (kind === 'user_input') this.#addInput(json.object('arg'), values, ranges);
      else if (Object.hasOwn(TENSORS, kind)) this.#addTensor(json, json.text(TENSORS[kind]), kind === 'parameter', tensors);
      else throw refusal(container.name, kind);
    }
    for (const spec of this.#module.object('signature').objects('output_specs'))
      if (!spec.has('user_output')) throw refusal(container.name, spec.union()[0]);
    this.#names = namesFor(this.#variables, names, container.name);
  }

  override get input_names(): readonly string[] {
    return this.#names;
  }

  /** A line a node: what it makes, the op, and what that is given. */
  override get code(): string {
    return this.#graph
      .objects('nodes')
      .map((node) => {
        const made = node.objects('outputs').flatMap((output) => namesIn(output));
        const given = node.objects('inputs').map((input) => `${input.text('name')}=${JSON.stringify(input.object('arg').union()[1])}`);
        return `${made.join(', ')} = ${node.text('target')}(${given.join(', ')})`;
      })
      .join('\n');
  }

  override get example_inputs(): readonly ExampleInput[] {
    return this.#inputs.map(({ dtype, shape }, i) => ({ name: this.#names[i], dtype, shape }));
  }

  override get open_sizes(): OpenSizes | undefined {
    const named = this.#inputs.map((input, i) => ({ ...input, name: this.#names[i] }));
    return openSizes(named, rangesOf(this.#container.program));
  }

  forward(...given: (Tensor | undefined)[]): ForwardResult {
    const aten = new Aten(this.formulates);
    const tensorOf = tensorsOf(aten);
    const values = new Map<string, Value>();
    for (const [name, stored] of this.#stored) values.set(name, tensorOf(stored));
    for (const [i, name] of this.#variables.entries()) {
      const tensor = given[i];
      if (!tensor) throw missing(this.#container.name, this.#names[i]);
      values.set(name, aten.input(this.#names[i], tensor, dtypeOfInput(tensor, this.#inputs[i].dtype)));
    }
    const runner = new Runner({ aten, file: this.#container.record, module: (path) => this.#parts.get(path) });
    runner.graph(this.#graph, values);
    const variables = {
      get: (name: string): Value => {
        const value = values.get(name);
        if (value === undefined) throw this.#graph.fault('a value that was made', describe(name));
        return value;
      },
    };
    const specs = this.#module.object('signature').objects('output_specs');
    const outputs = specs.map((spec) => readArgument(spec.object('user_output').object('arg'), variables));
    return resultOf(this.#structured(outputs), aten, this.#className);
  }

  /** The outputs in the tuples and dicts of the module in Python. */
  #structured(outputs: readonly Value[]): Value {
    const [call] = this.#module.has('module_call_graph') ? this.#module.objects('module_call_graph') : [];
    const spec = call?.has('signature') ? call.object('signature').raw('out_spec') : undefined;
    const json = typeof spec === 'string' ? readJson(spec, `out_spec of ${this.#container.name}`) : undefined;
    return structured(outputs, json) ?? (outputs.length === 1 ? outputs[0] : new Tuple(outputs as Argument[]));
  }

  /** The class of the module that was exported. */
  get #className(): string {
    for (const node of this.#graph.objects('nodes')) {
      const stack = node.has('metadata') ? node.object('metadata').raw('nn_module_stack') : undefined;
      const [path, , name] = typeof stack === 'string' ? stack.split(';', 1)[0].split(',') : [];
      if (path === 'L__self__' && name) return name.slice(name.lastIndexOf('.') + 1);
    }
    return '';
  }

  #addInput(arg: Json, values: Json, ranges: ReturnType<typeof rangesOf>): void {
    const [kind, inner] = arg.union();
    if (kind !== 'as_tensor') {
      const name = typeof inner === 'object' && inner !== null ? new Json(inner, arg.fault).raw('name') : undefined;
      if (kind !== 'as_none') throw refusal(this.#container.name, `an input ${typeof name === 'string' ? name : ''} of ${kind.slice(3)}`);
      return;
    }
    const name = new Json(inner, arg.fault).text('name');
    const meta = values.object(name);
    const dtype = dtypeOf(meta.raw('dtype'), meta.fault);
    if (dtype === 'I16') throw refusal(this.#container.name, `an input ${name} of int16`);
    this.#variables.push(name);
    this.#inputs.push({ name, dtype, ...sizesOf(meta, ranges) });
  }

  #addTensor(spec: Json, path: string, isParameter: boolean, tensors: StoredTensors): void {
    const raw = this.#container.tensor(path);
    if (!raw) throw spec.fault(`the tensor ${describe(path)}`, 'none');
    const stored = isParameter && isWeight(raw.dtype, raw.shape) ? tensors.parameter(raw, path) : tensors.plain(raw, path);
    this.#stored.set(spec.object('arg').text('name'), stored);
    const names = path.split('.');
    const own = names.pop() as string;
    const part = names.length > 0 && stored.tensor instanceof Parameter ? this.#part(names) : this;
    if (stored.tensor instanceof Parameter) define(part, own, stored.tensor, path);
  }

  /** The part of a path, made with those that it lies in. */
  #part(names: readonly string[]): object {
    const path = names.join('.');
    const known = this.#parts.get(path);
    if (known) return known;
    const part = new ScriptPart();
    define(this.#part(names.slice(0, -1)), names[names.length - 1], part, path);
    this.#parts.set(path, part);
    return part;
  }
}

function namesIn(output: Json): string[] {
  const [, inner] = output.union();
  const names = (value: unknown): string[] => {
    if (Array.isArray(value)) return value.flatMap(names);
    const json = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    return [json.name ?? json.as_name].filter((name): name is string => typeof name === 'string');
  };
  return names(inner);
}

const refusal = (what: string, got: string): TraceletError =>
  new TraceletError('unsupported', {
    what,
    expected: 'a program that takes and answers tensors, and changes nothing',
    got,
    cure: 'Export a module in evaluation mode that is given all of its state as inputs',
  });

import type { Aten } from '../../aten/aten.ts';
import { type Argument, type AtenTensor, Float, type Site, Tuple } from '../../aten/values.ts';
import { TraceletError } from '../../base/error.ts';
import { describe } from '../../base/json.ts';
import { builtin, refuseForeign } from '../builtins.ts';
import { itemsOf } from '../containers.ts';
import { kindOfValue, numberIn, type Value } from '../values.ts';
import { readArgument, type Variables } from './arguments.ts';
import { Json } from './schema.ts';

const MOST_NODES = 1_000_000;
const DEEPEST = 100;
const KEYWORD = 2;
const SUBGRAPHS = ['wrap_with_set_grad_enabled'];

/** Ops that only check what was true when the program was made. */
const CHECKS = ['_assert_tensor_metadata', '_assert_scalar', '_assert_async', 'sym_constrain_range', 'sym_constrain_range_for_size'];

/** Functions of Python in programs, by what they are called as ops. */
const PYTHON: Readonly<Record<string, string>> = {
  truediv: 'div',
  floordiv: 'floordiv',
  mod: 'remainder',
  and_: '__and__',
  or_: '__or__',
  not_: '__not__',
  sym_max: 'max',
  sym_min: 'min',
  sym_not: '__not__',
  getitem: '__getitem__',
};

/** Conversions of numbers. */
const CONVERSIONS: Readonly<Record<string, (value: number) => Value>> = {
  sym_float: (value) => new Float(value),
  sym_int: (value) => Math.trunc(value),
  trunc: (value) => Math.trunc(value),
  ceil: (value) => Math.ceil(value),
  floor: (value) => Math.floor(value),
  round: (value) => Math.round(value),
};

/** What a runner is given. */
export interface Run {
  readonly aten: Aten;
  /** The record of the program. */
  readonly file: string;
  /** The module of a path. */
  module(path: string): object | undefined;
}

/** Runs the nodes of an exported program one after the other. */
export class Runner {
  readonly #run: Run;
  #nodes = 0;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Gives `values` what the nodes of a graph make. Throws `op`, `format` and `unsupported` errors with the node. */
  graph(graph: Json, values: Map<string, Value>, depth = 0): void {
    if (depth > DEEPEST) throw graph.fault(`graphs at most ${DEEPEST} deep`, 'deeper ones');
    for (const [i, node] of graph.objects('nodes').entries()) {
      if (this.#nodes++ === MOST_NODES) throw graph.fault(`at most ${MOST_NODES} nodes`, 'more');
      this.#node(node, i + 1, values, depth);
    }
  }

  #node(node: Json, line: number, values: Map<string, Value>, depth: number): void {
    const target = node.text('target');
    const site = { file: this.#run.file, line, ...this.#located(node) };
    const variables: Variables = {
      get(name) {
        const value = values.get(name);
        if (value === undefined) throw node.fault('a value that was made before', describe(name));
        return value;
      },
    };
    const name = opName(target);
    if (CHECKS.includes(name.split('.', 1)[0])) return;
    const inputs = node.objects('inputs');
    const made = SUBGRAPHS.includes(name)
      ? this.#subgraph(inputs, variables, depth)
      : this.#call({ name, target, site }, inputs, variables, node);
    assign(node, made, values);
  }

  #call(
    { name, target, site }: { name: string; target: string; site: Site },
    inputs: readonly Json[],
    variables: Variables,
    node: Json,
  ): Value {
    const args: Value[] = [];
    const named = new Map<string, Value>();
    for (const input of inputs) {
      const value = readArgument(input.object('arg'), variables);
      if (input.has('kind') && input.raw('kind') !== KEYWORD) args.push(value);
      else named.set(input.text('name'), value);
    }
    const wrong = (expected: string): TraceletError =>
      node.fault(`${expected} for ${target} in node ${site.line}`, args.map(kindOfValue).join(', ') || 'nothing');
    if (!target.startsWith('torch.ops.')) return ofPython(name, [...args, ...named.values()], wrong, target);
    const known = builtin(name, args, wrong);
    if (known !== undefined) return known;
    refuseForeign(name, `${site.file}, node ${site.line}`);
    return this.#run.aten.call(name, args as Argument[], named as ReadonlyMap<string, Argument>, site) as Value;
  }

  /** A graph within the graph, which is given the last arguments. */
  #subgraph(inputs: readonly Json[], variables: Variables, depth: number): Value {
    const at = inputs.findIndex((input) => input.object('arg').has('as_graph'));
    if (at < 0) throw (inputs[0] as Json).fault('a graph', 'none');
    const graph = inputs[at].object('arg').object('as_graph').object('graph');
    const given = inputs.slice(at + 1).map((input) => readArgument(input.object('arg'), variables));
    const names = graph.objects('inputs').map(nameOf);
    if (names.length !== given.length) throw graph.fault(`${names.length} inputs of a graph`, `${given.length}`);
    const values = new Map(names.map((name, i) => [name, given[i]]));
    this.graph(graph, values, depth + 1);
    const results = graph.objects('outputs').map((output) => readArgument(output, { get: (name) => values.get(name) as Value }));
    return new Tuple(results as Argument[]);
  }

  /** Where the module of a node lies. */
  #located(node: Json): { path: string; module?: object } {
    const stack = node.has('metadata') ? node.object('metadata').raw('nn_module_stack') : undefined;
    const [, path = ''] = typeof stack === 'string' ? (stack.split(';').at(-1) as string).split(',') : [];
    const module = this.#run.module(path);
    return module ? { path, module } : { path: '' };
  }
}

function nameOf(value: Json): string {
  const [kind, inner] = value.union();
  return new Json(inner, value.fault).text(kind === 'as_tensor' ? 'name' : 'as_name');
}

/** `add.Tensor` for torch.ops.aten.add.Tensor, `linear` for torch.ops.aten.linear.default, `add` for _operator.add. */
function opName(target: string): string {
  const [, space, op, overload] = /^torch\.ops\.(\w+)\.(\w+)(?:\.(\w+))?$/.exec(target) ?? [];
  if (op === undefined) return target.slice(target.lastIndexOf('.') + 1);
  if (op === 'sym_size' || op === 'sym_numel') return op.slice('sym_'.length);
  if (space === 'higher_order') return op;
  const name = overload === undefined || overload === 'default' ? op : `${op}.${overload}`;
  return space === 'aten' ? name : `${space}::${name}`;
}

/** Sizes are computed with functions of Python. */
function ofPython(name: string, args: readonly Value[], wrong: (expected: string) => Error, target: string): Value {
  const [value] = args;
  const number = numberIn(value);
  if (Object.hasOwn(CONVERSIONS, name) && number !== undefined) return CONVERSIONS[name](number);
  if (name === 'sym_sum') return (itemsOf(value) ?? []).reduce<number>((sum, each) => sum + (numberIn(each) ?? Number.NaN), 0);
  const known = builtin(Object.hasOwn(PYTHON, name) ? PYTHON[name] : name, args, wrong);
  if (known !== undefined) return known;
  throw new TraceletError('op', { what: target, expected: 'a function of numbers that is known here', got: 'another' });
}

/** Gives the results of a node their names. */
function assign(node: Json, made: Value, values: Map<string, Value>): void {
  const outputs = node.objects('outputs');
  const several = made instanceof Tuple ? made.items : outputs.length > 1 ? itemsOf(made) : undefined;
  for (const [i, output] of outputs.entries()) name(output, several ? several[i] : made, values);
}

function name(output: Json, value: Value | undefined, values: Map<string, Value>): void {
  const [kind, inner] = output.union();
  if (kind === 'as_none') return;
  if (value === undefined) throw output.fault('a result', 'none');
  if (kind === 'as_tensors') {
    const items = itemsOf(value);
    if (!Array.isArray(inner) || items?.length !== inner.length) throw output.fault('a list of tensors', kindOfValue(value));
    for (const [i, each] of inner.entries()) values.set(new Json(each, output.fault).text('name'), items[i]);
  } else if (kind === 'as_tensor') values.set(new Json(inner, output.fault).text('name'), value as AtenTensor);
  else if (kind.startsWith('as_sym_')) {
    const json = new Json(inner, output.fault);
    if (json.has('as_name')) values.set(json.text('as_name'), value);
  } else throw output.fault('a tensor, a list of tensors or a number', kind);
}

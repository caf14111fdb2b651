import { TraceletError } from '../base/error.ts';
import {
  type Constant,
  type Graph,
  type HostValue,
  type Input,
  makeNode,
  type Node,
  storageOf,
  type Value,
  verifyGraph,
} from '../graph/graph.ts';
import { gridShape, type HostOperands, hostRule, hostTensor, type Rule } from '../graph/hostvalues.ts';
import { SEQUENCE, Sequences } from '../graph/sequences.ts';
import { type Executor, using } from '../nn/chosen.ts';
import { ne } from '../nn/general/compare.ts';
import type { AnyModule } from '../nn/module.ts';
import { type ForwardResult, flattenOutputs } from '../nn/outputs.ts';
import { select } from '../nn/views.ts';
import { type Attributes, fitOperands, type Operands } from '../ops/call.ts';
import type { Instance } from '../runtime/instance.ts';
import { Derived } from '../tensor/derived.ts';
import type { Sizes } from '../tensor/dim.ts';
import { type DType, type DTypeName, dtypeNamed, isWhole, type Named, type TypedArray } from '../tensor/dtype.ts';
import { Parameter, Reshaped } from '../tensor/parameter.ts';
import { type Shape, Tensor } from '../tensor/tensor.ts';
import { constantsIn, graphOf, inline } from './inline.ts';
import { untiedNames } from './tied.ts';
import { withFloatInputs } from './wholes.ts';

/** A tensor that stands for a value of the graph under construction: it has a shape, but no elements yet. */
class Recorded extends Tensor {
  readonly value: Value;
  readonly #tracer: Tracer;

  constructor(value: Value, tracer: Tracer) {
    super(value.dtype, value.shape, null);
    this.value = value;
    this.#tracer = tracer;
  }

  override get data(): TypedArray {
    throw this.#unknown('reads the elements');
  }

  override item(): number {
    throw this.#unknown('reads the element');
  }

  override get recorded(): boolean {
    return true;
  }

  override to<N extends DTypeName>(dtype: N): Tensor<Named<N>> {
    return this.#tracer.converted(this, dtypeNamed(dtype, 'to')) as Tensor as Tensor<Named<N>>;
  }

  protected override reshaped(shape: Shape): Tensor {
    const { value } = this;
    const base = value.kind === 'view' ? value.base : value;
    return new Recorded({ kind: 'view', base, dtype: value.dtype, shape }, this.#tracer);
  }

  /** Whole numbers that an op takes for floats become floats in an op before it. */
  override operand<W extends DType>(dtype: W, what: string): Tensor<W> {
    return this.#tracer.readAs(this, dtype, what) as Tensor<W>;
  }

  /** Its rows, each the result of an op. */
  override *rows(): IterableIterator<Tensor> {
    for (let i = 0; i < this.shape[0]; i++) yield select(this, 0, i);
  }

  override [Symbol.toPrimitive](): never {
    throw this.#unknown('compares or computes with the elements');
  }

  #unknown(does: string): TraceletError {
    return new TraceletError('tracing', {
      what: `${this.#tracer.path || 'the model'} ${does} of a tensor of shape [${this.shape}] while it is traced`,
      expected: 'a forward pass made of ops alone',
      got: 'JavaScript that depends on tensor values',
      cure:
        'A trace records one path through the model and would replay it whatever the input: branch on shapes or config instead, ' +
        'or express the choice with ops (mul by a mask, for instance)',
    });
  }
}

/** Records ops as a graph instead of computing them. */
class Tracer implements Executor {
  readonly nodes: Node[] = [];
  readonly #constants = new Map<Tensor, Value>();
  readonly #hostValues = new Map<string, HostValue>();
  readonly #names: Map<unknown, string>;
  readonly #sequences = new Sequences();
  readonly #floats = new Map<Value, Tensor>();
  /** Traces whose steps are among the nodes, and what their weights are here. */
  readonly #inlined = new Map<Graph, (constant: Constant) => Constant>();
  #module: object | undefined;
  path = '';

  constructor(model: AnyModule) {
    this.#names = new Map<unknown, string>(untiedNames(model));
    for (const [name, module] of model.named_modules()) this.#names.set(module, name);
  }

  within<T>(module: object, body: () => T): T {
    const [path, outer] = [this.path, this.#module];
    this.path = this.#names.get(module) ?? path;
    this.#module = module;
    try {
      return body();
    } finally {
      this.path = path;
      this.#module = outer;
    }
  }

  apply(op: string, operands: Operands<Tensor>, attrs: Attributes): Tensor<'float32'> {
    const fitted = fitOperands(op, operands);
    const values: Operands<Value> = {};
    for (const name in fitted) values[name] = fitted[name] && this.valueOf_(fitted[name]);
    const node = makeNode(op, values, attrs, { path: this.path });
    this.nodes.push(node);
    return new Recorded(node, this) as Tensor as Tensor<'float32'>;
  }

  hostValue(rule: Rule, grid: Shape, { input: given, fill, like }: HostOperands = {}): Tensor<'int32'> {
    if (given && !(given instanceof Recorded)) return hostTensor(rule, grid, { input: given, fill });
    const [batch, sequence] = grid;
    const input = given && this.#inputOf(given);
    const its = hostRule(rule).sequence ?? (like instanceof Recorded ? this.#sequences.of(like.value) : undefined) ?? SEQUENCE;
    const key = `${rule} ${its} ${batch} ${sequence} ${fill} ${input?.name}`;
    let made = this.#hostValues.get(key);
    if (!made) {
      const shape = gridShape(rule, grid);
      made = { kind: 'host', rule, grid: [batch, sequence], masked: false, sequence: its, fill, input, dtype: 'int32', shape };
      this.#hostValues.set(key, made);
    }
    return new Recorded(made, this) as Tensor as Tensor<'int32'>;
  }

  #inputOf({ value }: Recorded): Input {
    const storage = storageOf(value);
    if (storage.kind === 'input') return storage;
    throw new TraceletError('tracing', {
      what: `F.positions, F.neighbours or F.ends of ids in ${this.path || 'the model'}`,
      expected: 'an input of the trace, or another shape of it',
      got: 'what an op makes',
      cure: 'Ask for them of the input, before any op',
    });
  }

  inline(instance: Instance, inputs: Readonly<Record<string, Tensor>>, sizes: Sizes): Tensor[] {
    return inline(graphOf(instance), inputs, sizes, this).map((value) => new Recorded(value, this));
  }

  constantsOf(graph: Graph): (constant: Constant) => Constant {
    const path = this.#names.get(this.#module) ?? [this.path, `traced_${this.#inlined.size}`].filter(Boolean).join('.');
    const known = this.#inlined.get(graph) ?? constantsIn(path);
    this.#inlined.set(graph, known);
    return known;
  }

  add(node: Node): void {
    this.nodes.push(node);
  }

  hostValueOf({ rule, fill, input }: HostValue, grid: Shape, inputs: ReadonlyMap<Value, Tensor>): Value {
    const given = input && (inputs.get(input) as Tensor<'int32'>);
    const [like] = inputs.values();
    return this.valueOf_(this.hostValue(rule, grid, { input: given, fill, like }));
  }

  /** `tensor` as an op takes it for `dtype`. Throws `dtype` errors. */
  readAs(tensor: Recorded, dtype: DType, what: string): Tensor {
    const { value } = tensor;
    if (value.dtype === dtype) return tensor;
    if (dtype !== 'float32' || value.dtype !== 'int32') throw notOf(value, dtype, what);
    const known = this.#floats.get(value) ?? this.apply('to_float32', { x: tensor }, {});
    this.#floats.set(value, known);
    return known;
  }

  /** `tensor` as floats, or as whole numbers where it is to be such. Throws a `dtype` error for floats of another width. */
  converted(tensor: Recorded, dtype: DType): Tensor {
    if (dtype === 'float32') return this.readAs(tensor, dtype, 'to');
    if (dtype === 'bool') return ne(tensor, 0);
    if (isWhole(dtype)) return tensor.dtype === 'int32' ? tensor : this.apply('to_int32', { x: tensor }, {});
    throw new TraceletError('dtype', { what: `to('${dtype}') in a trace`, expected: 'float32, int32 or bool', got: dtype });
  }

  #nameOf(tensor: Tensor): string | undefined {
    if (!(tensor instanceof Derived)) return this.#names.get(tensor instanceof Reshaped ? tensor.parameter : tensor);
    const source = this.#nameOf(tensor.source);
    return source && `${source}.${tensor.suffix}`;
  }

  valueOf_(tensor: Tensor): Value {
    if (tensor instanceof Recorded) return tensor.value;
    let constant = this.#constants.get(tensor);
    if (!constant) {
      const name =
        this.#nameOf(tensor) ?? (tensor instanceof Parameter ? `parameters.${this.#constants.size}` : `constants.${this.#constants.size}`);
      constant = { kind: 'constant', dtype: tensor.dtype, shape: tensor.shape, parts: [{ name, tensor }] };
      this.#constants.set(tensor, constant);
    }
    return constant;
  }
}

function notOf(value: Value, dtype: DType, what: string): TraceletError {
  const storage = storageOf(value);
  const got = storage.kind === 'input' ? `input "${storage.name}" of ${storage.dtype}` : storage.dtype;
  return new TraceletError('dtype', { what, expected: dtype, got, cure: dtype === 'int32' ? "Convert it with to('int32')" : undefined });
}

export interface TracedInput {
  name: string;
  dtype: DType;
  shape: Shape;
}

/** A verified graph of one forward pass and the form of its result. */
export interface Recording {
  graph: Graph;
  structure: 'tensor' | 'tuple';
}

/** Ops that patterns are made of. A graph without these spells nothing out. */
const SPELLING = new Set(['matmul', 'softmax', 'reduce', 'binary', 'unary', 'where']);

/** Ops that graphs spell out. */
const FOUND = new Set([
  ...['attention', 'relative_attention', 'cross_attention', 'attention_weights', 'relative_attention_weights', 'cross_attention_weights'],
  ...['layer_norm', 'rms_norm', 'gelu', 'gelu_new', 'quick_gelu', 'silu', 'mean_pool', 'max_pool', 'l2_normalize', 'rotary'],
]);

/** Whether a graph may spell out what an op says. */
export const isSpelled = ({ nodes }: Graph): boolean => nodes.some(({ op }) => SPELLING.has(op));

/** Makes the outputs of a recorded graph anew, while it is recorded once more. */
export type Replay = (graph: Graph, recorder: { tensorOf(value: Value): Tensor; moduleOf(path: string): object | undefined }) => Tensor[];

/** `graph` with its outputs as `replay` makes them. */
function again(model: AnyModule, graph: Graph, replay: Replay): Graph {
  const tracer = new Tracer(model);
  const modules = new Map(model.named_modules());
  const recorder = { tensorOf: (value: Value) => new Recorded(value, tracer), moduleOf: (path: string) => modules.get(path) };
  const tensors = using(tracer, () => replay(graph, recorder));
  const outputs = graph.outputs.map(({ name }, i) => ({ name, value: tracer.valueOf_(tensors[i]) }));
  const found = tracer.nodes.filter(isFound).length > graph.nodes.filter(isFound).length;
  return found ? { ...graph, nodes: tracer.nodes, outputs } : graph;
}

/** Whether a node is what patterns are looked for. */
const isFound = ({ op }: Node): boolean => FOUND.has(op);

/** Records `forward(...)` of `model` on inputs of the given names, dtypes and shapes. Values are not needed. What it spells out is found by `replay`. */
export function record(
  model: AnyModule,
  inputs: readonly TracedInput[],
  forward: (inputs: Tensor[]) => ForwardResult,
  replay?: Replay,
): Recording {
  const tracer = new Tracer(model);
  const values = inputs.map(({ name, dtype, shape }): Input => ({ kind: 'input', name, dtype, shape }));
  const result = using(tracer, () => forward(values.map((value) => new Recorded(value, tracer))));
  const { structure, tensors } = flattenOutputs(result);
  const outputs = tensors.map(({ name, tensor }) => ({ name, value: tracer.valueOf_(tensor) }));
  const plain = { inputs: values, nodes: tracer.nodes, outputs };
  const graph = withFloatInputs(replay ? again(model, plain, replay) : plain);
  verifyGraph(graph);
  return { graph, structure };
}

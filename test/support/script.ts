import { Aten } from '../../src/aten/aten.ts';
import { type Argument, AtenTensor, Float, type Site, Tuple } from '../../src/aten/values.ts';
import { TraceletError } from '../../src/base/error.ts';
import { zeros } from '../../src/tensor/creation.ts';
import { Interpreter } from '../../src/torchscript/interpreter.ts';
import { Program } from '../../src/torchscript/program.ts';
import { isDict, NamedTuple, ScriptObject, type Value } from '../../src/torchscript/values.ts';
import { call, dict, ops, pickled, strided, text, tuple, whole } from './pickle.ts';
import { type ZipFile, zipOf } from './zip.ts';

const bytesOf = (content: string): Uint8Array => new TextEncoder().encode(content);

/** An object of a class in a pickle. */
export const object = (name: string, attributes: Readonly<Record<string, Uint8Array>> = {}): Uint8Array => {
  const [module, own] = [name.slice(0, name.lastIndexOf('.')), name.slice(name.lastIndexOf('.') + 1)];
  return ops(`c${module}\n${own}\n)\x81`, dict(attributes), 'b');
};

/** A float in a pickle. */
export function float(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return ops('G', new Uint8Array(view.buffer));
}

export interface ScriptParts {
  /** Files of code by name without ending: `__torch__`. */
  code?: Readonly<Record<string, string>>;
  data?: Uint8Array;
  storages?: Readonly<Record<string, Uint8Array>>;
  constants?: readonly Uint8Array[];
  constantStorages?: Readonly<Record<string, Uint8Array>>;
  /** Shapes of int64 inputs. */
  traced?: readonly (readonly number[])[];
  extra?: Readonly<Record<string, string>>;
  others?: readonly ZipFile[];
}

const tracedInput = (shape: readonly number[]): Uint8Array =>
  strided({
    type: 'LongStorage',
    length: shape.reduce((a, b) => a * b, 1),
    size: shape,
    stride: shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1)),
  });

const list = (...items: readonly Uint8Array[]): Uint8Array => ops('](', ...items, 'e');

/** An archive as torch.jit.save writes it. */
export function scriptArchive({
  code = {},
  data = object('__torch__.M'),
  storages = {},
  constants = [],
  constantStorages = {},
  traced,
  extra = {},
  others = [],
}: ScriptParts = {}): Uint8Array {
  const entry = (name: string, content: Uint8Array): ZipFile => ({ name: `m/${name}`, content });
  return zipOf([
    entry('data.pkl', pickled(data)),
    ...Object.entries(code).map(([name, content]) => ({ ...entry(`code/${name}.py`, bytesOf(content)), deflated: true })),
    ...Object.entries(storages).map(([key, content]) => entry(`data/${key}`, content)),
    entry('constants.pkl', pickled(tuple(...constants))),
    ...Object.entries(constantStorages).map(([key, content]) => entry(`constants/${key}`, content)),
    ...(traced ? [entry('traced_inputs.pkl', pickled(dict({ forward: list(...traced.map(tracedInput)) })))] : []),
    ...Object.entries(extra).map(([name, content]) => entry(`extra/${name}`, bytesOf(content))),
    entry('version', bytesOf('3\n')),
    ...others,
  ]);
}

export { call, list, text, whole };

/** Ops that note how they are called, and answer with tensors of the first shape; what is known of a tensor is its number, if it has one. */
export class FakeAten extends Aten {
  readonly calls: { name: string; args: readonly Argument[]; named: Record<string, Argument>; site: Site }[] = [];
  readonly numbers = new Map<AtenTensor, number | Float | boolean>();

  override call(name: string, args: readonly Argument[], named: ReadonlyMap<string, Argument>, site: Site): Argument {
    this.calls.push({ name, args, named: Object.fromEntries(named), site });
    const [first] = args;
    if (name === 'size' && first instanceof AtenTensor) return args.length === 1 ? [...first.shape] : first.shape[args[1] as number];
    if (name === 'unbind') return [this.tensor(), this.tensor()];
    if (name === 'max_pool2d_with_indices') return new Tuple([this.tensor(), this.tensor()]);
    const made = this.tensor(first instanceof AtenTensor ? first.shape : []);
    if (name === 'NumToTensor') this.numbers.set(made, first as number);
    return made;
  }

  override number(value: AtenTensor, { file, line }: Site): number | Float | boolean {
    const known = this.numbers.get(value);
    if (known === undefined) throw new TraceletError('tracing', { what: `a number in ${file}, line ${line}` });
    return known;
  }

  tensor(shape: readonly number[] = [2, 3]): AtenTensor {
    return this.input('x', zeros([...shape]));
  }
}

/** A value of a program in plain words of JavaScript. */
export function plain(value: Value): unknown {
  if (value instanceof Float) return `${value.value}f`;
  if (value instanceof NamedTuple) return Object.fromEntries(value.names.map((name, i) => [name, plain(value.items[i])]));
  if (value instanceof Tuple) return { tuple: value.items.map(plain) };
  if (Array.isArray(value)) return value.map(plain);
  if (isDict(value)) return { dict: [...value].map(([key, each]) => [plain(key), plain(each)]) };
  if (value instanceof AtenTensor) return `tensor[${value.shape}]`;
  return value;
}

/** A program of these files, run by {@link FakeAten}. */
export function program(files: Readonly<Record<string, string>>, constants: readonly Value[] = []) {
  const aten = new FakeAten();
  const objects = new Set<ScriptObject>();
  const interpreter = new Interpreter({
    program: new Program((record) => files[record.replace(/^code\/(.*)\.py$/, '$1')]),
    aten,
    constants,
    constant: (at) => constants[at],
    attribute: (of, name) => of.attributes.get(name) as Value,
    locate: (of) => (objects.has(of) ? { path: String(of.attributes.get('path') ?? '') } : undefined),
  });
  const make = (name: string, attributes: Readonly<Record<string, Value>> = {}): ScriptObject => {
    const made = new ScriptObject(name);
    for (const [key, value] of Object.entries(attributes)) made.attributes.set(key, value);
    objects.add(made);
    return made;
  };
  return { aten, interpreter, make };
}

/** What the body of a method answers to tensors `x` and `y` of shape [2, 3]. */
export function answer(body: string, { more = '', self = {} }: { more?: string; self?: Readonly<Record<string, Value>> } = {}) {
  const lines = body
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  const { aten, interpreter, make } = program({
    __torch__: `class M(Module):\n  __parameters__ = []\n  def forward(self: __torch__.M,\n    x: Tensor,\n    y: Optional[Tensor]=None) -> Tensor:\n${lines}\n${more}`,
  });
  const value = interpreter.method(make('__torch__.M', self), 'forward', [aten.tensor()]);
  return { value: plain(value), calls: aten.calls };
}

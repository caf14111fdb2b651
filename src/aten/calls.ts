import { TraceletError } from '../base/error.ts';
import { didYouMean } from '../base/nearest.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { isFloating, numberOf } from './dtypes.ts';
import { axisOf } from './geometry.ts';
import { elementsOf, sourceOf } from './knowledge.ts';
import { expand } from './moves.ts';
import type { Constant, Node } from './node.ts';
import { OPS } from './ops/ops.ts';
import { castTo } from './pointwise.ts';
import { simplified } from './rules/rules.ts';
import { bound, kindsOf, type OpTable, type Overloads, type Result, unfit } from './schema.ts';
import { type Argument, AtenTensor, Float, type Put, type Site } from './values.ts';
import { putOf } from './writing.ts';

/** Arguments by name. */
export type Named = ReadonlyMap<string, Argument>;

const sizes = ({ shape }: AtenTensor, dim: number | null): Argument =>
  dim === null ? [...shape] : shape[axisOf(dim, shape.length, 'size')];
const count = ({ shape }: AtenTensor): number => sizeOf(shape);

const asks = (answer: (self: AtenTensor) => Argument): Overloads => [['AnyTensor self', answer]];

/** Ops that ask what a tensor is. */
const QUESTIONS: OpTable = {
  size: [['AnyTensor self, int? dim=None', sizes]],
  sym_size: [['AnyTensor self, int? dim=None', sizes]],
  dim: asks(({ shape }) => shape.length),
  len: asks(({ shape }) => shape[0]),
  numel: asks(count),
  sym_numel: asks(count),
  is_floating_point: asks(({ dtype }) => isFloating(dtype)),
  dtype: asks(({ dtype }) => numberOf(dtype)),
  device: asks(() => 'cpu'),
  layout: asks(() => 0),
  is_cuda: asks(() => false),
  is_nested: asks(() => false),
  requires_grad: asks(() => false),
  Int: asks((self) => Math.trunc(Number(plainNumber(self)))),
  Float: asks((self) => new Float(Number(plainNumber(self)))),
  Bool: asks((self) => Number(plainNumber(self)) !== 0),
  item: asks(numberIn),
  ScalarImplicit: asks(numberIn),
};

/** The number that a tensor of one element holds. Throws a `tracing` error where it follows from elements of inputs. */
export function numberIn({ node: { shape, dtype, known } }: AtenTensor): number | Float | boolean {
  if (sizeOf(shape) !== 1) throw new TraceletError('shape', { what: 'a number', expected: 'a tensor with one element', got: `[${shape}]` });
  if (known && !sourceOf(known)) return pythonNumber({ kind: 'constant', shape, dtype, known });
  throw new TraceletError('tracing', {
    what: 'a number that the program computes with or branches on',
    expected: 'one that follows from sizes alone',
    got: 'one that follows from elements of inputs or weights',
    cure: 'A trace records one path for all inputs of its sizes: make the model choose with torch.where or a mask',
  });
}

const plainNumber = (self: AtenTensor): number | boolean => {
  const number = numberIn(self);
  return number instanceof Float ? number.value : number;
};

function overloadsOf(op: string): Overloads | undefined {
  const overloads = [QUESTIONS, OPS].flatMap((table) => (Object.hasOwn(table, op) ? table[op] : []));
  return overloads.length > 0 ? overloads : undefined;
}

/** What `op` makes of its arguments; with a name that ends with _, or `out`, it writes to one of them. Throws `TraceletError`s that do not say where. */
export function callOp(op: string, positional: readonly Argument[], named: Named, site: Site): Argument {
  const [self] = positional;
  const { out, ...others } = Object.fromEntries(named);
  if (out instanceof AtenTensor) {
    out.write((callOp(op, positional, new Map(Object.entries(others)), site) as AtenTensor).node);
    return out;
  }
  const overloads = overloadsOf(op);
  if (overloads) return run(op, overloads, positional, named, site);
  const plain = op.endsWith('_') ? overloadsOf(op.slice(0, -1)) : undefined;
  if (!plain || !(self instanceof AtenTensor))
    throw new TraceletError('op', {
      what: `aten::${op}`,
      expected: 'an op that runs here',
      got: 'another',
      cure: didYouMean(op, Object.keys(OPS)),
    });
  const { node } = run(op, plain, positional, named, site) as AtenTensor;
  self.write(castTo(expand(node, self.shape), self.dtype));
  return self;
}

/** Runs the first overload that arguments fit. */
function run(op: string, overloads: Overloads, positional: readonly Argument[], named: Named, site: Site): Argument {
  for (const [schema, make] of overloads) {
    const given = bound(schema, positional, named);
    if (!given) continue;
    const put = given.shared && putOf(op, given.values);
    return answerOf((make as (...values: unknown[]) => Result)(...given.values), site, given.shared, put);
  }
  throw unfit(op, overloads, kindsOf(positional, named));
}

const isNode = (result: unknown): result is Node => typeof result === 'object' && result !== null && 'kind' in result;

function answerOf(result: Result, site: Site, shared?: AtenTensor, put?: Put): Argument {
  if (Array.isArray(result)) return result.map((each) => answerOf(each as Result, site, shared));
  if (!isNode(result)) return result as Argument;
  if (result.kind === 'constant' && result.wrapped) return pythonNumber(result);
  const node = simplified(result);
  sign(node, site);
  return new AtenTensor(node, shared, put);
}

/** The number of Python that a constant is. */
export function pythonNumber({ known, shape, dtype }: Constant): number | Float | boolean {
  const [number] = elementsOf(known, shape);
  if (dtype === 'bool') return number !== 0;
  return isFloating(dtype) ? new Float(number) : number;
}

/** Says of all that a call made that it did. */
function sign(result: Node, site: Site): void {
  const waiting = [result];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.kind === 'view') waiting.push(node.base);
    if (node.kind !== 'made' || node.site) continue;
    node.site = site;
    waiting.push(...node.operands);
  }
}

/** What `body` answers; its errors say where in the program they come from. */
export function located<T>(op: string, site: Site | undefined, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof TraceletError) || !site) throw error;
    const { file, line, path } = site;
    const what = `aten::${op} in ${path || 'the model'} (${file}, line ${line})`;
    throw new TraceletError(error.code, { sentence: sentenceOf(error), what, cure: error.cure, cause: error });
  }
}

/** The message of an error without its cure and its end. */
const sentenceOf = ({ message, cure }: TraceletError): string =>
  (cure && message.endsWith(cure) ? message.slice(0, -cure.length) : message).trim().replace(/\.$/, '');

import { elsewhere } from './base/elsewhere.ts';
import * as F from './nn/functional.ts';
import * as arithmetic from './nn/general/arithmetic.ts';
import * as compare from './nn/general/compare.ts';
import * as indexing from './nn/general/indexing.ts';
import * as reductions from './nn/general/reductions.ts';
import * as shapes from './nn/general/shapes.ts';
import { Tensor } from './tensor/tensor.ts';

type Method = (...args: unknown[]) => unknown;

/** Modules of ops of which a tensor is the first operand, each a method. */
const GENERAL = { ...arithmetic, ...compare, ...indexing, ...reductions, ...shapes };
const { matmul, bmm, softmax, log_softmax, relu, sigmoid, tanh, permute, transpose, select, narrow } = F;
const OTHERS = { matmul, bmm, softmax, log_softmax, relu, sigmoid, tanh, permute, transpose, select, narrow };
const where: Method = (x, condition, other) => F.where(condition as Tensor, x as Tensor, other as Tensor);
const float: Method = (x) => (x as Tensor).to('float32');

function slice(x: Tensor, ...parts: readonly (number | null | readonly [number, number])[]): Tensor {
  const from = x.shape.length - parts.length;
  return parts.reduceRight(
    (rest: Tensor, part, dim) => {
      if (part === null || part === undefined) return rest;
      if (!Array.isArray(part)) return F.select(rest, dim, part as number);
      const [begin, end] = part.map((at) => (typeof at === 'number' && at < 0 ? at + x.shape[dim] : at));
      return F.slice(rest, dim, begin, end);
    },
    from < 0 ? F.select(x, parts.length - 1, 0) : x,
  );
}

for (const [name, op] of Object.entries({ ...GENERAL, ...OTHERS, where, float, slice } as unknown as Record<string, Method>))
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...args: unknown[]) {
      return op(this, ...args);
    },
    writable: true,
    configurable: true,
  });

Object.defineProperty(Tensor.prototype, 'T', {
  get(this: Tensor) {
    return F.permute(this, this.shape.map((_, dim) => dim).reverse());
  },
  configurable: true,
});

Object.defineProperty(Tensor.prototype, 'length', {
  get(this: Tensor) {
    return this.shape[0];
  },
  configurable: true,
});

const INDEX = /^-?\d+$/;

Object.setPrototypeOf(
  Tensor.prototype,
  new Proxy(
    {},
    {
      get: (none, name, tensor) =>
        typeof name === 'string' && INDEX.test(name) ? F.select(tensor, 0, Number(name)) : Reflect.get(none, name, tensor),
    },
  ),
);

/** Methods of PyTorch's tensors that are not here, and what is. */
const ELSEWHERE: readonly [names: string, here: string][] = [
  ['numpy', 'Use data, a typed array, or tolist()'],
  ['numel', 'Use size'],
  ['t', 'Use T'],
  ['double half long int bool', 'Use to(dtype)'],
  ['gelu silu normalize', 'Use the function of F'],
  ['mm', 'Use matmul'],
  ['max', 'Use amax'],
  ['min', 'Use amin'],
  ['cpu cuda detach contiguous backward', 'Leave it out: nothing is trained here'],
  ['norm sort', 'Compute it from data, a typed array'],
];

for (const [names, here] of ELSEWHERE)
  for (const name of names.split(' '))
    Object.defineProperty(Tensor.prototype, name, {
      value: () => elsewhere(`tensor.${name}`, here, 'PyTorch'),
      writable: true,
      configurable: true,
    });

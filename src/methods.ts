import { elsewhere } from './base/elsewhere.ts';
import * as F from './nn/functional.ts';
import { Tensor } from './tensor/tensor.ts';

const { add, sub, mul, matmul, softmax, relu, sigmoid, tanh, permute, transpose, select, narrow } = F;
const OPS = { add, sub, mul, matmul, softmax, relu, sigmoid, tanh, permute, transpose, select, narrow };

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

for (const [name, op] of Object.entries({ ...OPS, slice }) as [string, (...args: unknown[]) => Tensor][])
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
  ['float double half long int bool', 'Use to(dtype)'],
  ['gelu silu log_softmax normalize', 'Use the function of F'],
  ['expand repeat', 'Use F.cat'],
  ['div neg', 'Use mul'],
  ['mm bmm', 'Use matmul'],
  ['cpu cuda detach contiguous backward', 'Leave it out: nothing is trained here'],
  ['abs argmax argmin exp log max mean min norm pow sort sqrt std sum topk', 'Compute it from data, a typed array'],
];

for (const [names, here] of ELSEWHERE)
  for (const name of names.split(' '))
    Object.defineProperty(Tensor.prototype, name, {
      value: () => elsewhere(`tensor.${name}`, here, 'PyTorch'),
      writable: true,
      configurable: true,
    });

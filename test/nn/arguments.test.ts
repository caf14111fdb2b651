import { describe, expect, test } from 'vitest';
import { F, full, nn, ones, similarity, Tensor, TraceletError, tensor, zeros } from '../../src/index.ts';
import { floats } from '../support/tiny.ts';

type Callee = (...args: unknown[]) => unknown;

const detached = tensor([1.5, 2]);
structuredClone(detached.data.buffer, { transfer: [detached.data.buffer as ArrayBuffer] });

/** What is no tensor, size, option or number that anything takes. */
const JUNK: readonly unknown[] = [
  null,
  undefined,
  'text',
  '',
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  0.5,
  2 ** 40,
  10n ** 30n,
  true,
  Symbol('s'),
  () => 1,
  {},
  { dtype: 'float32' },
  { dtype: 'float32', shape: [3], data: new Float32Array(2) },
  { shape: [-1] },
  [],
  [[]],
  [[1], [1, 2]],
  ['a'],
  [null],
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is tried
  [1, , 2],
  new Float32Array(3),
  new Float64Array([1, 2]),
  new Uint16Array(2),
  new BigUint64Array([2n ** 64n - 1n]),
  new DataView(new ArrayBuffer(8)),
  new ArrayBuffer(8),
  new SharedArrayBuffer(8),
  new Map(),
  new Date(0),
  /x/,
  Promise.resolve(1),
  new Proxy({}, {}),
  detached,
  floats([2, 2]),
  tensor([1, 2]),
  zeros([0]),
  zeros([0, 3]),
  zeros([]),
  ones([1, 1, 1, 1, 2]),
  tensor([1], { dtype: 'half' }),
  tensor([1], { dtype: 'double' }),
  tensor([2n ** 62n]),
];

const made =
  (Class: unknown): Callee =>
  (...args) =>
    Reflect.construct(Class as new () => object, args);
const method =
  (name: string): Callee =>
  (...args) =>
    (Reflect.get(floats([2, 3]), name) as Callee).apply(floats([2, 3]), args);

const CALLEES: Record<string, Callee> = {
  ...Object.fromEntries(Object.entries(F).map(([name, op]) => [`F.${name}`, op as Callee])),
  ...Object.fromEntries(
    Object.entries(nn)
      .filter(([name]) => name !== 'Module')
      .map(([name, layer]) => [`nn.${name}`, made(layer)]),
  ),
  ...Object.fromEntries(
    ['add', 'sub', 'mul', 'matmul', 'softmax', 'relu', 'permute', 'transpose', 'select', 'narrow', 'slice', 'view', 'reshape', 'squeeze']
      .concat('unsqueeze', 'flatten', 'to')
      .map((name) => [`tensor.${name}`, method(name)]),
  ),
  Tensor: made(Tensor),
  'Tensor.from': Tensor.from as Callee,
  tensor: tensor as Callee,
  full: full as Callee,
  zeros: zeros as Callee,
  ones: ones as Callee,
  similarity: similarity as Callee,
  'Parameter.set': (...args) => new nn.Parameter([2], (values) => values.fill(1)).set(...(args as [Tensor])),
};

describe('wrong arguments are typed errors, or mean something', () => {
  test.each(Object.entries(CALLEES))('%s', (_, callee) => {
    const attempts = [
      [],
      ...JUNK.map((a) => [a]),
      ...JUNK.flatMap((a) => [...JUNK.map((b) => [a, b]), [floats([2, 3]), a], [floats([2, 2]), a, a]]),
    ];
    for (const a of JUNK)
      attempts.push([floats([1, 2, 2]), floats([1, 2, 2]), floats([1, 2, 2]), a], [floats([2, 2]), 0, a, a], [a, a, a, a, a, a]);
    let refused = 0;
    for (const args of attempts)
      try {
        const answer = callee(...args);
        if (answer instanceof Tensor && answer !== detached && answer.data.length !== answer.size) throw new Error(String(answer.shape));
      } catch (error) {
        if (!(error instanceof TraceletError)) throw error;
        if (/kernels|memory/.test(error.code)) throw error;
        refused++;
      }
    expect(refused).toBeGreaterThan(0);
  });
});

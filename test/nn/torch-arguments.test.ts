import { describe, expect, test } from 'vitest';
import { F, nn, type Tensor, tensor } from '../../src/index.ts';
import { floats, problem } from '../support/tiny.ts';

const rounded = (x: Tensor): unknown =>
  JSON.parse(JSON.stringify(x), (_, value) => (typeof value === 'number' ? Number(value.toFixed(4)) : value));
const square = tensor([
  [1.5, 2],
  [3, 4],
]);

describe('arguments of PyTorch, in its order and by its names', () => {
  const cube = floats([2, 3, 4]);
  test.each<[string, Tensor, unknown]>([
    [
      'softmax over rows',
      F.softmax(square, 0),
      [
        [0.1824, 0.1192],
        [0.8176, 0.8808],
      ],
    ],
    [
      'softmax over the last',
      F.softmax(square, -1),
      [
        [0.3775, 0.6225],
        [0.2689, 0.7311],
      ],
    ],
    [
      'softmax by name',
      F.softmax(square, { dim: 0 } as never),
      [
        [0.1824, 0.1192],
        [0.8176, 0.8808],
      ],
    ],
    [
      'log_softmax over rows',
      F.log_softmax(
        [
          [1, 2],
          [3, 4],
        ],
        0,
      ),
      [
        [-2.1269, -2.1269],
        [-0.1269, -0.1269],
      ],
    ],
    ['normalize with p', F.normalize([[0.3, 0.4]], 2), [[0.6, 0.8]]],
    [
      'normalize over rows',
      F.normalize(
        [
          [3, 1],
          [4, 0],
        ],
        2,
        0,
      ),
      [
        [0.6, 1],
        [0.8, 0],
      ],
    ],
    ['normalize with eps', F.normalize([[3, 4]], { eps: 10 }), [[0.3, 0.4]]],
    ['normalize of a vector', F.normalize([3, 4]), [0.6, 0.8]],
    ['gelu tanh', F.gelu([[3.5]], 'tanh'), [[3.4994]]],
    ['gelu by name', F.gelu([[3.5]], { approximate: 'tanh' }), [[3.4994]]],
    ['gelu', F.gelu([[3.5]], 'none'), [[3.4992]]],
    ['add with alpha', F.add([1, 2], [3, 4], { alpha: 3 }), [10, 14]],
    ['add of a number', F.add([1, 2], 3), [4, 5]],
    ['add to a number', F.add(3, [1, 2]), [4, 5]],
    [
      'sub',
      F.sub(
        [1, 2],
        [
          [3, 5],
          [0, 0],
        ],
      ),
      [
        [-2, -3],
        [1, 2],
      ],
    ],
    [
      'mul of fewer dimensions first',
      F.mul(
        [1, 2],
        [
          [3, 5],
          [1, 1],
        ],
      ),
      [
        [3, 10],
        [1, 2],
      ],
    ],
    ['layer_norm', F.layer_norm([[1, 3]], [2]), [[-1, 1]]],
    ['layer_norm with a number', F.layer_norm([[1, 3]], 2, tensor([2, 2]), [1, 1]), [[-1, 3]]],
    ['layer_norm with eps', F.layer_norm([[1, 3]], [2], null, null, 3), [[-0.5, 0.5]]],
    [
      'layer_norm over two dimensions',
      F.layer_norm(
        [
          [1, 3],
          [1, 3],
        ],
        [2, 2],
      ),
      [
        [-1, 1],
        [-1, 1],
      ],
    ],
    ['layer_norm without normalized_shape', F.layer_norm([[1, 3]], tensor([2, 2]), tensor([1, 1]), 3), [[0, 2]]],
    [
      'embedding with padding_idx',
      F.embedding(
        [1],
        [
          [1, 2],
          [3, 4],
        ],
        0,
      ),
      [[3, 4]],
    ],
    [
      'permute one by one',
      F.permute(square, 1, 0),
      [
        [1.5, 3],
        [2, 4],
      ],
    ],
    [
      'permute by name',
      F.permute(square, { dims: [1, 0] }),
      [
        [1.5, 3],
        [2, 4],
      ],
    ],
    ['narrow', F.narrow(square, 1, -1, 1), [[2], [4]]],
    [
      'cat along the first',
      F.cat([square, square]),
      [
        [1.5, 2],
        [3, 4],
        [1.5, 2],
        [3, 4],
      ],
    ],
    ['cat of whole numbers', F.cat([tensor([1]), tensor([2, 3])], 0), [1, 2, 3]],
    [
      'matmul',
      F.matmul(square, [
        [1, 0, 2],
        [0, 1, 1],
      ]),
      [
        [1.5, 2, 5],
        [3, 4, 10],
      ],
    ],
    ['matmul of a vector', F.matmul(square, [1, 2]), [5.5, 11]],
    [
      'matmul of matrices one by one',
      F.matmul(square.reshape(1, 2, 2), square.reshape(1, 2, 2)),
      [
        [
          [8.25, 11],
          [16.5, 22],
        ],
      ],
    ],
    ['argmax', F.argmax(square), [1, 1]],
    ['argmax along the first dimension, kept', F.argmax(square, 0, true), [[1, 1]]],
    ['matmul of vectors', F.matmul([1, 2], [3, 4]), 11],
    ['matmul of a vector and a matrix', F.matmul([1, 2], square), [7.5, 10]],
    ['matmul of a batch', F.matmul(square.reshape(2, 1, 2), [[2], [1]]), [[[5]], [[10]]]],
  ])('%s', (_, got, want) => {
    expect(rounded(got)).toEqual(want);
  });

  test('normalize goes over dimension 1 unless told otherwise', () => {
    for (const [dim, axis] of [
      [undefined, 1],
      [0, 0],
      [2, 2],
      [-1, 2],
    ] as const) {
      const got = F.normalize(cube, 2, dim);
      for (const line of F.permute(
        got,
        [0, 1, 2].toSorted((a, b) => Number(a === axis) - Number(b === axis)),
      ).reshape(-1, cube.shape[axis]))
        expect(Math.hypot(...(line.tolist() as number[]))).toBeCloseTo(1, 5);
    }
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a third operand of add', () => F.add([1], [2], 3 as never), /F\.add: expected at most 2 arguments \(input, other\), got 3/],
    ['another norm', () => F.normalize([[3, 4]], 1), /F\.normalize: p: expected only 2, got 1/],
    ['an eps where p stands', () => F.normalize([[3, 4]], 1e-5), /p: expected only 2/],
    ['a name that is none', () => F.softmax(square, { dims: 0 } as never), /F\.softmax: option "dims".*Did you mean dim\?/],
    [
      'by place and by name',
      () => F.gelu(...([square, 'tanh', { approximate: 'none' }] as never as [Tensor])),
      /approximate: expected one value, got two/,
    ],
    ['in place', () => F.relu(square, true as never), /inplace: expected only false, got true/],
    ['map', () => [square].map(F.relu as never), /F\.relu: expected at most 2 arguments \(input, inplace\), got 3/],
    ['max_norm', () => F.embedding(...([[0], [[1]], 0, 1] as never as [Tensor, Tensor])), /at most 3 arguments/],
    ['no heads', () => F.attention(cube, cube, cube, {} as never), /F\.attention: heads: expected a whole number from 1.*got nothing/],
  ])('%s is refused', async (_, body, message) => {
    expect((await problem('value', body)).message).toMatch(message);
  });

  test('layers', () => {
    expect(new nn.LayerNorm(2, 1e-12).eps).toBe(1e-12);
    const norm = new nn.LayerNorm([2, 3], { eps: 1e-7 });
    expect([norm.eps, norm.normalized_shape]).toEqual([1e-7, [2, 3]]);
    expect(new nn.LayerNorm(2, 1e-5, false).weight).toBeNull();
    expect(new nn.LayerNorm(2, 1e-5, true, false).bias).toBeNull();
    expect([...new nn.LayerNorm(2, 1e-5, false).state_dict().keys()]).toEqual([]);
    expect(new nn.Linear(2, 2, false).bias).toBeNull();
    expect(new nn.Linear(2, 2, true, { seed: 3 }).weight.data).toEqual(new nn.Linear(2, 2, { seed: 3 }).weight.data);
    expect(new nn.Embedding(10, 4, 0).padding_idx).toBe(0);
    expect(new nn.Embedding(10, 4, -1).padding_idx).toBe(9);
    expect(new nn.Embedding(10, 4, { padding_idx: 3 }).padding_idx).toBe(3);
    expect(new nn.Dropout({ p: 0.25 }).p).toBe(0.25);
    const over = new nn.LayerNorm([2, 2], { elementwise_affine: false });
    expect(
      rounded(
        over(
          tensor([
            [1, 3],
            [1, 3],
          ]),
        ),
      ),
    ).toEqual([
      [-1, 1],
      [-1, 1],
    ]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['bias of another kind', () => new nn.Linear(2, 2, 1 as never), /nn\.Linear: bias: expected true or false, got 1/],
    ['a slip', () => new nn.Linear(2, 2, { sead: 1 } as never), /Did you mean seed\?/],
    ['an option of another layer', () => new nn.LayerNorm(2, { seed: 1 } as never), /nn\.LayerNorm: option "seed"/],
    ['a fourth', () => new nn.Embedding(2, 2, 0, 1 as never), /nn\.Embedding: expected at most 3 arguments/],
    ['no size', () => new nn.Linear(2, undefined as never), /out_features: expected a size, got nothing/],
    ['a list of none', () => new nn.ModuleList([new nn.Linear(1, 1), 7 as never]), /nn\.ModuleList\[1\]: expected a module, got 7/],
    ['a part of none', () => new nn.Sequential((() => 1) as never), /nn\.Sequential\[0\]: expected a module, got a function/],
    ['a parameter without values', () => new nn.Parameter([2], 1 as never), /a shape and a function that fills the values/],
  ])('%s is refused', async (_, body, message) => {
    expect((await problem('value', body)).message).toMatch(message);
  });
});

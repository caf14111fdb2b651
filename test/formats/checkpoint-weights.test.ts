import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import { tensor } from '../../src/tensor/creation.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { concat, serialize } from '../support/safetensors.ts';

const pack = (tensors: Record<string, Tensor>, metadata = {}): Uint8Array => concat(serialize(Object.entries(tensors), metadata));
const plain = (tensors: Map<string, Tensor>) => Object.fromEntries([...tensors].map(([name, t]) => [name, [t.dtype, t.shape, t.tolist()]]));

describe('int8 weights', () => {
  const weight = tensor(
    [
      [1, -2, 127],
      [-128, 0, 3],
    ],
    { dtype: 'int8' },
  );

  test('are multiplied by the scales of their rows, which are gone then', async () => {
    for (const order of [
      ['w', 'w.scale'],
      ['w.scale', 'w'],
    ]) {
      const parts: Record<string, Tensor> = { w: weight, 'w.scale': tensor([0.5, 0.1], { dtype: 'float32' }) };
      const { tensors } = await openCheckpoint(pack(Object.fromEntries(order.map((name) => [name, parts[name]]))));
      expect(plain(tensors)).toEqual({
        w: ['float32', [2, 3], [[0.5, -1, 63.5], [-128, 0, 3].map((x) => Math.fround(x * Math.fround(0.1)))]],
      });
    }
  });

  test('are rows of any shape', async () => {
    const w = tensor([1, -2, 127, -128, 0, 3, 4, 5], { dtype: 'int8' });
    const scale = tensor([0.5, 0.25], { dtype: 'float32' });
    const cube = await openCheckpoint(pack({ w: w.reshape([2, 2, 2]), 'w.scale': scale }));
    const values = [
      [0.5, -1, 63.5, -64],
      [0, 0.75, 1, 1.25],
    ];
    expect(plain(cube.tensors)).toEqual({
      w: [
        'float32',
        [2, 2, 2],
        values.map(([a, b, c, d]) => [
          [a, b],
          [c, d],
        ]),
      ],
    });
    const line = await openCheckpoint(pack({ w: tensor([4, -6], { dtype: 'int8' }), 'w.scale': scale }));
    expect(plain(line.tensors)).toEqual({ w: ['float32', [2], [2, -1.5]] });
  });

  test('take the divisors of their columns with them', async () => {
    const parts = { w: weight, 'w.scale': tensor([0.5, 2], { dtype: 'float32' }), 'w.smooth': tensor([1, 0.5, 4], { dtype: 'float32' }) };
    const { tensors } = await openCheckpoint(pack(parts));
    expect(plain(tensors)).toEqual({
      w: [
        'float32',
        [2, 3],
        [
          [0.5, -0.5, 254],
          [-256, 0, 24],
        ],
      ],
    });
    expect(tensors.get('w')?.data).toBe(tensors.get('w')?.data);
  });

  test('without scales stay int8, and scales of others stay tensors', async () => {
    const { tensors } = await openCheckpoint(pack({ w: weight, x: tensor([1]), 'x.scale': tensor([2]) }));
    expect([...tensors].map(([name, { dtype }]) => [name, dtype])).toEqual([
      ['w', 'int8'],
      ['x', 'int32'],
      ['x.scale', 'int32'],
    ]);
  });

  test('have one float32 scale a row', async () => {
    for (const scale of [tensor([1, 2, 3], { dtype: 'float32' }), tensor([1, 2]), tensor([[1], [2]], { dtype: 'float32' })])
      await expect(openCheckpoint(pack({ w: weight, 'w.scale': scale }))).rejects.toMatchObject({
        code: 'checkpoint',
        message: expect.stringContaining('tensor "w.scale" of bytes: expected float32 [2] beside int8 [2,3], got '),
      });
  });
});

describe('LayerNorm parameters', () => {
  const value = tensor([1], { dtype: 'float32' });

  test('get their modern names', async () => {
    const { tensors } = await openCheckpoint(
      pack({ 'a.LayerNorm.gamma': value, 'a.LayerNorm.beta': value, 'LayerNorm.beta': value, 'a.gamma': value, 'LayerNorm.beta.x': value }),
    );
    expect([...tensors.keys()]).toEqual(['a.LayerNorm.weight', 'a.LayerNorm.bias', 'LayerNorm.bias', 'a.gamma', 'LayerNorm.beta.x']);
  });

  test('have one spelling', async () => {
    await expect(openCheckpoint(pack({ 'a.LayerNorm.gamma': value, 'a.LayerNorm.weight': value }))).rejects.toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining('got "a.LayerNorm.gamma" beside "a.LayerNorm.weight"'),
    });
  });
});

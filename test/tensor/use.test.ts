import { inspect } from 'node:util';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { F, jit, nn, Tensor, tensor, zeros } from '../../src/index.ts';
import { Computed, expectSameBits, floats, problem, tinyBert } from '../support/tiny.ts';

describe('the numbers of a tensor', () => {
  test('in JSON', () => {
    const text = JSON.stringify({
      embedding: tensor([
        [0.5, Number.NaN],
        [Number.NEGATIVE_INFINITY, 1],
      ]),
      ids: tensor([5n, 2n ** 60n]),
    });
    expect(text).toBe('{"embedding":[[0.5,"NaN"],["-Infinity",1]],"ids":[5,"1152921504606846976"]}');
    expect(JSON.stringify(tensor(7))).toBe('7');
    expect(JSON.stringify(tensor([1.5], { dtype: 'half' }))).toBe('[1.5]');
    expect(JSON.stringify(zeros(2, 0))).toBe('[[],[]]');
  });

  test('in print', () => {
    expect(
      inspect(
        tensor([
          [1.5, 2],
          [3, -0],
        ]),
      ),
    ).toBe('tensor([[1.5, 2],\n        [3, -0]], shape=[2, 2], dtype=float32)');
    expect(inspect({ x: tensor([1n]) })).toContain('tensor([1], shape=[1], dtype=int64)');
    expect(String(tensor([true, false], { dtype: 'bool' }))).toBe('tensor([true, false], shape=[2], dtype=bool)');
    expect(`${tensor([0.1], { dtype: 'half' })}`).toBe('tensor([0.099976], shape=[1], dtype=float16)');
    const large = inspect(floats([3, 2000]));
    expect(large).toMatch(/^tensor\(\[\[0\.84147, .*, \.\.\., .*\],\n {8}\[[^\n]*\n {8}\[.*shape=\[3, 2000\], dtype=float32\)$/);
    expect(large.length).toBeLessThan(400);
    expect(Reflect.get(tensor(1), Symbol.for('Deno.customInspect')).call(tensor(1))).toBe(inspect(tensor(1)));
  });

  test('by index, as select', async () => {
    const x = tensor([
      [1, 0],
      [1, 2.5],
      [3, 4],
    ]);
    expect([x.length, x[0].length, tensor(1).length]).toEqual([3, 2, undefined]);
    expect([x[0].tolist(), x[-1].tolist(), x[1][1].item()]).toEqual([[1, 0], [3, 4], 2.5]);
    expect(tensor([[5n], [2n ** 60n]])[1].tolist()).toEqual([2n ** 60n]);
    expect((await problem('shape', () => x[3])).message).toContain('within dimension 0 of [3,2], got 3 to 4');
    expect((await problem('shape', () => tensor(3)[0])).message).toContain('a dimension of []');
    expect((await jit.trace((rows: Tensor) => rows[1], [x]))(x.to('float32'))).toEqual(x[1]);
    expect([x instanceof Object, Object.keys(x), Reflect.get(x, '1.5'), Reflect.get(x, 'nothing')]).toEqual([
      true,
      ['dtype', 'shape', 'data'],
      undefined,
      undefined,
    ]);
  });

  test('as lists, one of them, and row by row', async () => {
    const x = tensor([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(x.tolist()).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect([...x].map((row) => row.shape)).toEqual([[2, 2]]);
    expect([...tensor([4, 5])].map((element) => element.item())).toEqual([4, 5]);
    const [first] = x.reshape(2, 2);
    first.data[0] = 9;
    expect(x.tolist()).toEqual([
      [
        [9, 2],
        [3, 4],
      ],
    ]);
    expect(() => [...tensor(4)]).toThrow(/iterable/);
    await problem('shape', () => [...tensor(4).rows()]);
    await problem('shape', () => x.item());
    expect((await problem('value', () => tensor(2n ** 60n + 1n).item())).message).toMatch(/got 1152921504606846977.*data\[0\]/);
  });

  test('cross to other threads and come back', () => {
    const x = tensor([[1.5, 2]]);
    const clone = structuredClone(x) as Tensor;
    expect(clone).not.toBeInstanceOf(Tensor);
    expectSameBits(Tensor.from(clone), x);
    const { port1, port2 } = new MessageChannel();
    port1.postMessage({ x });
    expectSameBits(F.relu(receiveMessageOnPort(port2)?.message.x), x);
    port1.close();
    expectSameBits(Tensor.from({ type: 'float32', dims: [1, 2], data: Float32Array.of(1.5, 2) }), x);
    expectSameBits(Tensor.from(structuredClone(new nn.Parameter(x))), x);
  });

  test('of answers stand under their names', () => {
    const answer = tinyBert()(tensor([[1, 2]]));
    expect(Object.keys(JSON.parse(JSON.stringify(answer)))).toEqual(['last_hidden_state', 'pooler_output']);
    expect(JSON.parse(JSON.stringify({ answer })).answer.pooler_output).toEqual(answer.pooler_output.tolist());
    expect(inspect(answer)).toMatch(/^\{\n {2}last_hidden_state: tensor\([\s\S]*pooler_output: tensor\([\s\S]*\}$/);
    expectSameBits(Tensor.from((structuredClone(answer) as typeof answer).pooler_output), answer.pooler_output);
    expect(answer.map(({ shape }) => shape)).toEqual([
      [1, 2, 16],
      [1, 16],
    ]);
    expect(answer.slice(1).constructor).toBe(Array);
  });

  test('that are gone are missed', async () => {
    const x = tensor([1.5, 2]);
    structuredClone(x.data.buffer, { transfer: [x.data.buffer as ArrayBuffer] });
    for (const use of [
      () => F.relu(x),
      () => x.tolist(),
      () => JSON.stringify(x),
      () => x.to('float64'),
      () => [...x],
      () => F.permute(x, 0),
    ])
      expect((await problem('value', use)).message).toMatch(/expected 2 elements, got 0: its buffer was detached/);
    expect(inspect(x)).toBe('tensor(..., shape=[2], dtype=float32)');
    const traced = await jit.trace((y: Tensor) => F.relu(y), [tensor([1.5, 2])]);
    await problem('value', () => traced(x));
  });

  test('meet operators of JavaScript only one by one', async () => {
    expect(Number(tensor(5)) + Number(tensor([2]))).toBe(7);
    for (const use of [() => Number(tensor([1, 2])), () => `${1 + (tensor([1, 2]) as never)}`])
      expect((await problem('value', use)).message).toMatch(/an operator on a tensor of shape \[2\].*Use add/);
  });
});

describe('methods', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  test.each<[string, () => Tensor, unknown]>([
    [
      'view',
      () => x.view(3, -1),
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
    ['reshape(1, 6)', () => x.reshape(1, 6), [[1, 2, 3, 4, 5, 6]]],
    ['reshape([6])', () => x.reshape([6]), [1, 2, 3, 4, 5, 6]],
    ['reshape()', () => tensor([7]).reshape(), 7],
    [
      'flatten',
      () => x.unsqueeze(1).flatten(1),
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    ['flatten of one', () => tensor(1).flatten(), [1]],
    ['squeeze', () => tensor([[[1], [2]]]).squeeze(), [1, 2]],
    ['squeeze(0)', () => tensor([[[1], [2]]]).squeeze(0), [[1], [2]]],
    [
      'squeeze of another size',
      () => x.squeeze(0),
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    ['unsqueeze(-1)', () => tensor([1, 2]).unsqueeze(-1), [[1], [2]]],
    [
      'T',
      () => x.T,
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
    ],
    [
      'permute',
      () => x.permute(1, 0),
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
    ],
    [
      'transpose',
      () => x.transpose(0, 1),
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
    ],
    ['select', () => x.select(1, -1), [3, 6]],
    [
      'narrow',
      () => x.narrow(1, 1, 2),
      [
        [2, 3],
        [5, 6],
      ],
    ],
    [
      'slice',
      () => x.slice(null, [0, -1]),
      [
        [1, 2],
        [4, 5],
      ],
    ],
    ['slice by index', () => x.slice(-1, [1, 3]), [5, 6]],
    [
      'add',
      () => x.add(x),
      [
        [2, 4, 6],
        [8, 10, 12],
      ],
    ],
    [
      'sub',
      () => x.sub(1, { alpha: 2 }),
      [
        [-1, 0, 1],
        [2, 3, 4],
      ],
    ],
    [
      'mul',
      () => x.mul(0.5),
      [
        [0.5, 1, 1.5],
        [2, 2.5, 3],
      ],
    ],
    ['matmul', () => x.matmul([1, 0, 0]), [1, 4]],
    ['relu', () => tensor([-1, 1]).relu(), [0, 1]],
    ['to', () => tensor([1.5, -2]).to('float64'), [1.5, -2]],
  ])('%s', (_, body, want) => expect(body().tolist()).toEqual(want));

  test('what moves keeps its dtype, and what computes answers floats', () => {
    expect([x.T, x.slice(0), x.view(6), F.cat([x, x]), x.squeeze()].map(({ dtype }) => dtype)).toEqual(Array(5).fill('int32'));
    expect([x.add(1), x.matmul([1, 0, 0]), x.softmax()].map(({ dtype }) => dtype)).toEqual(Array(3).fill('float32'));
    expect([x.dims, x.ndim, x.size]).toEqual([[2, 3], 2, 6]);
    expect(Object.isFrozen(x.shape)).toBe(true);
  });

  test('of whole numbers beyond a dtype are refused', async () => {
    await problem('value', () => tensor([300]).to('uint8'));
    await problem('value', () => tensor([1.5]).to('int32'));
    await problem('dtype', () => tensor([1]).to('int16' as 'int32'));
  });

  test('can be traced', async () => {
    const body = (t: Tensor) => {
      const [a, b] = t.T.unsqueeze(0).squeeze(0);
      return a.add(b.mul(2)).view(-1, 1).flatten();
    };
    const traced = await jit.trace(body, [floats([3, 2])]);
    expectSameBits(traced(floats([3, 2], 5)), body(floats([3, 2], 5)));
  });

  test('of tensors yet to be computed print without their numbers', async () => {
    let printed = '';
    await jit.trace(
      new Computed((t) => {
        printed ||= inspect(t);
        return F.relu(t);
      }),
      [floats([2])],
    );
    expect(printed).toBe('tensor(..., shape=[2], dtype=float32)');
    await problem('tracing', () => jit.trace(new Computed((t) => F.scale(t, Number(t))), [floats([1])]));
    await problem('tracing', () => jit.trace(new Computed((t) => F.scale(t, JSON.stringify(t).length)), [floats([1])]));
  });
});

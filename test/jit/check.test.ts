import { describe, expect, test } from 'vitest';
import { F, jit, nn, type Tensor, tensor, withKernels } from '../../src/index.ts';
import { difference } from '../../src/inspect/verify.ts';
import { checkOutputs } from '../../src/jit/check.ts';
import { record } from '../../src/jit/record.ts';
import { flattenOutputs } from '../../src/nn/outputs.ts';
import { optimise } from '../../src/passes/index.ts';
import { bytesOf } from '../support/bytes.ts';
import { Block, Computed, floats, problem } from '../support/tiny.ts';

const x = floats([2, 6]);

async function refused(model: Computed): Promise<string> {
  const error = await problem('tracing_check', () => jit.trace(model, [x]));
  expect(error).toBeInstanceOf(jit.TracingCheckError);
  expect(error.name).toBe('TracingCheckError');
  return error.message;
}

describe('a model that is recorded otherwise the second time', () => {
  test('for a random factor', async () => {
    const message = await refused(new Computed((t) => F.tanh(F.scale(F.relu(t), Math.random()))));
    expect(message).toMatch(/^node 1 \(of the model\): expected scale\(x=%0, factor=0\.\d+.*, got scale.*recorded again.*random numbers/);
  });

  test('for a random constant', async () => {
    expect(await refused(new Computed((t) => F.add(t, floats([6], Math.random()))))).toMatch(/^node 0 .*add\(a=%input_0.*b=float32\(/);
  });

  test.each([
    ['more ops', [1, 2], /^what follows node 0|^node 1/],
    ['fewer ops', [2, 1], /^node 1 .*, got return output/],
  ])('for a count that changes: %s', async (_, counts, message) => {
    const left = [...counts];
    const model = new Computed((t) => Array.from({ length: left.shift() ?? 1 }).reduce<Tensor>((y) => F.relu(y), t));
    expect(await refused(model)).toMatch(message);
  });

  test('for its wiring alone', async () => {
    let calls = 0;
    const model = new Computed((t) => {
      const [a, b] = [F.relu(t), F.tanh(t)];
      return calls++ % 2 ? F.gelu(a) : F.gelu(b);
    });
    expect(await refused(model)).toMatch(/^node 2 .*gelu\(x=%1.*got gelu\(x=%0/);
  });

  test('for its outputs alone', async () => {
    let calls = 0;
    const model = new Computed((t) => {
      const both = [F.relu(t), F.tanh(t)];
      return calls++ % 2 ? both : both.reverse();
    });
    expect(await refused(model)).toMatch(/^what follows node 1: expected return 0 = %1.*got return 0 = %0/);
  });
});

describe('a model that is recorded with other floats', () => {
  const drifting = (make: (calls: number, t: Tensor) => Tensor) => {
    let calls = 0;
    return new Computed((t) => make(calls++, t));
  };

  test.each<[string, (calls: number, t: Tensor) => Tensor]>([
    ['a factor', (calls, t) => F.tanh(F.scale(t, 1 + calls * 1e-3))],
    ['a constant', (calls, t) => F.add(t, tensor([calls * 1e-3, 0, 0, 0, 0, 0], { dtype: 'float32' }))],
    [
      'a constant that is looked at under another shape',
      (calls, t) =>
        F.add(
          t,
          tensor(
            [
              [calls * 1e-3, 0, 0],
              [0, 0, 0],
            ],
            { dtype: 'float32' },
          ).reshape([6]),
        ),
    ],
  ])('passes where the answers differ within the tolerance: %s', async (_, make) => {
    await jit.trace(drifting(make), [x], { check_tolerance: 1e-2 });
    await problem('tracing_check', () => jit.trace(drifting(make), [x], { check_tolerance: 1e-4 }));
    await problem('tracing_check', () => jit.trace(drifting(make), [x]));
  });

  test('is refused where one answer of several differs by more', async () => {
    const pair = (by: number) => {
      let calls = 0;
      return new Computed((t) => {
        calls++;
        return [F.relu(t), F.scale(t, 1 + calls * by), F.tanh(t)];
      });
    };
    await jit.trace(pair(1e-3), [x], { check_tolerance: 1e-2 });
    expect((await problem('tracing_check', () => jit.trace(pair(1e-1), [x], { check_tolerance: 1e-2 }))).message).toMatch(/^node 1 /);
  });

  test.each([
    [4096, /^node 0 .*b=float32\(.*\)\[4096\]/s],
    [4097, /^output "output"/],
  ])('is told by the numbers of a constant, if that is small: %i', async (size, message) => {
    const model = drifting((calls, t) => F.add(t, floats([size], calls)));
    expect((await problem('tracing_check', () => jit.trace(model, [floats([size])]))).message).toMatch(message);
  });

  test('is refused at any tolerance for other ops, whole numbers or shapes', async () => {
    const others: ((calls: number, t: Tensor) => Tensor)[] = [
      (calls, t) => (calls % 2 ? F.relu(t) : F.tanh(t)),
      (calls, t) => F.select(t, 0, calls % 2),
      (calls, t) => F.add(t, F.embedding(tensor([calls % 2]), floats([2, 6])).reshape([6])),
      (calls, t) => F.relu(t).reshape(calls % 2 ? [12] : [6, 2]),
    ];
    for (const make of others) await problem('tracing_check', () => jit.trace(drifting(make), [x], { check_tolerance: 1e9 }));
  });
});

describe('a model whose eager values differ', () => {
  const eagerly = (answer: (t: Tensor) => Tensor | Tensor[]) => {
    let calls = 0;
    return new Computed((t) => (calls++ < 2 ? F.relu(t) : answer(t)));
  };

  test('in value', async () => {
    expect(await refused(eagerly(F.tanh))).toMatch(/^output "output".*every instruction agrees.*function of its inputs/);
  });

  test('in shape', async () => {
    expect(await refused(eagerly((t) => F.relu(t).reshape([12, 1])))).toMatch(/^output "output"/);
  });

  test('in the number of outputs', async () => {
    expect(await refused(eagerly((t) => [F.relu(t), t]))).toMatch(/^outputs: expected 2.*got 1/);
  });

  test('is let through without the check', async () => {
    const traced = await jit.trace(eagerly(F.tanh), [x], { check_trace: false });
    expect((traced(x) as Tensor).data).toEqual(F.relu(x).data);
  });

  test('is let through within the tolerance', async () => {
    const model = () => eagerly((t) => F.add(F.relu(t), tensor([1e-3, 0, 0, 0, 0, 0], { dtype: 'float32' })));
    await jit.trace(model(), [x], { check_tolerance: 2e-3 });
    await problem('tracing_check', () => jit.trace(model(), [x], { check_tolerance: 5e-4 }));
    await problem('tracing_check', () => jit.trace(model(), [x]));
  });
});

test.each([true, false])('a wrong result names the first instruction that differs: fusion %s', async (fusion) => {
  const model = new Block();
  const traced = await jit.trace(model, [x], { fusion });
  const inputs = { input_0: x };
  const { graph } = record(model, [{ name: 'input_0', dtype: x.dtype, shape: x.shape }], ([t]) => model(t));
  const graphs = { recorded: graph, optimised: optimise(graph, { fusion, compaction: true }) };
  const eager = flattenOutputs(model(x)).tensors;
  checkOutputs(traced, eager, inputs, graphs, 1e-5);
  for (const target of bytesOf(traced, 'norm.weight')) target.fill(0);
  await expect(async () => checkOutputs(traced, eager, inputs, graphs, 1e-5)).rejects.toThrow(
    fusion ? /^instruction 1, add_layer_norm of the model.*difference of/ : /^instruction 3, layer_norm of norm.*difference of/,
  );
  for (const target of bytesOf(traced, 'dense.weight')) target.fill(1);
  await expect(async () => checkOutputs(traced, eager, inputs, graphs, 1e-5)).rejects.toThrow(/^instruction 0, linear of dense/);
});

test('a wrong result is looked for behind views and what the host writes', async () => {
  const [table, norm] = [new nn.Embedding(4, 6, { seed: 1 }), new nn.LayerNorm(6)];
  const model = new Computed((ids) => norm(F.add(table(F.positions(ids)), table(ids)).reshape([6, 6])));
  const ids = tensor([[1, 2, 3], [3, 0, 1]]); // biome-ignore format: one row
  const traced = await jit.trace(model, [ids], { fusion: false });
  const { graph } = record(model, [{ name: 'input_0', dtype: ids.dtype, shape: ids.shape }], ([t]) => model(t));
  const graphs = { recorded: graph, optimised: optimise(graph, { fusion: false, compaction: true }) };
  const eager = flattenOutputs(model(ids)).tensors;
  checkOutputs(traced, eager, { input_0: ids }, graphs, 1e-5);
  for (const target of bytesOf(traced, 'parameters.1')) target.fill(0);
  expect(() => checkOutputs(traced, eager, { input_0: ids }, graphs, 1e-5)).toThrow(/^instruction \d, layer_norm of .*difference of/);
});

test('the check runs with the kernels of the trace', async () => {
  const block = new Block();
  const traced = await jit.trace(block, [x], { kernels: 'baseline', check_tolerance: 0, fusion: false });
  expect((traced(x) as Tensor).data).toEqual(withKernels('baseline', () => block(x)).data);
});

describe('difference', () => {
  const of = (got: number, want: number, tolerance = 1e-3) =>
    difference(tensor([got], { dtype: 'float32' }), tensor([want], { dtype: 'float32' }), tolerance);

  test.each<[number, number, boolean, boolean]>([
    [1, 1, true, true],
    [1, 1.0005, false, true],
    [1, 1.01, false, false],
    [1000, 1000.5, false, true],
    [0, -0, false, true],
    [Number.NaN, Number.NaN, true, true],
    [1, Number.NaN, false, false],
    [Number.NaN, 1, false, false],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, true, true],
    [1, Number.POSITIVE_INFINITY, false, false],
    [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, false, false],
    [Number.POSITIVE_INFINITY, 1, false, false],
  ])('of %s from %s', (got, want, exact, ok) => {
    expect(of(got, want)).toMatchObject({ exact, ok });
  });

  test.each<[string, number[], number]>([
    ['the largest of all', [1.5, 3, 2.25], 2],
    ['NaN, wherever it stands', [Number.NaN, 3, 1], Number.NaN],
    ['NaN behind others', [3, 1, Number.NaN], Number.NaN],
    ['infinite', [3, Number.POSITIVE_INFINITY, 2], Number.POSITIVE_INFINITY],
  ])('the largest error is %s', (_, got, maxError) => {
    const floats32 = (values: number[]) => tensor(values, { dtype: 'float32' });
    expect(difference(floats32(got), floats32([1, 1, 1])).maxError).toEqual(maxError);
  });

  test('of other sizes', () => {
    expect(difference(floats([2]), floats([3]))).toMatchObject({ exact: false, ok: false });
  });
});

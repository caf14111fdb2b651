import { describe, expect, test } from 'vitest';
import { jit, type Tensor, tensor } from '../../src/index.ts';
import { type Call, f, floats, type Program, Running, type Value } from '../support/atenprograms.ts';
import { problem } from '../support/tiny.ts';

const WEIGHTS = { weight: floats([12, 4], 3), bias: floats([12], 4), out: floats([4, 4], 5), table: floats([9, 4], 6) };
const holdsAt = (batch: number, length: number) => ({ inputs: { x: floats([batch, length, 4], batch + length) }, weights: WEIGHTS });

const DYNAMIC = { dynamic: { batch: [1, 4], sequence: [1, 7] }, dynamic_axes: { input_0: { 0: 'batch', 1: 'sequence' } } } as const;
const SIZES = [[1, 1], [1, 5], [3, 1], [2, 2], [3, 3], [4, 7]] as const; // biome-ignore format: pairs

/** A trace at one size answers as the program does at all. */
async function expectTraced(program: Program, dummies: readonly [number, number], least = 1): Promise<void> {
  const module = new Running(program, holdsAt(...dummies));
  const at = (batch: number, length: number): Tensor => holdsAt(batch, length).inputs.x;
  const { dynamic, dynamic_axes } = DYNAMIC;
  const how = { dynamic: { ...dynamic, sequence: [least, 7] }, dynamic_axes };
  const traced = await jit.trace(module as never, [at(...dummies)], how as never);
  for (const [batch, length] of SIZES.filter(([, each]) => each >= least)) {
    const [got, want] = [traced(at(batch, length) as never) as unknown as Tensor, module.forward(at(batch, length))];
    expect(got.shape).toEqual(want.shape);
    for (const [i, value] of Array.from(want.data, Number).entries()) expect(Number(got.data[i])).toBeCloseTo(value, 4);
  }
}

/** Attention over [length, batch, width], as nn.MultiheadAttention spells it. */
function lengthFirst(call: Call, { x, weight, bias, out }: Readonly<Record<string, Value>>): Value {
  const rows = call('transpose', x, 0, 1);
  const [length, batch] = call('size', rows) as [number, number];
  const [q, k, v] = (call('chunk', call('linear', rows, weight, bias), 3, -1) as Value[]).map((part) =>
    call('transpose', call('view', call('contiguous', part), [length, batch * 2, 2]), 0, 1),
  );
  const p = call('softmax', call('bmm', q, call('transpose', k, 1, 2)), -1);
  const joined = call('view', call('contiguous', call('transpose', call('bmm', p, v), 0, 1)), [length * batch, 4]);
  return call('transpose', call('view', call('linear', joined, out), [length, batch, 4]), 0, 1);
}

describe('sizes of 1, at which a graph may do less', () => {
  test.each([
    [2, 3],
    [1, 3],
    [1, 1],
    [2, 1],
  ] as const)('are answered by the graph of others, traced at %i, %i', async (batch, length) => {
    // biome-ignore format: pairs
    await expectTraced(lengthFirst, [batch, length]);
    await expectTraced((call, { x }) => call('contiguous', call('transpose', x, 0, 1)), [batch, length]);
  });

  test('are refused where they answer otherwise', async () => {
    const program: Program = (call, { x }) => call('mul', x, f((call('size', x) as number[])[0] === 1 ? 2 : 3));
    const module = new Running(program, holdsAt(2, 3));
    await problem('tracing', () => jit.trace(module as never, [holdsAt(2, 3).inputs.x], DYNAMIC as never));
  });
});

describe('other sizes', () => {
  test('may stand twice in a step', async () => {
    const program: Program = (call, { x }) => {
      const scores = call('matmul', call('unsqueeze', x, 1), call('transpose', call('unsqueeze', x, 1), 2, 3));
      return call('sum', call('permute', call('cat', [scores, call('mul', scores, 2)], 1), [0, 2, 3, 1]), [-1]);
    };
    await expectTraced(program, [2, 3]);
  });

  test('may be those of parts that hold one number, and of a table of which all is read', async () => {
    const zeros: Program = (call, { x }) => {
      const [batch] = call('size', x) as number[];
      return call('add', x, call('cat', [call('zeros', [batch, 1, 4]), call('slice', x, 1, 0, -1, 1)], 1));
    };
    await expectTraced(zeros, [2, 3], 2);
    await problem('tracing', () => expectTraced(zeros, [2, 3]));
    const positions: Program = (call, { x, table }) => {
      const [, length] = call('size', x) as number[];
      return call('add', x, call('slice', call('unsqueeze', table, 0), 1, 0, length, 1));
    };
    await expectTraced(positions, [2, 3]);
  });

  test('may choose a row of each text', async () => {
    const program: Program = (call, { x }) => {
      const [batch] = call('size', x) as number[];
      return call('index', x, [call('arange', batch), call('argmax', call('select', x, 2, 0), -1)]);
    };
    await expectTraced(program, [2, 3]);
  });

  test('of inputs that are read as floats alone are checked on whole numbers', async () => {
    const rows = (call: Call, { x, table }: Readonly<Record<string, Value>>): Value =>
      call('embedding', table, call('remainder', call('to', x, 4), 5));
    const ids = tensor([[7, 3, 1]], { dtype: 'int32' });
    const module = new Running(rows, { inputs: { x: ids }, weights: WEIGHTS });
    const traced = await jit.trace(module as never, [ids]);
    expect(Array.from((traced(ids as never) as unknown as Tensor).data, Number).slice(0, 4)).toEqual(
      Array.from(WEIGHTS.table.data.slice(8, 12)),
    );
  });
});

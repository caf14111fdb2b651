import { describe, expect, test } from 'vitest';
import { jit, ones, type Tensor, tensor } from '../../src/index.ts';
import type { ModelOutput } from '../../src/nn/outputs.ts';
import { VARIANTS } from '../support/fixtures.ts';
import { bytesOf, expectSameBits, problem, tinyBert } from '../support/tiny.ts';

const model = tinyBert({ num_hidden_layers: 2 });
const whole = (shape: number[]): Tensor => ones(shape, { dtype: 'int32' });

const traceFor = (batch: number, length: number, options = {}) =>
  jit.trace(model, { input_ids: whole([batch, length]), attention_mask: whole([batch, length]) }, options);

describe('a trace called with other dimensions throws the sentence of PyTorch', () => {
  test.each([
    ['fewer sequences', [1, 4], 0, 1, 2, /Pad the input to the traced size.*traced\.pad\(inputs\)/],
    ['more sequences', [3, 4], 0, 3, 2, /Trace the model again with dummy inputs at least as large/],
    ['shorter', [2, 3], 1, 3, 4, /Pad the input/],
    ['longer', [2, 9], 1, 9, 4, /Trace the model again/],
    ['both', [1, 9], 0, 1, 2, /Pad the input/],
  ])('%s', async (_, shape, dim, given, traced, cure) => {
    const loaded = await traceFor(2, 4);
    const error = await problem('shape', () => loaded({ input_ids: whole(shape), attention_mask: whole(shape) }));
    const sentence = `The expanded size of the tensor (${given}) must match the existing size (${traced}) at non-singleton dimension ${dim}`;
    expect(error.message.startsWith(sentence)).toBe(true);
    expect(error.message).toContain(`The trace was made with input_ids [2,4] and called with [${shape}]`);
    expect(error.message).toMatch(cure);
    expect((await problem('shape', () => loaded.run({ input_ids: whole(shape), attention_mask: whole(shape) }))).message).toBe(
      error.message,
    );
  });

  test('for the input that is wrong', async () => {
    const traced = await traceFor(2, 4);
    const error = await problem('shape', () => traced({ input_ids: whole([2, 4]), attention_mask: whole([2, 5]) }));
    expect(error.message).toMatch(
      /^The expanded size of the tensor \(5\) must match the existing size \(4\).*made with attention_mask \[2,4\]/,
    );
  });

  test.each([[[4]], [[2, 4, 1]], [[]]])('but not for other ranks: %j', async (shape) => {
    const traced = await traceFor(2, 4);
    const error = await problem('shape', () => traced({ input_ids: whole(shape), attention_mask: whole([2, 4]) }));
    expect(error.message).toMatch(/input "input_ids": expected 2 dimensions, \[2,4\], got \[/);
  });
});

describe('pad', () => {
  const ids = tensor([
    [7, 8, 9],
    [4, 3, 2],
  ]);
  const rowsOf = (output: unknown, rows: number, length: number): Buffer[] => {
    const { last_hidden_state } = output as ModelOutput & { last_hidden_state: Tensor };
    const [, sequence, hidden] = last_hidden_state.shape;
    return Array.from({ length: rows }, (_, row) =>
      bytesOf(last_hidden_state).subarray(4 * row * sequence * hidden, 4 * (row * sequence + length) * hidden),
    );
  };

  test.each(VARIANTS)('gives real tokens the bits that the unpadded trace gives: %s', async (kernels) => {
    const exact = await jit.trace(model, [ids], { kernels });
    const masked = await traceFor(2, 3, { kernels });
    const want = rowsOf(exact(ids), 2, 3);
    expect(rowsOf(masked({ input_ids: ids, attention_mask: whole([2, 3]) }), 2, 3)).toEqual(want);
    for (const [batch, length] of [
      [2, 4],
      [2, 7],
      [2, 8],
      [2, 12],
      [3, 12],
    ]) {
      const traced = await traceFor(batch, length, { kernels });
      const output = traced(traced.pad({ input_ids: ids }, { pad_token_id: 5 })) as ModelOutput & { pooler_output: Tensor };
      expect(rowsOf(output, 2, 3), `[${batch}, ${length}]`).toEqual(want);
      const { pooler_output } = exact(ids) as ModelOutput & { pooler_output: Tensor };
      expect(
        bytesOf(output.pooler_output)
          .subarray(0, 4 * pooler_output.size)
          .equals(bytesOf(pooler_output)),
      ).toBe(true);
    }
  });

  test('fills ids with the padding token, the mask with zeros, and adds a mask', async () => {
    const traced = await traceFor(3, 4);
    const { input_ids, attention_mask } = traced.pad({ input_ids: ids }, { pad_token_id: 5 });
    expect(input_ids.tolist()).toEqual([
      [7, 8, 9, 5],
      [4, 3, 2, 5],
      [5, 5, 5, 5],
    ]);
    expect(attention_mask.tolist()).toEqual([
      [1, 1, 1, 0],
      [1, 1, 1, 0],
      [0, 0, 0, 0],
    ]);
    const given = traced.pad({
      input_ids: ids,
      attention_mask: tensor([
        [1n, 0n, 1n],
        [1n, 1n, 1n],
      ]),
    });
    expect(given.attention_mask.tolist()).toEqual([
      [1, 0, 1, 0],
      [1, 1, 1, 0],
      [0, 0, 0, 0],
    ]);
    expect(given.input_ids.tolist()).toEqual([
      [7, 8, 9, 0],
      [4, 3, 2, 0],
      [0, 0, 0, 0],
    ]);
  });

  test('leaves full inputs as they are, and a trace without a mask too', async () => {
    const traced = await jit.trace(model, [ids]);
    expect(traced.pad({ input_ids: ids }).input_ids.tolist()).toEqual(ids.tolist());
    const error = await problem('value', () => traced.pad({ input_ids: tensor([[1]]) }));
    expect(error.message).toMatch(/expected a trace made with an attention_mask.*Trace again with attention_mask/);
  });

  test('leaves one row for all as it is where it was traced so', async () => {
    const [row, rows] = [tensor([[2, 1, 0]]), tensor([[0, 1, 2], [2, 1, 0]])]; // biome-ignore format: one row
    const traceWith = (position_ids: Tensor) =>
      jit.trace(model, { input_ids: whole([2, 4]), attention_mask: whole([2, 4]), position_ids: position_ids });
    const one = await traceWith(whole([1, 4]));
    const padded = one.pad({ input_ids: ids, position_ids: row });
    expect(padded.position_ids.tolist()).toEqual([[2, 1, 0, 0]]);
    expect(padded.input_ids.shape).toEqual([2, 4]);
    await problem('shape', () => one.pad({ input_ids: ids, position_ids: rows }));
    const each = await traceWith(whole([2, 4]));
    expect(each.pad({ input_ids: ids, position_ids: rows }).position_ids.tolist()).toEqual([[0, 1, 2, 0], [2, 1, 0, 0]]); // biome-ignore format: one row
    await problem('shape', () => each.pad({ input_ids: ids, position_ids: row }));
  });

  test('refuses what does not fit', async () => {
    const traced = await traceFor(2, 4);
    expect((await problem('shape', () => traced.pad({ input_ids: whole([2, 5]) }))).message).toMatch(
      /at most \[2,4\], got \[2,5\].*trace again with larger/,
    );
    await problem('shape', () => traced.pad({ input_ids: whole([3, 4]) }));
    await problem('shape', () => traced.pad({ input_ids: whole([4]) }));
    expect((await problem('shape', () => traced.pad({ input_ids: whole([2, 3]), attention_mask: whole([2, 4]) }))).message).toMatch(
      /attention_mask": expected \[2,3\], got \[2,4\]/,
    );
    await problem('shape', () => traced.pad({ input_ids: whole([2, 3]), attention_mask: whole([1, 3]) }));
    expect((await problem('value', () => traced.pad({ ids }))).message).toMatch(
      /pad: input "ids": expected one of input_ids, attention_mask/,
    );
    await problem('value', () => traced.pad({}));
    await problem('dtype', () => traced.pad({ input_ids: ones([2, 3]) }));
  });
});

describe('the plan', () => {
  test('is consistent', async () => {
    const traced = await traceFor(1, 8);
    const { weights, arena, memory, instructions } = traced.plan();
    expect(memory % 65536).toBe(0);
    expect(memory).toBeGreaterThanOrEqual(65536 + weights + arena);
    expect(memory - (65536 + weights + arena)).toBeLessThan(65536 + 64);
    for (const { offset, bytes, shape } of instructions) {
      expect(offset % 16).toBe(0);
      expect(offset + bytes).toBeLessThanOrEqual(arena);
      expect(bytes).toBe(4 * shape.reduce((a, b) => a * b, 1));
    }
    const parameters = [...model.named_parameters()].reduce((sum, [, { size }]) => sum + 4 * size, 0);
    expect(weights).toBeGreaterThanOrEqual(parameters);
    expect(weights).toBeLessThan(parameters + 64 * 60);
    expect(traced.flops()).toBe(instructions.reduce((sum, { flops }) => sum + flops, 0));
  });

  test('counts what each instruction reads and writes', async () => {
    const { instructions } = (await traceFor(2, 8)).plan();
    const moved = (op: string) => instructions.find((instruction) => instruction.op === op)?.moved;
    expect(moved('first_pool')).toBe(8 * 2 * 16);
    expect(moved('embedding')).toBe(8 * 16 * 16 + 4 * 16);
    expect(moved('linear')).toBe(4 * (16 * 16 + 48 * 16 + 48 + 16 * 48));
  });

  test('grows with the traced length: products by it, attention by its square, weights not at all', async () => {
    const [short, long] = [await traceFor(1, 4), await traceFor(1, 12)];
    const of = (traced: typeof short, op: string) =>
      traced.plan().instructions.filter((instruction) => instruction.op === op && !instruction.path.startsWith('pooler'));
    const total = (traced: typeof short, op: string) => of(traced, op).reduce((sum, { flops }) => sum + flops, 0);
    expect(total(long, 'linear')).toBe(3 * total(short, 'linear'));
    expect(total(long, 'attention_qkv')).toBe(9 * total(short, 'attention_qkv'));
    expect(total(short, 'linear')).toBe(2 * 2 * 4 * (4 * 16 * 16 + 2 * 16 * 24));
    expect(long.plan().weights - short.plan().weights).toBeLessThan(3 * 64);
    expect(long.plan().arena).toBeGreaterThan(2 * short.plan().arena);
    expect(long.plan().arena).toBeLessThan(4 * short.plan().arena);
  });

  test('is the same after saving and loading', async () => {
    const traced = await traceFor(1, 8);
    const loaded = await jit.load(new Uint8Array(Buffer.concat([...(await jit.serialize(traced))])));
    expect(loaded.plan()).toEqual(traced.plan());
    expect(loaded.code).toBe(traced.code);
    expect(loaded.inputs).toEqual(traced.inputs);
    expect(loaded.outputs).toEqual(traced.outputs);
    const inputs = { input_ids: whole([1, 8]), attention_mask: whole([1, 8]) };
    expectSameBits(loaded(inputs), traced(inputs));
  });
});

import { describe, expect, test } from 'vitest';
import { F, jit, ones, type Tensor, tensor } from '../../src/index.ts';
import { altered } from '../support/malformed_trace.ts';
import { fileOf, floats, problem } from '../support/tiny.ts';

const example = { x: floats([2, 3, 4]), y: floats([2, 4, 5]) };

describe('a trace', () => {
  test('answers whole numbers where its ops do', async () => {
    const traced = await jit.trace((x: Tensor, y: Tensor) => F.argmax(F.matmul(x, y)), [example.x, example.y]);
    const answer = traced(example.x, example.y) as Tensor;
    expect([answer.dtype, answer.shape, answer.tolist()]).toEqual(['int32', [2, 3], F.argmax(F.matmul(example.x, example.y)).tolist()]);
    expect(traced.outputs[0]).toMatchObject({ dtype: 'int32', shape: [2, 3] });
    expect(traced.verify('baseline').exact).toBe(true);
  });

  test('keeps them in its file, and reads them in later ops', async () => {
    const table = floats([5, 3]);
    const traced = await jit.trace((x: Tensor, y: Tensor) => F.embedding(F.argmax(F.matmul(x, y)), table), [example.x, example.y]);
    const loaded = await jit.load(Buffer.concat([...(await jit.serialize(traced))]));
    const [want] = [F.embedding(F.argmax(F.matmul(example.x, example.y)), table)];
    expect((loaded(example.x, example.y) as unknown as Tensor).tolist()).toEqual(want.tolist());
    expect(loaded.graph).toMatch(/i32\[2, 3\] = argmax/);
  });

  test('has them as they are where they follow from constants alone', async () => {
    const [scores, table] = [floats([2, 5]), floats([5, 3])];
    const body = (x: Tensor) => ({ best: F.argmax(scores), rows: F.add(x, F.embedding(F.argmax(scores), table)) });
    const traced = await jit.trace(body, [floats([2, 3])]);
    const [got, want] = [traced(floats([2, 3])), body(floats([2, 3]))] as { best: Tensor; rows: Tensor }[];
    expect([got.best.dtype, got.best.tolist(), got.rows.tolist()]).toEqual(['int32', want.best.tolist(), want.rows.tolist()]);
  });

  test('lets none of them say where rows lie, which kernels do not look at', async () => {
    const body = (x: Tensor, y: Tensor) => ({ best: F.argmax(y), pooled: F.mean_pool(x) });
    const file = await fileOf(await jit.trace(body, [example.x, floats([3, 5])]));
    const { message } = await problem('format', () =>
      jit.load(
        altered(file, ({ program, code }) => {
          const { value } = program.outputs.find(({ name }: { name: string }) => name === 'best');
          const at = code.indexOf(program.hostValues[0].value, code.indexOf(program.ops.indexOf('mean_pool')));
          code[at] = value;
        }),
      ),
    );
    expect(message).toMatch(/^trace: mean_pool starts: expected an input, a host value or a constant, got the result of an op/);
  });

  test('of any size multiplies what it computed', async () => {
    const body = (ids: Tensor, mask: Tensor) => {
      const x = F.embedding(ids, floats([7, 8]));
      return { scores: F.matmul(x, F.transpose(x, 1, 2)), best: F.argmax(F.mean_pool(x, mask)) };
    };
    const ids = tensor([[1, 2, 3], [4, 5, 6]]); // biome-ignore format: one row
    const mask = ones([2, 3], { dtype: 'int32' });
    const named = Object.assign(body, { input_names: ['input_ids', 'attention_mask'] });
    const traced = await jit.trace(named, { input_ids: ids, attention_mask: mask }, { dynamic: { batch: [1, 3], sequence: [1, 6] } });
    const short = [tensor([[1, 2]]), ones([1, 2], { dtype: 'int32' })] as const;
    const [got, want] = [traced(...short), body(...short)] as { scores: Tensor; best: Tensor }[];
    expect([got.scores.tolist(), got.best.tolist()]).toEqual([want.scores.tolist(), want.best.tolist()]);
  });
});

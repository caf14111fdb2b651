import { describe, expect, test } from 'vitest';
import { F, full, jit, nn, type Tensor, type TracedModule, tensor } from '../../src/index.ts';
import { expectSameBits, fileOf, floats, problem, tinyBert } from '../support/tiny.ts';

const dense = new nn.Linear(4, 3, { seed: 3 });
const inner = (x: Tensor, by: Tensor) => ({ scaled: F.mul(dense(x), by), sum: F.sum(x, -1) });

class Outer extends nn.Module<Tensor[], Tensor> {
  readonly first = new nn.Linear(4, 4, { seed: 5 });

  readonly part: TracedModule;

  constructor(part: TracedModule) {
    super();
    this.part = part;
  }

  forward(x: Tensor, by: Tensor): Tensor {
    const { scaled, sum } = this.part(this.first(x), by);
    return F.add(scaled, sum.unsqueeze(-1));
  }
}

describe('a trace within a model', () => {
  const [x, by] = [floats([2, 4]), floats([3], 2)];

  test('runs there as it does alone, at once and traced, also from a file', async () => {
    const part = await jit.trace(inner, [x, by], { kernels: 'baseline' });
    const loaded = await jit.load(await fileOf(part), { kernels: 'baseline' });
    for (const each of [part, loaded]) {
      const outer = new Outer(each as TracedModule);
      const traced = await jit.trace(outer, [x, by], { kernels: 'baseline' });
      for (const [a, b] of [[x, by], [floats([2, 4], 7), floats([3], 8)]]) expectSameBits(traced(a, b) as Tensor, outer(a, b)); // biome-ignore format: one row
      expect(traced.graph).toMatch(/part\.dense|part\.parameters|part\.constants/);
      expectSameBits((await jit.load(await fileOf(traced), { kernels: 'baseline' }))(x, by) as unknown as Tensor, outer(x, by));
    }
  });

  test('takes sizes of its own, which may be those of the trace around it', async () => {
    const axes = { input_0: { 0: 'n' }, input_1: {} };
    const part = await jit.trace(inner, [x, by], { dynamic: { n: [1, 9] }, dynamic_axes: axes });
    const outer = new Outer(part as TracedModule);
    const traced = await jit.trace(outer, [x, by], { dynamic: { rows: [1, 6] }, dynamic_axes: { input_0: { 0: 'rows' }, input_1: {} } });
    for (const rows of [1, 2, 5]) expectSameBits(traced(floats([rows, 4]), by) as Tensor, outer(floats([rows, 4]), by));
    const wide = jit.trace(outer, [x, by], { dynamic: { rows: [1, 20] }, dynamic_axes: { input_0: { 0: 'rows' }, input_1: {} } });
    expect((await problem('shape', () => wide)).message).toMatch(/1 to 9, the bounds of n in this trace/);
  });

  test('of a transformer, with ids, positions and a mask, twice in one model', async () => {
    const bert = tinyBert({ num_hidden_layers: 2 });
    const ids = tensor([[3, 5, 7, 2], [1, 4, 0, 0]]); // biome-ignore format: one row
    const attention_mask = tensor([[1, 1, 1, 1], [1, 1, 0, 0]]); // biome-ignore format: one row
    const inputs = { input_ids: ids, attention_mask };
    const dynamic = { batch: [1, 4], sequence: [1, 8] } as const;
    const part = await jit.trace(bert, inputs, { exact_padding: true, dynamic, kernels: 'baseline' });
    const model = Object.assign(
      (input_ids: Tensor, attention_mask: Tensor) => {
        const both = [part({ input_ids, attention_mask }), part({ input_ids: F.filled(input_ids, 3), attention_mask })];
        return F.sub(both[0].pooler_output, both[1].pooler_output);
      },
      { input_names: ['input_ids', 'attention_mask'] },
    );
    const traced = await jit.trace(model, inputs, { dynamic, kernels: 'baseline' });
    for (const [a, b] of [[ids, attention_mask], [ids.narrow(1, 0, 2), attention_mask.narrow(1, 0, 2)]]) // biome-ignore format: one row
      expectSameBits(traced(a, b) as Tensor, model(a, b));
  });

  test('beside another keeps its own weights', async () => {
    const parts = await Promise.all([1, 2].map((seed) => jit.trace(new nn.Linear(4, 4, { seed }), [x], { kernels: 'baseline' })));
    const model = (y: Tensor) => F.mul(parts[0](y), parts[1](parts[0](y)));
    const traced = await jit.trace(model, [x], { kernels: 'baseline' });
    const loaded = await jit.load(await fileOf(traced), { kernels: 'baseline' });
    for (const each of [traced, loaded]) expectSameBits(each(x) as unknown as Tensor, model(x));
    expect(traced.graph).toMatch(/traced_0.*\n[\s\S]*traced_1/);
  });

  test('that leaves out padding is refused, with what to do', async () => {
    const [input_ids, attention_mask] = [full([1, 4], 3, { dtype: 'int32' }), full([1, 4], 1, { dtype: 'int32' })];
    const part = await jit.trace(tinyBert(), { input_ids, attention_mask });
    const model = (ids: Tensor, mask: Tensor) => part({ input_ids: ids, attention_mask: mask }).pooler_output;
    const { message } = await problem('tracing', () => jit.trace(model, [input_ids, attention_mask]));
    expect(message).toMatch(/exact_padding: true/);
  });
});

import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { BertForMaskedLM, BertModel, bestVariant, F, full, jit, nn, type Tensor, tensor, withKernels } from '../../src/index.ts';
import { VARIANTS } from '../support/fixtures.ts';
import { Block, bytesOf, Computed, expectSameBits, floats, problem, tinyBert, tinyConfig } from '../support/tiny.ts';

class Net extends nn.Module<[Tensor], Tensor> {
  first = new nn.Linear(4, 4, { bias: false });
  rest = new nn.ModuleList([new nn.Linear(4, 4), new Block()]);
  gain = new nn.Parameter([4], (values) => values.fill(2));
  drop = new nn.Dropout(0.9);
  readonly label = 'net';

  forward(x: Tensor): Tensor {
    return F.mul(this.first(x), this.gain);
  }
}

describe('a module', () => {
  test('names its parts and parameters by their fields', () => {
    const net = new Net();
    expect([...net.named_modules()].map(([name]) => name)).toEqual([
      '',
      'first',
      'rest',
      'rest.0',
      'rest.1',
      'rest.1.dense',
      'rest.1.norm',
      'drop',
    ]);
    expect([...net.state_dict().keys()]).toEqual([
      'gain',
      'first.weight',
      'rest.0.weight',
      'rest.0.bias',
      'rest.1.dense.weight',
      'rest.1.dense.bias',
      'rest.1.norm.weight',
      'rest.1.norm.bias',
    ]);
    expect(net.state_dict().get('rest.1.norm.bias')).toBe((net.rest.items[1] as Block).norm.bias);
  });

  test('that holds itself is refused, by name', async () => {
    class Link extends nn.Module<[], void> {
      next: Link | null = null;
      forward(): void {}
    }
    const [a, b, shared] = [new Link(), new Link(), new Link()];
    a.next = b;
    expect([...a.named_modules()].map(([name]) => name)).toEqual(['', 'next']);
    b.next = a;
    for (const use of [() => a.eval(), () => a.state_dict(), () => [...b.named_modules()], () => jit.trace(a, [floats([1])])])
      expect((await problem('value', use)).message).toMatch(/^module next\.next: .*got a Link that holds itself/);
    const twice = new nn.ModuleList([shared, shared]);
    expect([...twice.named_modules()].map(([name]) => name)).toEqual(['', '0', '1']);
  });

  test('is called as a function, and is what its class says', () => {
    const net = new Net();
    const x = floats([2, 4]);
    expect(typeof net).toBe('function');
    expect(net).toBeInstanceOf(Net);
    expect(net).toBeInstanceOf(nn.Module);
    expectSameBits(net(x), net.forward(x));
    expectSameBits(net(x), F.scale(F.linear(x, net.first.weight), 2));
  });

  test('may have fields called name and length', () => {
    class Odd extends Computed {
      override readonly name = new nn.Linear(2, 2) as never;
      override readonly length = 3 as never;
    }
    const odd = new Odd((x) => x);
    expect([...odd.state_dict().keys()]).toEqual(['name.weight', 'name.bias']);
    expect(odd.length).toBe(3);
  });

  test('a list has items and no forward', () => {
    const list = new nn.ModuleList([new nn.Linear(1, 1), new nn.Linear(1, 1)]);
    expect([...list]).toEqual(list.items);
    expect(() => (list as unknown as () => void)()).toThrow(/no forward: call its items/);
  });

  test('Dropout is the identity', () => {
    const x = floats([3, 4]);
    expect(new nn.Dropout(0.9)(x)).toBe(x);
    expect(new nn.Dropout().p).toBe(0.5);
  });
});

describe('parameters', () => {
  test('are made on first use', () => {
    let calls = 0;
    const parameter = new nn.Parameter([3], (values) => {
      calls++;
      values.fill(7);
    });
    expect(calls).toBe(0);
    expect([...parameter.data, parameter.data[0]]).toEqual([7, 7, 7, 7]);
    expect(calls).toBe(1);
    const given = new nn.Parameter([2], () => expect.unreachable());
    given.set(Float32Array.of(1, 2));
    expect([...given.data]).toEqual([1, 2]);
  });

  test('take values of their size alone', async () => {
    await problem('shape', () => new nn.Parameter([3], () => {}).set(new Float32Array(4)));
  });

  test('are made of a tensor, and set from any numbers, as a copy', async () => {
    const values = floats([2, 2]);
    const parameter = new nn.Parameter(values);
    values.data[0] = 9;
    expect(parameter.data[0]).toBe(floats([1]).data[0]);
    for (const given of [
      [1, 2, 3, 4],
      Int32Array.of(1, 2, 3, 4),
      tensor([1, 2, 3, 4]),
      tensor([
        [1, 2],
        [3, 4],
      ]),
    ]) {
      parameter.set([0, 0, 0, 0]);
      parameter.set(given);
      expect(parameter.tolist()).toEqual([
        [1, 2],
        [3, 4],
      ]);
    }
    await problem('dtype', () => parameter.set(tensor([1, 2, 3, 4], { dtype: 'float64' })));
    expect(parameter.tolist()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('of an untouched model are not lent by calls, traces and weights tied to it', async () => {
    const model = new BertForMaskedLM(tinyConfig({ torchscript: true }), { seed: 1 });
    const ids = full([1, 4], 3, { dtype: 'int32' });
    model(ids);
    await jit.trace(model, [ids]);
    expect([...model.named_parameters()].filter(([, parameter]) => parameter.lent).map(([name]) => name)).toEqual([]);
  });

  test('written to after a call are those of the next one, eager and traced', async () => {
    const norm = new nn.LayerNorm(2);
    const x = tensor([1, 3], { dtype: 'float32' });
    expect(norm(x).data[1]).toBeCloseTo(1, 4);
    norm.weight?.data.set([1, 5]);
    expect(norm(x).data[1]).toBeCloseTo(5, 4);
    const traced = await jit.trace(norm, [x]);
    expectSameBits(traced(x), norm(x));
    norm.weight?.data.set([1, 6]);
    expect(norm(x).data[1]).toBeCloseTo(6, 4);
    expect(traced(x).data[1]).toBeCloseTo(5, 4);
  });

  test.each<[string, () => { weight: Tensor | null }, number, number]>([
    ['Linear', () => new nn.Linear(16, 8, { seed: 1 }), -0.25, 0.25],
    ['Embedding', () => new nn.Embedding(16, 8, { seed: 1 }), -1, 1],
    ['LayerNorm', () => new nn.LayerNorm(16), 1, 1],
  ])('of a %s with a seed are the same each time, within their range', (_, make, low, high) => {
    const [a, b] = [make(), make()];
    const values = a.weight?.data as Float32Array;
    expect(values).toEqual(b.weight?.data);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
    expect(Math.max(...values)).toBeLessThanOrEqual(high);
    if (low < high) expect(new Set(values).size).toBeGreaterThan(100);
  });

  test('of a model follow from its seed', () => {
    const of = (seed?: number) => new BertModel(tinyConfig(), { seed }).state_dict();
    const bits = (seed?: number) => [...of(seed)].map(([name, parameter]) => `${name} ${bytesOf(parameter).toString('hex')}`);
    expect(bits(5)).toEqual(bits(5));
    expect(bits()).toEqual(bits(0));
    expect(bits(5)).not.toEqual(bits(6));
    const words = of(0).get('embeddings.word_embeddings.weight')?.data as Float32Array;
    expect([...words.subarray(0, 16)]).toEqual(Array(16).fill(0));
    const dense = of(0).get('encoder.layer.0.intermediate.dense.weight')?.data as Float32Array;
    const values = [...words.subarray(16), ...dense];
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    expect(deviation).toBeGreaterThan(0.018);
    expect(deviation).toBeLessThan(0.022);
  });

  test('of a seeded model begin with these bits', () => {
    const { embeddings, encoder } = new BertModel(tinyConfig(), { seed: 42 });
    const first = (x: Tensor, from = 0) =>
      [...new Uint32Array((x.data as Float32Array).slice(from, from + 4).buffer)].map((word) => word.toString(16));
    expect(first(embeddings.word_embeddings.weight, 16)).toEqual(['bc822a34', '3c8e8388', 'bb43dcc7', '3cf9bb93']);
    expect(first([...encoder.layer][0].attention.self.query.weight)).toEqual(['ba7d8649', '3c29c088', '3c9a099b', 'bce23729']);
    expect(first([...encoder.layer][0].attention.self.query.bias as Tensor)).toEqual(['0', '0', '0', '0']);
  });
});

describe('a module in print', () => {
  test('is its parts', () => {
    const text = `Net(
  (first): Linear(in_features=4, out_features=4, bias=false)
  (rest): ModuleList(
    (0): Linear(in_features=4, out_features=4, bias=true)
    (1): Block(
      (dense): Linear(in_features=6, out_features=6, bias=true)
      (norm): LayerNorm([6], eps=0.00001, elementwise_affine=true)
    )
  )
  (drop): Dropout(p=0.9)
)`;
    const net = new Net();
    expect(String(net)).toBe(text);
    expect(inspect(net)).toBe(text);
    expect(JSON.parse(JSON.stringify({ net }))).toEqual({ net: text });
    expect(String(new nn.Embedding(10, 4, 0))).toBe('Embedding(10, 4, padding_idx=0)');
    expect(() => structuredClone(net)).toThrow(/could not be cloned/);
  });

  test('is one line where it is traced', async () => {
    const traced = await jit.trace(tinyBert(), [full([1, 4], 3, { dtype: 'int32' })], { dynamic: { sequence: [1, 8] } });
    const line = 'TracedModule(input_ids int32 [1,sequence] -> last_hidden_state float32 [1,sequence,16], pooler_output float32 [1,16])';
    expect([String(traced), inspect(traced), inspect({ traced })]).toEqual([line, line, `{\n  traced: ${line}\n}`]);
    traced.dispose();
    expect(inspect(traced)).toBe('TracedModule(disposed)');
  });
});

test('a module without a forward says so', async () => {
  const bare = new (class Bare extends (nn.Module as unknown as typeof Block) {})();
  Object.defineProperty(bare, 'forward', { value: undefined });
  expect((await problem('value', () => bare(floats([1])))).message).toMatch(/Bare: expected a forward method, got undefined/);
});

describe('withKernels', () => {
  test.each(VARIANTS)('runs eager ops on %s', (variant) => {
    const x = floats([3, 16]);
    const dense = new nn.Linear(16, 8);
    const inside = withKernels(variant, () => dense(x));
    if (variant === bestVariant()) expectSameBits(dense(x), inside);
    else expect((dense(x).data as Float32Array).every((value, i) => Math.abs(value - Number(inside.data[i])) < 1e-5)).toBe(true);
  });

  test('ends with its body, also by an error', () => {
    const x = floats([1, 37]);
    const outside = F.softmax(x);
    expect(() =>
      withKernels('baseline', () => {
        throw new Error('out');
      }),
    ).toThrow('out');
    expectSameBits(F.softmax(x), outside);
    expect(withKernels('baseline', () => withKernels(bestVariant(), () => 5) + 1)).toBe(6);
  });
});

test('eager calls of a model do not depend on what ran before', () => {
  const [a, b] = [tinyBert(), tinyBert({ num_hidden_layers: 2 })];
  const ids = full([1, 4], 3, { dtype: 'int32' });
  const want = a(ids);
  b(ids);
  new Net()(floats([2, 4]));
  expectSameBits(a(ids), want);
});

test('fresh layers differ, unless they are given one seed', () => {
  const values = (layer: { weight: nn.Parameter }) => layer.weight.tolist();
  expect(values(new nn.Linear(4, 3))).not.toEqual(values(new nn.Linear(4, 3)));
  expect(values(new nn.Embedding(4, 3))).not.toEqual(values(new nn.Embedding(4, 3)));
  expect(values(new nn.Linear(4, 3, { seed: 5 }))).toEqual(values(new nn.Linear(4, 3, { seed: 5 })));
});

test.each([() => new nn.Linear(-1, 3), () => new nn.Linear(Number.NaN, 3), () => new nn.Embedding(0, 3), () => new nn.LayerNorm(1.5)])(
  'refuses dimensions that are none: %s',
  (make) => expect(make).toThrow(/parameter: expected dimensions/),
);

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BertForMaskedLM, BertForPreTraining, F, full, jit, type ModelOutput, nn, ones, type Tensor, tensor } from '../../src/index.ts';
import { modelOutput } from '../../src/nn/outputs.ts';
import { fixture } from '../support/fixtures.ts';
import { Block, Computed, expectSameBits, floats, problem, tinyBert, tinyConfig } from '../support/tiny.ts';

const x = floats([2, 6]);
const ids = tensor([[1, 2, 3, 4, 5]]);
const mask = tensor([[1, 1, 1, 1, 0]]);
const lines = (...text: string[]) => text.join('\n');

describe('listings', () => {
  test('of a block, fused', async () => {
    const traced = await jit.trace(new Block(), [x]);
    expect(traced.graph).toBe(
      lines(
        'graph(%input_0: f32[2, 6]):',
        '  %1: f32[2, 6] = linear(%input_0, dense.weight, dense.bias, activation=gelu)  # dense',
        '  %4: f32[2, 6] = add_layer_norm(%1, %input_0, norm.weight, norm.bias, eps=0.00001)',
        '  return output: f32[2, 6] = %4',
      ),
    );
    expect(traced.code).toBe(
      lines(
        '000000  linear            out=1 x=0 weight=2 bias=3 activation=2 m=2 n=6 k=6',
        '000009  add_layer_norm    out=4 x=1 residual=0 weight=5 bias=6 rows=2 cols=6 eps=0.00001',
      ),
    );
  });

  test('of a block, not fused', async () => {
    const traced = await jit.trace(new Block(), [x], { fusion: false });
    expect(traced.graph).toBe(
      lines(
        'graph(%input_0: f32[2, 6]):',
        '  %1: f32[2, 6] = linear(%input_0, dense.weight, dense.bias)  # dense',
        '  %4: f32[2, 6] = gelu(%1)',
        '  %5: f32[2, 6] = add(%4, %input_0)',
        '  %6: f32[2, 6] = layer_norm(%5, norm.weight, norm.bias, eps=0.00001)  # norm',
        '  return output: f32[2, 6] = %6',
      ),
    );
  });

  test.each([
    ['fused', true],
    ['plain', false],
  ])('of BERT, %s', async (name, fusion) => {
    const traced = await jit.trace(tinyBert(), { input_ids: ids, attention_mask: mask }, { fusion });
    expect(`${traced.graph}\n`).toBe(readFileSync(fixture(`listings/bert-${name}.txt`), 'utf8'));
  });
});

test('fusion changes no bit of BERT', async () => {
  const model = tinyBert({ num_hidden_layers: 3, output_hidden_states: true });
  const inputs = { input_ids: ids, attention_mask: mask };
  const [fused, plain] = [
    await jit.trace(model, inputs, { kernels: 'baseline' }),
    await jit.trace(model, inputs, { fusion: false, kernels: 'baseline' }),
  ];
  expect(fused.plan().instructions.length).toBeLessThan(plain.plan().instructions.length);
  expectSameBits(fused(inputs), plain(inputs));
});

describe('a forward pass that cannot be recorded', () => {
  const reading = (read: (x: Tensor) => unknown) =>
    class extends nn.Module<[Tensor], Tensor> {
      part = new Computed((input) => {
        read(input as Tensor);
        return input as Tensor;
      });
      forward(input: Tensor): Tensor {
        return this.part(F.gelu(input)) as Tensor;
      }
    };

  test.each<[string, (x: Tensor) => unknown]>([
    ['data', (t) => t.data[0]],
    ['item()', (t) => t.item()],
    ['tolist()', (t) => t.tolist()],
    ['arithmetic', (t) => Number(t) + 1],
    ['comparison', (t) => (t as unknown as number) > 1],
    ['a template', (t) => `${t}`],
  ])('because it reads values: %s', async (_, read) => {
    const error = await problem('tracing', () => jit.trace(new (reading(read))(), [floats([1])]));
    expect(error.message).toMatch(/^part (reads|compares).*shape \[1\] while it is traced.*branch on shapes or config/);
  });

  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /expected a tensor, a tuple of tensors.*got undefined/],
    ['null', null, /got null/],
    ['a number', 3, /got number/],
    ['a tuple with numbers', [ones([1]), 2], /got number/],
    ['an empty tuple', [], /at least one output tensor/],
    ['a promise', Promise.resolve(ones([1])), /at least one output tensor/],
    ['a name with a dot', { 'a.b': ones([1]) }, /names without dots.*"a\.b"/],
    ['the name length', { length: ones([1]) }, /other than "length"/],
  ])('because it answers %s', async (_, result, message) => {
    const error = await problem('tracing', () => jit.trace(new Computed(() => result as Tensor), [x]));
    expect(error.message).toMatch(message);
  });

  test('because a weight is computed', async () => {
    const error = await problem('tracing', () =>
      jit.trace(new Computed((a, b) => F.linear(a, F.gelu(b))), [floats([2, 3]), floats([4, 3])]),
    );
    expect(error.message).toMatch(/^linear of the model with a weight of shape \[4,3\].*computed or given at run time/);
    class Holder extends nn.Module<[Tensor], Tensor> {
      part = new Computed((t) => F.linear(t, t));

      forward(t: Tensor): Tensor {
        return this.part(t) as Tensor;
      }
    }
    expect((await problem('tracing', () => jit.trace(new Holder(), [x]))).message).toMatch(/^linear of part with a weight/);
  });

  test('without dummy inputs', async () => {
    await problem('value', () => jit.trace(new Block(), []));
    await problem('value', () => jit.trace(tinyBert(), { wrong: ids }));
  });

  test('in training mode', async () => {
    await problem('training', () => jit.trace(new Block().train(), [x]));
  });

  test('leaves later eager calls as they were', async () => {
    const model = new Block();
    const before = model(x);
    await problem('tracing', () => jit.trace(new Computed((t) => model(t).reshape([t.item()])), [x]));
    expectSameBits(model(x), before);
  });
});

describe('outputs', () => {
  test('keep their names, nesting and order', async () => {
    const model = new Computed((t) => modelOutput({ b: F.relu(t), list: [F.tanh(t), F.gelu(t)], a: t }));
    const traced = await jit.trace(model, [x]);
    expect(traced.outputs.map(({ name }) => name)).toEqual(['b', 'list.0', 'list.1', 'a']);
    expectSameBits(traced(x), model(x));
  });

  test('one tensor under two names', async () => {
    const model = new Computed((t) => {
      const y = F.relu(t);
      return modelOutput({ first: y, second: y });
    });
    const traced = await jit.trace(model, [x]);
    expect(traced.outputs.map(({ name }) => name)).toEqual(['first', 'second']);
    expectSameBits(traced(x), model(x));
  });

  test('may be inputs, constants or views', async () => {
    const model = new Computed((t) => ({ same: t, seven: full([2], 7), flat: F.relu(t).reshape([12]) }));
    const traced = await jit.trace(model, [x]);
    expectSameBits(traced(x), model(x));
  });
});

describe('tied weights', () => {
  test('of a module without the flag are refused by both names', async () => {
    class Tied extends nn.Module<[Tensor], Tensor> {
      first = new nn.Linear(6, 6);
      second = new nn.Linear(6, 6);
      constructor() {
        super();
        this.second.weight = this.first.weight;
      }
      forward(input: Tensor): Tensor {
        return this.second(this.first(input));
      }
    }
    const error = await problem('tied', () => jit.trace(new Tied(), [x]));
    expect(error.message).toMatch(/^first\.weight and second\.weight.*give each of the two its own Parameter$/);
  });

  test.each([BertForMaskedLM, BertForPreTraining])('of %o need torchscript', async (Model) => {
    const error = await problem('tied', () => jit.trace(new Model(tinyConfig()), [ids]));
    expect(error.message).toMatch(
      /^bert\.embeddings\.word_embeddings\.weight and cls\.predictions\.decoder\.weight.*\{ torchscript: true \}/,
    );
    const untied = new Model(tinyConfig({ torchscript: true }));
    expectSameBits((await jit.trace(untied, [ids], { fusion: false }))(ids), untied(ids));
  });

  test('within another module need torchscript too', async () => {
    class Wrapper extends nn.Module<[Tensor], ModelOutput> {
      inner = new BertForMaskedLM(tinyConfig());

      forward(input: Tensor): ModelOutput {
        return this.inner(input);
      }
    }
    const error = await problem('tied', () => jit.trace(new Wrapper(), [ids]));
    expect(error.message).toMatch(/^inner\.bert\.embeddings.* and inner\.cls\.predictions\.decoder\.weight.*\{ torchscript: true \}/);
  });

  test.each([true, false])('are none in BertModel: torchscript %s', async (torchscript) => {
    const model = tinyBert({ torchscript });
    expectSameBits((await jit.trace(model, [ids]))(ids), (await jit.trace(model, [ids], { fusion: false }))(ids));
  });
});

test('a trace holds on to no tensor of its caller', async () => {
  const input = floats([2, 6]);
  const traced = await jit.trace(new Block(), [input]);
  (input.data as Float32Array).fill(9);
  expect(traced.verify('baseline').exact).toBe(true);
});

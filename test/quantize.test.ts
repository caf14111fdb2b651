import { describe, expect, test } from 'vitest';
import { BertForMaskedLM, F, jit, nn, quantize, type Tensor, tensor } from '../src/index.ts';
import { readSafetensors } from '../src/safetensors.ts';
import { VARIANTS } from './fixtures.ts';
import { bytesOf, expectSameBits, fileOf, floats, problem, tinyBert, tinyConfig } from './tiny.ts';

const ids = tensor([[1, 2, 3, 4, 5]]);

function denseWith(rows: number[][]): nn.Linear {
  const dense = new nn.Linear(rows[0].length, rows.length);
  dense.weight.set(Float32Array.from(rows.flat()));
  return dense;
}

describe('quantize', () => {
  test('rounds each row to 127 steps of its largest number', () => {
    const dense = quantize(
      denseWith([
        [1, -0.45, 0.003],
        [0, 0, 0],
        [-254, 2, 1],
      ]),
    );
    const { rows, scale } = dense.weight.quantised as { rows: Int8Array; scale: Float32Array };
    expect([...rows]).toEqual([127, -57, 0, 0, 0, 0, -127, 1, 1]);
    expect([...scale]).toEqual([Math.fround(1 / 127), 0, 2]);
    expect([...dense.weight.data]).toEqual([...rows].map((value, i) => Math.fround(value * scale[Math.floor(i / 3)])));
  });

  test('moves no number by more than half a step', () => {
    const dense = new nn.Linear(50, 20);
    const before = dense.weight.data.slice();
    const { scale } = quantize(dense).weight.quantised as { scale: Float32Array };
    dense.weight.data.forEach((value, i) => {
      expect(Math.abs(value - before[i])).toBeLessThanOrEqual(scale[Math.floor(i / 50)] * 0.5001);
    });
  });

  test('takes Linear and Embedding weights alone', () => {
    const model = quantize(tinyBert());
    for (const [name, { quantised }] of model.named_parameters())
      expect(quantised !== null, name).toBe(name.endsWith('.weight') && !name.includes('LayerNorm'));
  });

  test('ends where values are set anew', () => {
    const dense = quantize(new nn.Linear(4, 4));
    dense.weight.set(new Float32Array(16));
    expect(dense.weight.quantised).toBeNull();
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %s and changes nothing', async (value) => {
    class Two extends nn.Module<[Tensor], Tensor> {
      first = new nn.Linear(2, 2);
      second = denseWith([
        [1, 2],
        [3, value],
      ]);
      forward(x: Tensor): Tensor {
        return this.second(this.first(x));
      }
    }
    const model = new Two();
    const error = await problem('value', () => quantize(model));
    expect(error.message).toMatch(/^second\.weight\[3\]: expected a finite number to quantise/);
    expect(model.first.weight.quantised).toBeNull();
  });
});

describe.each(VARIANTS)('a quantised trace on %s', (kernels) => {
  test.each([true, false])('computes what the quantised model computes, fusion %s', async (fusion) => {
    const model = quantize(tinyBert({ num_hidden_layers: 2 }));
    const traced = await jit.trace(model, [ids], { kernels, fusion });
    const file = await fileOf(traced);
    const loaded = await jit.load(file, { kernels });
    expectSameBits(loaded(ids), traced(ids));
    expect(loaded.verify('baseline').exact).toBe(true);
    expect(Buffer.from(await fileOf(loaded)).equals(Buffer.from(file))).toBe(true);
    if (!fusion) expectSameBits(traced(ids), (await jit.trace(model, [ids], { kernels }))(ids));
  });
});

describe('a quantised file', () => {
  test('stores one byte a weight, and the scales', async () => {
    const model = quantize(tinyBert());
    const { tensors } = readSafetensors(await fileOf(await jit.trace(model, [ids])), 'trace');
    const weight = model.embeddings.word_embeddings.weight;
    expect(tensors.get('embeddings.word_embeddings.weight')?.data).toEqual(weight.quantised?.rows);
    expect(tensors.get('embeddings.word_embeddings.weight.scale')?.data).toEqual(weight.quantised?.scale);
    for (const part of ['query', 'key', 'value']) expect(tensors.get(`encoder.layer.0.attention.self.${part}.weight`)?.dtype).toBe('int8');
    expect(tensors.get('embeddings.LayerNorm.weight')?.dtype).toBe('float32');
  });

  test('is a quarter as large', async () => {
    class Wide extends nn.Module<[Tensor], Tensor> {
      dense = new nn.Linear(256, 256);
      forward(x: Tensor): Tensor {
        return this.dense(x);
      }
    }
    const size = async (model: Wide) => (await fileOf(await jit.trace(model, [floats([1, 256])]))).length;
    const ratio = (await size(quantize(new Wide()))) / (await size(new Wide()));
    expect(ratio).toBeLessThan(0.3);
  });

  test('holds untied copies once', async () => {
    const model = quantize(new BertForMaskedLM(tinyConfig({ torchscript: true, vocab_size: 500 })));
    const { metadata } = readSafetensors(await fileOf(await jit.trace(model, [ids])), 'trace');
    expect(JSON.parse(metadata.aliases)).toMatchObject({
      'cls.predictions.decoder.weight': 'bert.embeddings.word_embeddings.weight',
      'cls.predictions.decoder.weight.scale': 'bert.embeddings.word_embeddings.weight.scale',
    });
  });

  test('survives rows of zeros, of tiny and of huge numbers', async () => {
    const dense = quantize(
      denseWith([
        [0, 0],
        [1e-44, -1e-45],
        [3e38, -1e38],
        [1e-38, 2e-39],
      ]),
    );
    class Holder extends nn.Module<[Tensor], Tensor> {
      dense = dense;
      forward(x: Tensor): Tensor {
        return F.linear(x, this.dense.weight);
      }
    }
    const x = tensor([[1, 0]], { dtype: 'float32' });
    const file = await fileOf(await jit.trace(new Holder(), [x]));
    const loaded = await jit.load(file);
    expect(bytesOf(loaded(x) as unknown as Tensor).equals(bytesOf(new Holder()(x)))).toBe(true);
    expect(Buffer.from(await fileOf(loaded)).equals(Buffer.from(file))).toBe(true);
  });
});

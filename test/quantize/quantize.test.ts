import { describe, expect, test } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { BertForMaskedLM, BertModel, F, jit, nn, SentenceEmbedder, type Tensor, TraceletError, tensor } from '../../src/index.ts';
import { integerForms } from '../../src/kernels/integers.ts';
import { type Bits, quantize } from '../../src/quantize/index.ts';
import { bytesOf } from '../support/bytes.ts';
import { VARIANTS } from '../support/fixtures.ts';
import { altered, type Loose } from '../support/malformed_trace.ts';
import { Dense, ids, mask, random, SIZES, tracedBert, worst } from '../support/quantized.ts';
import { expectSameBits, fileOf, floats, problem, slicingBert, tinyBert, tinyConfig } from '../support/tiny.ts';

const norm = (values: number[]): number => Math.hypot(...values);
/** Root mean square of the difference as a share. */
const relative = (got: Tensor, want: Tensor): number =>
  norm([...got.data].map((value, i) => Number(value) - Number(want.data[i]))) / (norm([...want.data].map(Number)) || 1);

describe.each([8, 4] as Bits[])('a trace in %i bits', (bits) => {
  test('takes products and large tables, leaves activations of their own, and stays near the float trace', async () => {
    const traced = await tracedBert();
    const { traced: integer, report } = await quantize(traced, { bits });
    expect(new Set(integer.instance.program.ops)).toContain(`linear_i${bits}`);
    expect(integer.instance.program.ops).toContain(`embedding_i${bits}`);
    expect(integer.instance.program.ops).toContain('gelu');
    expect(integer.instance.program.ops).not.toContain('linear');
    expect(report.layers.map(({ name }) => name)).toContain('encoder.layer.1.attention.self.query.weight');
    expect(report.layers.every((layer) => layer.bits === bits && layer.error > 0 && layer.error < (bits === 8 ? 0.02 : 0.15))).toBe(true);
    const before = traced({ input_ids: ids, attention_mask: mask }).last_hidden_state;
    expect(worst(integer({ input_ids: ids, attention_mask: mask }).last_hidden_state, before)).toBeLessThan(bits === 8 ? 0.03 : 0.4);
  });

  test('has the same bits on all kernels, in all forms, loaded and saved again', async () => {
    const { traced } = await quantize(await tracedBert(), { bits });
    const inputs = { input_ids: ids, attention_mask: mask };
    const wanted = traced(inputs);
    const file = await fileOf(traced);
    for (const kernels of VARIANTS) {
      const loaded = await jit.load(file, { kernels });
      expectSameBits(loaded(inputs), wanted);
      expect(loaded.verify(kernels).exact).toBe(true);
      expect(Buffer.from(await fileOf(loaded)).equals(Buffer.from(file))).toBe(true);
    }
    for (const integers of VARIANTS.includes('relaxed') ? integerForms() : []) {
      const loaded = await jit.load(file, { kernels: 'relaxed', integers });
      expectSameBits(loaded(inputs), wanted);
      for (const kernels of VARIANTS) expect(loaded.verify(kernels).exact).toBe(true);
    }
    expectSameBits((await jit.load(file, { kernels: 'debug' }))(inputs), wanted);
  });

  test('is a checkpoint: what it stands for is near the weights that it was made from, and traces again to the same integers', async () => {
    const samples = [{ input_ids: tensor([[9, 8, 7, 6, 5]]), attention_mask: mask }];
    const model = tinyBert({ ...SIZES, num_hidden_layers: 2 });
    const inputs = { input_ids: ids, attention_mask: mask };
    const { traced } = await quantize(await jit.trace(model, inputs), { bits, calibrate: samples });
    const again = await BertModel.from_pretrained(await fileOf(traced), { config: model.config });
    for (const [name, parameter] of again.named_parameters()) {
      const original = model.state_dict().get(name) as Tensor;
      expect(relative(parameter, original), name).toBeLessThan(bits === 8 ? 0.05 : 0.2);
    }
    const like = await quantize(await jit.trace(again, inputs), { bits, like: traced });
    expectSameBits(like.traced(inputs), traced(inputs));

    const unfused = await quantize(await jit.trace(again, inputs, { fusion: false }), { bits, like: traced });
    const outer = await SentenceEmbedder.from_pretrained(await fileOf(traced), { config: model.config });
    const embedder = await quantize(await jit.trace(outer, inputs), { bits, like: traced });
    const wanted = traced(inputs).last_hidden_state as Tensor;
    expect(relative(unfused.traced(inputs).last_hidden_state as Tensor, wanted)).toBeLessThan(0.02);
    expectSameBits(embedder.traced(inputs).last_hidden_state, wanted);
  });

  test('does not depend on its batch', async () => {
    const model = tinyBert(SIZES);
    const rows = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10, 11, 12],
    ];
    const { traced: one } = await quantize(await jit.trace(model, [tensor([rows[0]])]), { bits });
    const { traced: three } = await quantize(await jit.trace(model, [tensor(rows)]), { bits });
    const together = three(tensor(rows)).pooler_output.tolist();
    rows.forEach((row, i) => {
      expect(one(tensor([row])).pooler_output.tolist()[0]).toEqual(together[i]);
    });
  });
});

test('weights in integers stay so where the file has scales of theirs that no instruction reads', async () => {
  const inputs = { input_ids: ids, attention_mask: mask };
  const { traced } = await quantize(await tracedBert());
  const moved = altered(await fileOf(traced), ({ program }) => {
    const scales = program.constants.find(({ parts }: Loose) => parts[0] === 'pooler.dense.weight.scale');
    scales.parts = ['encoder.layer.0.output.dense.weight.scale'];
  });
  const loaded = await jit.load(moved, { kernels: 'debug' });
  expectSameBits(loaded(inputs).last_hidden_state, traced(inputs).last_hidden_state);
  expect(loaded.instance.constants.part('pooler.dense.weight').tensor.data).toEqual(
    traced.instance.constants.part('pooler.dense.weight').tensor.data,
  );
});

test.each<[string, (program: Loose) => void]>([
  [
    'is that of another weight',
    ({ constants }) => {
      const [a, b] = ['pooler', 'encoder.layer.0.intermediate'].map((path) =>
        constants.find(({ parts }: Loose) => parts[0] === `${path}.dense.weight.smooth`),
      );
      [a.parts, b.parts] = [b.parts, a.parts];
    },
  ],
  [
    'is computed',
    ({ constants, values }) => {
      const smooth = constants.findIndex(({ parts }: Loose) => parts[0] === 'pooler.dense.weight.smooth');
      const view = values.findIndex(({ shape, place }: Loose) => String(shape) === '1,1,1,64' && 'arena' in place);
      expect(view).toBeGreaterThan(0);
      values.find(({ place }: Loose) => place.constant === smooth).place = { view };
    },
  ],
])('a trace in integers is saved as it is where what multiplies the columns of a product %s', async (_, change) => {
  const inputs = { input_ids: ids, attention_mask: mask };
  const { traced } = await quantize(await jit.trace(slicingBert(SIZES), inputs), { calibrate: [inputs] });
  const loaded = await jit.load(altered(await fileOf(traced), ({ program }) => change(program)));
  const saved = await fileOf(loaded);
  const again = await jit.load(saved);
  expectSameBits(again(inputs), loaded(inputs));
  expect(Buffer.from(await fileOf(again)).equals(Buffer.from(saved))).toBe(true);
});

describe('what cannot be quantised', () => {
  test('a trace that is quantised already', async () => {
    const { traced } = await quantize(await tracedBert());
    const error = await problem('value', () => quantize(traced));
    expect(error.message).toMatch(/float32 weights, got one that is quantised \(embedding_i8 of embeddings.word_embeddings\)/);
  });

  const rows = tensor(Array.from({ length: 32 }, (_, i) => i));
  const [square, small, large] = [floats([32, 32]), floats([1023, 32]), floats([1024, 32])];

  test.each<[string, (x: Tensor, ids: Tensor) => Tensor | Record<string, Tensor>]>([
    ['something else reads', (x) => F.add(F.linear(x, square), square)],
    ['is an output as well', (x) => ({ y: F.linear(x, square), square })],
    ['is looked up in and multiplied with', (x, ids) => F.linear(F.mul(F.embedding(ids, large), x), large)],
    ['is a table too small to be worth it', (x, ids) => F.mul(F.embedding(ids, small), x)],
  ])('a weight that %s', async (_, body) => {
    const traced = await jit.trace(body, [floats([32, 32]), rows].slice(0, body.length));
    expect((await problem('value', () => quantize(traced))).message).toMatch(/linear layers or large embeddings, got none of them/);
  });

  test('but a table of 1024 rows can be', async () => {
    const traced = await jit.trace((ids: Tensor) => F.relu(F.embedding(ids, large)), [rows]);
    expect((await quantize(traced)).report.layers).toMatchObject([{ op: 'embedding', bits: 8 }]);
  });

  test('a trace without products', async () => {
    class Twice extends nn.Module<[Tensor], Tensor> {
      forward = (x: Tensor): Tensor => F.add(x, x);
    }
    const traced = await jit.trace(new Twice(), [floats([2, 3])]);
    await problem('value', () => quantize(traced));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a weight with %s', async (value) => {
    const traced = await jit.trace(
      new Dense([
        [1, 2],
        [3, value],
      ]),
      [floats([1, 2])],
      { check_trace: false },
    );
    const error = await problem('value', () => quantize(traced));
    expect(error.message).toMatch(/^dense\.weight\[3\]: expected a finite number to quantise/);
  });

  test.each([64, -64, 65, -65, 127, -128])('a file whose products have a weight of %i loads if that cannot saturate', async (value) => {
    const traced = await jit.trace(new Dense([random(40), random(40, 2)]), [floats([1, 40])]);
    const { traced: integer } = await quantize(traced);
    const [weight] = bytesOf(integer, 'dense.weight');
    for (const at of [0, 37, 79]) {
      const before = weight[at];
      weight[at] = value;
      const load = jit.load(await fileOf(integer));
      if (Math.abs(value) <= 64) await load;
      else await problem('value', () => load);
      weight[at] = before;
    }
  });

  test('other numbers of bits, samples that do not fit', async () => {
    const traced = await tracedBert();
    await problem('value', () => quantize(traced, { bits: 5 as Bits }));
    await expect(quantize(traced, { calibrate: ['a text'] })).rejects.toThrow(TraceletError);
    await expect(quantize(traced, { calibrate: [{ input_ids: tensor([[1, 2]]), attention_mask: mask }] })).rejects.toThrow(TraceletError);
  });
});

describe('odd weights', () => {
  test('groups that do not divide stay at 8 bits', async () => {
    const traced = await jit.trace(new Dense([random(33), random(33, 2)]), [floats([1, 33])]);
    const { traced: integer, report } = await quantize(traced, { bits: 4 });
    expect(report.layers).toMatchObject([{ bits: 8 }]);
    expect(worst(integer(floats([1, 33])) as unknown as Tensor, traced(floats([1, 33])) as unknown as Tensor)).toBeLessThan(0.1);
  });

  test.each([8, 4] as Bits[])('rows of zeros, of tiny and of huge numbers in %i bits', async (bits) => {
    const row = (value: number) =>
      new Array(32)
        .fill(0)
        .with(3, value)
        .with(4, -value / 2);
    const traced = await jit.trace(new Dense([row(0), row(1e-44), row(3e37), row(1)]), [floats([1, 32])], { check_trace: false });
    const x = tensor([row(1)], { dtype: 'float32' });
    const [zero, tiny, huge, one] = ((await quantize(traced, { bits })).traced(x) as unknown as Tensor).data as Float32Array;
    expect([zero, Math.abs(tiny) < 1e-40]).toEqual([0, true]);
    expect(Math.abs(huge / 3.75e37 - 1)).toBeLessThan(0.05);
    expect(Math.abs(one / 1.1171 - 1)).toBeLessThan(0.05);
  });

  test('weights that are kept stay as they were', async () => {
    const { report, traced } = await quantize(await tracedBert(), { keep: (name) => name.includes('layer.0') });
    for (const { name, bits, error } of report.layers)
      expect([bits, error > 0], name).toEqual(name.includes('layer.0') ? [32, false] : [8, true]);
    expect(new Set(report.layers.map(({ bits }) => bits))).toEqual(new Set([8, 32]));
    expect(traced.instance.program.ops).toContain('linear');
  });
});

describe('a quantised file', () => {
  test('stores a byte or half a byte a weight, and what belongs to it', async () => {
    const name = 'encoder.layer.0.attention.self.key.weight';
    for (const [bits, dtype, shape] of [
      [8, 'int8', [64, 64]],
      [4, 'uint8', [64, 32]],
    ] as const) {
      const { traced } = await quantize(await tracedBert(), { bits, calibrate: [{ input_ids: ids, attention_mask: mask }] });
      const { tensors, metadata } = readSafetensors(await fileOf(traced), 'trace');
      expect([tensors.get(name)?.dtype, tensors.get(name)?.shape]).toEqual([dtype, shape]);
      expect(tensors.get(`${name}.scale`)?.shape).toEqual([64]);
      expect(JSON.parse(metadata.aliases)[`${name}.smooth`]).toBe('encoder.layer.0.attention.self.query.weight.smooth');
      expect(tensors.get('embeddings.LayerNorm.weight')?.dtype).toBe('float32');
    }
  });

  test('holds untied copies once', async () => {
    const model = new BertForMaskedLM(tinyConfig({ torchscript: true, ...SIZES }));
    const { traced } = await quantize(await jit.trace(model, [ids]), { calibrate: [[ids]] });
    const { metadata } = readSafetensors(await fileOf(traced), 'trace');
    expect(JSON.parse(metadata.aliases)).toMatchObject({
      'cls.predictions.decoder.weight': 'bert.embeddings.word_embeddings.weight',
      'cls.predictions.decoder.weight.scale': 'bert.embeddings.word_embeddings.weight.scale',
    });
  });
});

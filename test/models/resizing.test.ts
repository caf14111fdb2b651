import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BertForMaskedLM,
  BertForSequenceClassification,
  BertModel,
  DistilBertConfig,
  DistilBertForMaskedLM,
  jit,
  nn,
  openCheckpoint,
  type PreTrainedModel,
  SentenceEmbedder,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { loadModel } from '../../src/models/autoload.ts';
import { fixture } from '../support/fixtures.ts';
import { bytesOf, expectSameBits, expectSameTensor, problem, tinyBert, tinyConfig } from '../support/tiny.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'resizing-'));
});
afterAll(() => rmSync(home, { recursive: true }));

const ids = tensor([[1, 2, 3, 4]]);
const ROWS = 40;
const masked = (options: object = {}) => new BertForMaskedLM(tinyConfig(options), { seed: 1 });
const distil = (options: object = {}) => new DistilBertForMaskedLM(new DistilBertConfig({ ...DISTIL, ...options }), { seed: 1 });
const DISTIL = { vocab_size: ROWS, dim: 16, n_layers: 1, n_heads: 2, hidden_dim: 24, max_position_embeddings: 12 };
const wordsOf = (model: PreTrainedModel) => model.get_input_embeddings().weight;
const rowsOf = (weight: Tensor) => weight.tolist() as number[][];
const meanOf = (rows: readonly (readonly number[])[]) =>
  rows[0].map((_, column) => Math.fround(rows.reduce((sum, row) => sum + row[column], 0) / rows.length));
const biasOf = (model: PreTrainedModel) => model.state_dict().get(model.family.vocabulary.bias) as Tensor<'float32'>;

describe.each([
  'bert-BertModel',
  'bert-BertForPreTraining',
  'ctrl-CTRLLMHeadModel',
  'distilbert-DistilBertModel',
  'distilbert-DistilBertForMaskedLM',
])('%s', (name) => {
  const load = async () => (await loadModel(fixture(`zoo/${name}`), { torchscript: true })).model;

  test.each([17, -17])('answers as before for words that it keeps, with %i more, traced and saved as well', async (more) => {
    const model = await load();
    const before = await load();
    const rows = before.config.vocab_size + more;
    expect(model.resize_token_embeddings(rows)).toBe(model.get_input_embeddings());
    expect(model.config.vocab_size).toBe(rows);
    expect(wordsOf(model).shape[0]).toBe(rows);
    const [got, want] = [model, before].map((each) => each(ids));
    for (const [output, tensor] of Object.entries(want)) {
      const scores = tensor.shape.at(-1) === before.config.vocab_size;
      if (!scores) expectSameTensor(got[output], tensor, output);
      else
        expect((got[output].tolist() as number[][][])[0].map((row) => row.slice(0, Math.min(rows, rows - more)))).toEqual(
          (tensor.tolist() as number[][][])[0].map((row) => row.slice(0, Math.min(rows, rows - more))),
        );
    }
    const last = tensor([[rows - 1, 1, 2, 3]]);
    const traced = await jit.trace(model, [last]);
    expectSameBits(traced(last), model(last));
    await problem('value', () => traced(tensor([[rows, 1, 2, 3]])));
    const folder = join(home, `${name}${more}`);
    await model.save_pretrained(folder);
    const { model: again, name: architecture } = await loadModel(folder, { torchscript: true });
    expect(architecture).toBe(name.split('-')[1]);
    expect(again.config.to_dict()).toEqual({ ...model.config.to_dict(), architectures: [architecture], torchscript: true });
    expectSameBits(again(last), model(last));
  });
});

describe('rows that are added', () => {
  test('are the mean of those before', () => {
    const model = tinyBert();
    const before = rowsOf(wordsOf(model));
    const after = rowsOf(model.resize_token_embeddings(ROWS + 3).weight);
    expect(after.slice(0, ROWS)).toEqual(before);
    for (const row of after.slice(ROWS)) expect(row).toEqual(meanOf(before));
  });

  test.each([masked, distil])('are those of a fresh model of that size and seed, without mean_resizing, %o', (make) => {
    const model = make();
    model.resize_token_embeddings(ROWS + 3, { mean_resizing: false, seed: 1 });
    for (const [name, value] of make({ vocab_size: ROWS + 3 }).state_dict())
      expectSameTensor(model.state_dict().get(name) as Tensor, value, name);
    const other = make();
    other.resize_token_embeddings(ROWS + 3, { mean_resizing: false, seed: 2 });
    expect(bytesOf(wordsOf(other)).equals(bytesOf(wordsOf(model)))).toBe(false);
  });
});

describe.each([masked, distil])('a decoder, %o', (make) => {
  const resized = (options: object) => {
    const model = make(options);
    biasOf(model).data.fill(0.5);
    const before = rowsOf(model.get_output_embeddings()?.weight as Tensor);
    model.resize_token_embeddings(ROWS + 2);
    return { model, before, decoder: model.get_output_embeddings()?.weight as Tensor, bias: biasOf(model).tolist() as number[] };
  };

  test('that is tied stays tied', async () => {
    const { model, decoder, bias } = resized({});
    expect(decoder).toBe(wordsOf(model));
    expect(bias).toEqual([...new Array(ROWS).fill(0.5), 0, 0]);
    await problem('tied', () => jit.trace(model, [ids]));
  });

  test('that the torchscript flag unties has the same rows', async () => {
    const { model, decoder, bias } = resized({ torchscript: true });
    expect(decoder).not.toBe(wordsOf(model));
    expect(rowsOf(decoder)).toEqual(rowsOf(wordsOf(model)));
    expect(bias).toEqual([...new Array(ROWS).fill(0.5), 0, 0]);
    await jit.trace(model, [ids]);
  });

  test('of its own has means of its own', () => {
    const { model, before, decoder, bias } = resized({ tie_word_embeddings: false });
    expect(rowsOf(decoder)).toEqual([...before, meanOf(before), meanOf(before)]);
    expect(rowsOf(decoder)).not.toEqual(rowsOf(wordsOf(model)));
    expect(bias).toEqual(new Array(ROWS + 2).fill(0.5));
  });

  test('is cut', () => {
    const model = make();
    model.resize_token_embeddings(7);
    expect(model.get_output_embeddings()?.weight).toBe(wordsOf(model));
    expect([wordsOf(model).shape, biasOf(model).shape]).toEqual([[7, 16], [7]]);
  });
});

test('rows of a decoder that a checkpoint keeps apart are kept', async () => {
  const model = masked({ torchscript: true });
  const { weight } = model.cls.predictions.decoder;
  weight.data.fill(2);
  model.resize_token_embeddings(ROWS + 1);
  const rows = rowsOf(model.cls.predictions.decoder.weight);
  expect(rows[ROWS - 1]).toEqual(new Array(16).fill(2));
  expect(rows[ROWS]).toEqual(rowsOf(wordsOf(model))[ROWS]);
});

test('every configuration within the model is the new one, which says what the old one was given', () => {
  const config = tinyConfig({ pad_token_id: 3, hidden_dropout_prob: 0.2 });
  const model = new BertForSequenceClassification(config);
  model.resize_token_embeddings(50);
  expect(model.bert.config).toBe(model.config);
  expect([config.vocab_size, model.config.vocab_size]).toEqual([40, 50]);
  expect(JSON.parse(model.config.to_json_string())).toEqual({ ...JSON.parse(config.to_json_string()), vocab_size: 50 });
  expect(model.get_output_embeddings()).toBeNull();
});

test('arguments come as in transformers, by place or by name', () => {
  const rowsWith = (...args: unknown[]) =>
    (tinyBert().resize_token_embeddings as (...args: unknown[]) => nn.Embedding)(...args).weight.shape[0];
  expect([rowsWith(), rowsWith(null), rowsWith(41), rowsWith({ new_num_tokens: 41 })]).toEqual([40, 40, 41, 41]);
  expect([rowsWith(41, 8), rowsWith(null, 64), rowsWith(40, { pad_to_multiple_of: 8 }), rowsWith(41, 8, false, { seed: 2 })]).toEqual([
    48, 64, 40, 48,
  ]);
  const model = tinyBert();
  const { weight } = model.get_input_embeddings();
  expect(model.resize_token_embeddings().weight).toBe(weight);
});

test.each<[unknown[], 'value' | 'config', RegExp]>([
  [[0], 'value', /^resize_token_embeddings\(\): new_num_tokens: expected a whole number from 1 .*got 0/],
  [['41'], 'value', /got "41"/],
  [[41, 0], 'value', /pad_to_multiple_of/],
  [[41, { mean: false }], 'value', /option "mean"/],
  [[41, 8, 1], 'value', /mean_resizing: expected true or false, got 1/],
  [[41, { seed: 0.5 }], 'value', /seed/],
  [[7], 'config', /^pad_token_id of BertModel\.resize_token_embeddings\(7\): expected a token id below vocab_size 7, got 9/],
  [[2 ** 28], 'config', /^vocab_size x hidden_size of BertModel\.resize_token_embeddings\(268435456\)/],
])('refuses %o, and leaves the model as it was', async (args, code, message) => {
  const model = tinyBert({ pad_token_id: 9 });
  const { config } = model;
  const { weight } = model.get_input_embeddings();
  const error = await problem(code, () => (model.resize_token_embeddings as (...args: unknown[]) => unknown)(...args));
  expect(error.message).toMatch(message);
  expect([model.config, model.get_input_embeddings().weight]).toEqual([config, weight]);
  expect(model.get_input_embeddings().weight).toBe(weight);
});

test('a padding row that is cut off is none', () => {
  const model = tinyBert({ pad_token_id: -1 });
  expect(model.get_input_embeddings().padding_idx).toBe(39);
  expect(model.resize_token_embeddings(20).padding_idx).toBeNull();
});

test('embeddings can be put in the place of others of the same shape', async () => {
  const model = masked();
  const others = new nn.Embedding(ROWS, 16, { seed: 9 });
  model.set_input_embeddings(others);
  expect(model.get_input_embeddings()).toBe(others);
  expect(model.cls.predictions.decoder.weight).toBe(others.weight);
  const untied = masked({ torchscript: true });
  const { weight } = untied.cls.predictions.decoder;
  untied.set_input_embeddings(others);
  expect(untied.cls.predictions.decoder.weight).toBe(weight);
  expect((await problem('shape', () => model.set_input_embeddings(new nn.Embedding(41, 16)))).message).toMatch(
    /expected embeddings \[40,16\], got \[41,16\]\. resize_token_embeddings first/,
  );
  await problem('value', () => model.set_input_embeddings(new nn.Linear(40, 16) as never));
});

test('vectors of texts are those before, for the words that are kept', async () => {
  const embedder = new SentenceEmbedder(tinyConfig(), { seed: 2 });
  const before = embedder(ids);
  embedder.resize_token_embeddings(64);
  expectSameBits(embedder(ids), before);
  const folder = join(home, 'embedder');
  await embedder.save_pretrained(folder);
  expect((await openCheckpoint(folder)).tensors.get('embeddings.word_embeddings.weight')?.shape).toEqual([64, 16]);
  expectSameBits((await SentenceEmbedder.from_pretrained(folder))(tensor([[63, 1]])), embedder(tensor([[63, 1]])));
  expect(embedder.base_model).toBeInstanceOf(BertModel);
});

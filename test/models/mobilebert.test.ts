import { describe, expect, test } from 'vitest';
import {
  F,
  jit,
  MobileBertConfig,
  type MobileBertConfigOptions,
  MobileBertForMaskedLM,
  MobileBertForMultipleChoice,
  MobileBertForPreTraining,
  MobileBertForSequenceClassification,
  MobileBertModel,
  SentenceEmbedder,
  Tensor,
  tensor,
} from '../../src/index.ts';
import { sum } from '../support/formulas.ts';
import { concat, serialize } from '../support/safetensors.ts';
import { expectSameBits, fileOf, floats, problem } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 30,
  hidden_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 10,
  max_position_embeddings: 16,
  embedding_size: 7,
  intra_bottleneck_size: 8,
  num_feedforward_networks: 2,
};
const tiny = (options: MobileBertConfigOptions = {}): MobileBertConfig => new MobileBertConfig({ ...SIZES, ...options });
const ids = tensor([
  [5, 6, 7, 8],
  [9, 3, 4, 0],
]);
const attention_mask = tensor([
  [1, 1, 1, 1],
  [1, 1, 1, 0],
]);
const rowsOf = (x: Tensor): number[][] => x.tolist() as number[][];

function expectNear(got: Tensor, want: number[]): void {
  expect(got.size).toBe(want.length);
  want.forEach((value, i) => {
    expect(got.data[i]).toBeCloseTo(value, 5);
  });
}

describe('a configuration', () => {
  test('has the defaults of transformers, also by position', () => {
    expect(new MobileBertConfig()).toMatchObject({
      model_type: 'mobilebert',
      vocab_size: 30522,
      hidden_size: 512,
      num_hidden_layers: 24,
      num_attention_heads: 4,
      intermediate_size: 512,
      hidden_act: 'relu',
      max_position_embeddings: 512,
      layer_norm_eps: 1e-12,
      embedding_size: 128,
      trigram_input: true,
      use_bottleneck: true,
      intra_bottleneck_size: 128,
      true_hidden_size: 128,
      use_bottleneck_attention: false,
      key_query_shared_bottleneck: true,
      num_feedforward_networks: 4,
      normalization_type: 'no_norm',
      classifier_activation: true,
      tie_word_embeddings: true,
    });
    const given = [
      40,
      16,
      3,
      2,
      24,
      'gelu',
      0,
      0,
      20,
      2,
      0.02,
      1e-6,
      0,
      9,
      false,
      false,
      5,
      true,
      false,
      3,
      'layer_norm',
      false,
      0.1,
    ] as const;
    const config = new MobileBertConfig(...given);
    expect(config).toMatchObject({ pad_token_id: 0, embedding_size: 9, trigram_input: false, use_bottleneck: false });
    expect(config).toMatchObject({
      num_feedforward_networks: 3,
      normalization_type: 'layer_norm',
      classifier_dropout: 0.1,
      true_hidden_size: 16,
    });
  });

  test.each<[MobileBertConfigOptions, RegExp]>([
    [{ normalization_type: 'batch_norm' as never }, /^normalization_type .*"no_norm", "layer_norm", got "batch_norm"/],
    [{ num_feedforward_networks: 0 }, /^num_feedforward_networks .*from 1 to 1024, got 0/],
    [{ num_attention_heads: 3 }, /^intra_bottleneck_size .*a multiple of num_attention_heads 3, got 8/],
    [{ num_attention_heads: 5, use_bottleneck: false }, /^hidden_size .*a multiple of num_attention_heads 5, got 12/],
    [
      { key_query_shared_bottleneck: false },
      /^key_query_shared_bottleneck .*true where hidden_size 12 is not intra_bottleneck_size 8, got false/,
    ],
    [{ vocab_size: 2 ** 28, embedding_size: 512, hidden_size: 2 }, /^vocab_size x embedding_size/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('config', () => tiny(options))).message).toMatch(message);
  });

  test('takes heads that divide the bottleneck, whatever the width outside', () => {
    expect(tiny({ num_attention_heads: 8 }).true_hidden_size).toBe(8);
    expect(tiny({ key_query_shared_bottleneck: false, intra_bottleneck_size: 12 }).true_hidden_size).toBe(12);
  });

  test('scores words only where embeddings are no wider than hidden states', async () => {
    new MobileBertModel(tiny({ embedding_size: 13 }));
    const { message } = await problem('config', () => new MobileBertForMaskedLM(tiny({ embedding_size: 13 })));
    expect(message).toMatch(/^embedding_size .*at most hidden_size 12 where words are scored, got 13/);
  });
});

describe('embeddings', () => {
  test('are made of the words behind, at and before each place, zeros beyond a text', () => {
    const { embeddings } = new MobileBertModel(tiny(), { seed: 3 });
    const [words, { weight, bias }] = [rowsOf(embeddings.word_embeddings.weight), embeddings.embedding_transformation as NonNullable<typeof embeddings.embedding_transformation>]; // biome-ignore format: one row
    const nothing = new Array(7).fill(0);
    const want = rowsOf(ids).flatMap((row) =>
      row.flatMap((_, i) => {
        const three = [i + 1, i, i - 1].flatMap((at) => (at in row ? words[row[at]] : nothing));
        return rowsOf(weight).map((each, c) => sum(each.map((value, j) => value * three[j])) + (bias as Tensor<'float32'>).data[c]);
      }),
    );
    const none = tensor([Array(4).fill(0), Array(4).fill(0)]);
    const others = embeddings.position_embeddings(none).add(embeddings.token_type_embeddings(none));
    expectNear(F.sub(embeddings(ids, none, none), others), want);
  });

  test('are the same words alone where they are as wide as hidden states', () => {
    const model = new MobileBertModel(tiny({ trigram_input: false, embedding_size: 12 }), { seed: 3 });
    expect([...model.state_dict().keys()].filter((name) => name.includes('transformation'))).toEqual([]);
    const [words, positions] = [model.embeddings.word_embeddings.weight, model.embeddings.position_embeddings.weight].map(rowsOf);
    const [types] = rowsOf(model.embeddings.token_type_embeddings.weight);
    const want = [5, 6].flatMap((id, i) => words[id].map((value, c) => value + positions[i][c] + types[c]));
    expectNear(model.embeddings(tensor([[5, 6]]), tensor([[0, 0]]), tensor([[0, 1]])), want);
  });

  test('see padding behind a text, also where it has no row', async () => {
    const model = new MobileBertModel(tiny({ pad_token_id: null }), { seed: 3 });
    const traced = await jit.trace(model, { input_ids: ids, attention_mask }, { dynamic: { batch: [1, 3], sequence: [1, 9] } });
    const padded = { input_ids: tensor([[9, 3, 4, 0, 0]]), attention_mask: tensor([[1, 1, 1, 0, 0]]) };
    const [got, want] = [traced(padded), model(padded)].map(({ last_hidden_state }) => rowsOf(last_hidden_state.select(0, 0)));
    expect(got.slice(0, 3)).toEqual(want.slice(0, 3));
    const alone = rowsOf(traced({ input_ids: tensor([[9, 3, 4]]), attention_mask: tensor([[1, 1, 1]]) }).last_hidden_state.select(0, 0));
    expect(alone[2]).not.toEqual(got[2]);
  });
});

describe('words', () => {
  test('are scored by their embeddings and a matrix with a column for each', () => {
    const model = new MobileBertForMaskedLM(tiny(), { seed: 3 });
    const { decoder, dense, bias, transform } = model.cls.predictions;
    bias.set(floats([30], 4).data as Float32Array);
    const features = rowsOf(transform(model.mobilebert(ids).last_hidden_state).reshape([8, 12]));
    const [left, right] = [rowsOf(decoder.weight), rowsOf((dense as NonNullable<typeof dense>).weight)];
    const want = features.flatMap((x) =>
      left.map((row, word) => sum([...row.map((w, c) => w * x[c]), ...right.map((each, c) => each[word] * x[7 + c])]) + bias.data[word]),
    );
    expectNear(model(ids).logits, want);
  });

  test('have no such matrix where embeddings are as wide as hidden states; files have an empty one', async () => {
    const config = tiny({ embedding_size: 12, torchscript: true });
    const model = new MobileBertForMaskedLM(config, { seed: 3 });
    expect(model.state_dict().has('cls.predictions.dense.weight')).toBe(false);
    const bytes = concat(serialize([...model.state_dict(), ['cls.predictions.dense.weight', new Tensor('float32', [0, 30], new Float32Array(0))]])); // biome-ignore format: one row
    expectSameBits((await MobileBertForMaskedLM.from_pretrained(bytes, { config }))(ids), model(ids));
  });

  test('are scored in pre-training as well, and next sentences by the pooler', () => {
    const model = new MobileBertForPreTraining(tiny(), { seed: 3 });
    const { last_hidden_state, pooler_output } = model.mobilebert(ids);
    const { predictions, seq_relationship } = model.cls;
    expectSameBits([model(ids).prediction_logits, model(ids).seq_relationship_logits], [predictions(last_hidden_state), seq_relationship(pooler_output)]); // biome-ignore format: one row
  });

  test('may become more, or fewer', () => {
    const model = new MobileBertForMaskedLM(tiny({ torchscript: true }), { seed: 3 });
    const before = rowsOf(model(ids).logits.reshape([8, 30]));
    const dense = () => rowsOf(model.state_dict().get('cls.predictions.dense.weight') as Tensor);
    const means = dense().map((row) => Math.fround(sum(row) / 30));
    model.resize_token_embeddings(33);
    expect(rowsOf(model(ids).logits.reshape([8, 33])).map((row) => row.slice(0, 30))).toEqual(before);
    expect(dense().map((row) => row.slice(30))).toEqual(means.map((mean) => [mean, mean, mean]));
    model.resize_token_embeddings(20);
    expect(rowsOf(model(ids).logits.reshape([8, 20]))).toEqual(before.map((row) => row.slice(0, 20)));
  });
});

test('labels and choices are scored by the pooler, which may be the first token', () => {
  const plain = tiny({ classifier_activation: false, num_labels: 3 });
  const labels = new MobileBertForSequenceClassification(plain, { seed: 4 });
  const { last_hidden_state } = labels.mobilebert(ids);
  expectSameBits([labels(ids).logits], [labels.classifier(F.select(last_hidden_state, 1, 0))]);
  const choices = new MobileBertForMultipleChoice(tiny(), { seed: 4 });
  expectSameBits([choices(ids.reshape([1, 2, 4])).logits.reshape([2, 1])], [choices.classifier(choices.mobilebert(ids).pooler_output)]);
});

test.each<MobileBertConfigOptions>([
  {},
  { use_bottleneck: false, embedding_size: 12 },
  { use_bottleneck_attention: true, key_query_shared_bottleneck: false },
  { normalization_type: 'layer_norm', num_feedforward_networks: 1, trigram_input: false },
])('a trace of %o is a checkpoint', async (options) => {
  const model = new MobileBertForMaskedLM(tiny({ ...options, torchscript: true }), { seed: 3 });
  const traced = await jit.trace(model, { input_ids: ids, attention_mask });
  const again = await MobileBertForMaskedLM.from_pretrained(await fileOf(traced), { torchscript: true });
  expectSameBits(again(ids, attention_mask), model(ids, attention_mask));
  expect([...again.state_dict()].map(([name, { shape }]) => [name, shape])).toEqual([...model.state_dict()].map(([name, { shape }]) => [name, shape])); // biome-ignore format: one row
});

test('is the encoder of sentence vectors', async () => {
  const embedder = new SentenceEmbedder(tiny(), { seed: 2 });
  const again = await SentenceEmbedder.from_pretrained(await fileOf(await jit.trace(embedder, { input_ids: ids, attention_mask })));
  expectSameBits(again({ input_ids: ids, attention_mask }), embedder({ input_ids: ids, attention_mask }));
});

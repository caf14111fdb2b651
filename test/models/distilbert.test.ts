import { describe, expect, test } from 'vitest';
import {
  AutoConfig,
  AutoModel,
  AutoModelForNextSentencePrediction,
  BertModel,
  DistilBertConfig,
  type DistilBertConfigOptions,
  DistilBertForMaskedLM,
  DistilBertForMultipleChoice,
  DistilBertForSequenceClassification,
  DistilBertModel,
  jit,
  SentenceEmbedder,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { fixture } from '../support/fixtures.ts';
import { expectSameBits, fileOf, problem, tinyConfig } from '../support/tiny.ts';

const FOLDER = fixture('zoo/distilbert-DistilBertModel');
const tiny = (options: DistilBertConfigOptions = {}): DistilBertConfig =>
  new DistilBertConfig({ vocab_size: 40, dim: 16, n_layers: 1, n_heads: 2, hidden_dim: 24, max_position_embeddings: 12, ...options });
const ids = tensor([[1, 2, 3, 4]]);

describe('a configuration', () => {
  test('has the defaults of transformers', () => {
    expect(new DistilBertConfig()).toMatchObject({
      model_type: 'distilbert',
      vocab_size: 30522,
      max_position_embeddings: 512,
      sinusoidal_pos_embds: false,
      n_layers: 6,
      n_heads: 12,
      dim: 768,
      hidden_dim: 3072,
      dropout: 0.1,
      attention_dropout: 0.1,
      activation: 'gelu',
      initializer_range: 0.02,
      qa_dropout: 0.1,
      seq_classif_dropout: 0.2,
      pad_token_id: 0,
      tie_word_embeddings: true,
    });
  });

  test('has the names of other families as aliases, and writes its own', () => {
    const config = new DistilBertConfig({ hidden_size: 32, num_hidden_layers: 3, num_attention_heads: 4 });
    expect(config).toMatchObject({ dim: 32, n_layers: 3, n_heads: 4 });
    expect([config.hidden_size, config.num_hidden_layers, config.num_attention_heads]).toEqual([32, 3, 4]);
    expect(config.to_dict()).not.toHaveProperty('hidden_size');
    expect(DistilBertConfig.from_dict({ dim: 32 }, { hidden_size: 48 }).dim).toBe(48);
  });

  test('takes its fields by position', () => {
    expect(new DistilBertConfig(40, 12, false, 2, 4, 16, 24, 0.1, 0.1, 'relu')).toMatchObject({ n_layers: 2, dim: 16, activation: 'relu' });
  });

  test.each<[object, RegExp]>([
    [{ dim: 30, n_heads: 4 }, /^dim of DistilBertConfig: expected a multiple of n_heads 4, got 30/],
    [{ dim: 32, hidden_size: 48 }, /^dim .*: expected 48, the hidden_size beside it, got 32/],
    [{ vocab_size: 2 ** 22 }, /^vocab_size x dim .*got 4194304 x 768/],
    [{ n_layers: 1024, hidden_dim: 9999 }, /^n_layers x dim .*dim 768, hidden_dim 9999/],
    [{ activation: 'swoosh' }, /^activation .*"gelu".*got "swoosh"/],
    [{ model_type: 'bert' }, /^model_type .*only "distilbert", got "bert"/],
    [{ tie_weights_: false }, /^tie_weights_ .*only true, got false/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('config', () => new DistilBertConfig(options))).message).toMatch(message);
  });

  test('of a file may say of ties what it likes', () => {
    const warnings: string[] = [];
    DistilBertConfig.from_dict({ tie_weights_: true });
    DistilBertConfig.from_dict({ tie_weights_: false }, {}, 'a file', (message) => warnings.push(String(message)));
    expect(warnings).toEqual([expect.stringContaining('passed over tie_weights_')]);
  });
});

test('positions start as sines and cosines where the configuration says so', () => {
  for (const make of [DistilBertModel, DistilBertForMaskedLM]) {
    const model = new make(tiny({ sinusoidal_pos_embds: true }), { seed: 1 });
    const { data } = model
      .state_dict()
      .get(`${make === DistilBertModel ? '' : 'distilbert.'}embeddings.position_embeddings.weight`) as Tensor;
    const [position, dim] = [3, 16];
    for (let column = 0; column < dim; column++) {
      const angle = position / 10000 ** ((column - (column % 2)) / dim);
      expect(data[position * dim + column]).toBeCloseTo(column % 2 === 0 ? Math.sin(angle) : Math.cos(angle), 6);
    }
  }
});

test('choices have the scores of one label', () => {
  const [choice, label] = [
    new DistilBertForMultipleChoice(tiny(), { seed: 4 }),
    new DistilBertForSequenceClassification(tiny({ num_labels: 1 })),
  ];
  const weights = choice.state_dict();
  for (const [name, parameter] of label.state_dict()) parameter.set((weights.get(name) as Tensor<'float32'>).data);
  const rows = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const scores = choice(rows.reshape([1, 2, 3])).logits;
  expectSameBits([scores.reshape([2, 1])], [label(rows).logits]);
});

test('a decoder is tied to the embeddings, unless it is untied', () => {
  const decoderOf = (options: DistilBertConfigOptions) => {
    const model = new DistilBertForMaskedLM(tiny(options), { seed: 1 });
    return [model.vocab_projector.weight, model.distilbert.embeddings.word_embeddings.weight];
  };
  for (const torchscript of [false, true]) expectSameBits([decoderOf({ torchscript })[0]], [decoderOf({ torchscript })[1]]);
  const [decoder, words] = decoderOf({ tie_word_embeddings: false });
  expect(decoder.tolist()).not.toEqual(words.tolist());
});

test('config.json chooses it, and only among heads that it has', async () => {
  expect(await AutoConfig.from_pretrained(FOLDER)).toBeInstanceOf(DistilBertConfig);
  expect(await AutoModel.from_pretrained(FOLDER, { hidden_dim: 104 })).toBeInstanceOf(DistilBertModel);
  expect((await problem('config', () => AutoModelForNextSentencePrediction.from_pretrained(FOLDER))).message).toMatch(
    /^head of a model of type distilbert: expected one of .*"ForMaskedLM".*, got "ForNextSentencePrediction"/,
  );
  await problem('config', () => BertModel.from_pretrained(FOLDER));
  await problem('value', () => new DistilBertModel(tinyConfig() as never));
});

test('a trace of it takes what a tokenizer answers for single texts, and refuses types of a pair', async () => {
  const model = new DistilBertModel(tiny(), { seed: 1 });
  const types = tensor([[0, 0, 0, 0]]);
  const traced = await jit.trace(model, { input_ids: ids, token_type_ids: types });
  expectSameBits(traced({ input_ids: ids, token_type_ids: types }), model(ids));
  await problem('value', () => traced({ input_ids: ids, token_type_ids: tensor([[0, 0, 1, 1]]) }));
});

test('token types by name mean nothing to it', () => {
  const model = new DistilBertModel(tiny(), { seed: 1 });
  expectSameBits(model({ input_ids: ids, token_type_ids: tensor([[0, 0, 1, 1]]) }), model(ids));
});

test('is the encoder of sentence vectors, and travels in a trace', async () => {
  const embedder = new SentenceEmbedder(tiny(), { seed: 2 });
  expect([...embedder.state_dict().keys()][0]).toBe('distilbert.embeddings.word_embeddings.weight');
  const file = await fileOf(await jit.trace(embedder, { input_ids: ids, attention_mask: tensor([[1, 1, 1, 0]]) }));
  const again = await SentenceEmbedder.from_pretrained(file);
  expectSameBits(again(ids), embedder(ids));
  expectSameBits([(await AutoModel.from_pretrained(file))(ids).last_hidden_state], [embedder(ids).last_hidden_state]);
});

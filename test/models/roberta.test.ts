import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AutoModel,
  AutoTokenizer,
  CamembertConfig,
  CamembertForMaskedLM,
  CamembertModel,
  F,
  jit,
  RobertaConfig,
  type RobertaConfigOptions,
  RobertaForMaskedLM,
  RobertaForMultipleChoice,
  RobertaForSequenceClassification,
  RobertaModel,
  SentenceEmbedder,
  tensor,
  XLMRobertaConfig,
  XLMRobertaForMaskedLM,
  XLMRobertaForMultipleChoice,
  XLMRobertaModel,
} from '../../src/index.ts';
import { fixture } from '../support/fixtures.ts';
import { expectSameBits, fileOf, problem } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 14,
};
const tiny = (options: RobertaConfigOptions = {}): RobertaConfig => new RobertaConfig({ ...SIZES, ...options });
const PAD = 1;
const ids = tensor([[0, 7, 8, 2]]);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'roberta-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('a configuration', () => {
  test.each([
    [RobertaConfig, 'roberta', 50265],
    [XLMRobertaConfig, 'xlm-roberta', 30522],
    [CamembertConfig, 'camembert', 30522],
  ])('has the defaults of transformers: %o', (Config, model_type, vocab_size) => {
    expect(new Config()).toMatchObject({
      model_type,
      vocab_size,
      hidden_size: 768,
      num_hidden_layers: 12,
      num_attention_heads: 12,
      intermediate_size: 3072,
      hidden_act: 'gelu',
      max_position_embeddings: 512,
      type_vocab_size: 2,
      layer_norm_eps: 1e-12,
      pad_token_id: 1,
      bos_token_id: 0,
      eos_token_id: 2,
      tie_word_embeddings: true,
    });
    expect(JSON.parse(new Config({ vocab_size: 9 }).to_json_string())).toMatchObject({ model_type, vocab_size: 9, pad_token_id: 1 });
  });

  test.each<[object, RegExp]>([
    [{ pad_token_id: null }, /^pad_token_id of RobertaConfig: expected a whole number from 0 to \d+, got null/],
    [{ pad_token_id: 40 }, /^pad_token_id .*below vocab_size 40, got 40/],
    [{ hidden_act: 'swoosh' }, /^hidden_act .*"gelu".*got "swoosh"/],
    [{ position_embedding_type: 'relative_key' }, /^position_embedding_type .*only "absolute"/],
    [{ add_cross_attention: true }, /^add_cross_attention .*is_decoder true beside it/],
    [{ model_type: 'bert' }, /^model_type .*only "roberta", got "bert"/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('config', () => tiny(options))).message).toMatch(message);
  });

  test('of an alias is none of another', async () => {
    for (const other of [new XLMRobertaConfig(SIZES), new CamembertConfig(SIZES)]) await problem('value', () => new RobertaModel(other));
    await problem('value', () => new XLMRobertaModel(tiny() as never));
    expect(new XLMRobertaModel(new XLMRobertaConfig(SIZES))).toBeInstanceOf(XLMRobertaModel);
    expect(new XLMRobertaForMultipleChoice(new XLMRobertaConfig(SIZES)).base_model).toBeInstanceOf(XLMRobertaModel);
    expect(new CamembertForMaskedLM(new CamembertConfig(SIZES)).base_model).toBeInstanceOf(CamembertModel);
  });
});

describe('positions', () => {
  const model = new RobertaModel(tiny(), { seed: 5 });
  const padded = tensor([[PAD, 0, 7, PAD, 8, 2, PAD]]);

  test('count along the tokens that are not padding, from one above it', () => {
    expectSameBits(model({ input_ids: padded }), model({ input_ids: padded, position_ids: tensor([[1, 2, 3, 1, 4, 5, 1]]) }));
    expect(model({ input_ids: padded }).last_hidden_state.tolist()).not.toEqual(
      model({ input_ids: padded, position_ids: tensor([[0, 1, 2, 3, 4, 5, 6]]) }).last_hidden_state.tolist(),
    );
  });

  test('of padding are left out of the length of texts', async () => {
    const row = (length: number) => tensor([Array.from({ length }, (_, i) => i + 2)]);
    expect(model.config.most_tokens()).toBe(12);
    expect(model(row(12)).last_hidden_state.shape).toEqual([1, 12, 16]);
    for (const call of [() => model(row(13)), () => jit.trace(model, [ids], { dynamic: { sequence: [1, 13] } })])
      expect((await problem('value', call)).message).toMatch(/at most max_position_embeddings - 2 = 12 tokens, got 13.*truncation/);
    const traced = await jit.trace(model, [ids], { dynamic: { sequence: [1, 12] } });
    expectSameBits(traced(row(12)), model(row(12)));
  });
});

test('choices have the scores of one label of the pooler', () => {
  const model = new RobertaForMultipleChoice(tiny(), { seed: 4 });
  const rows = [
    [0, 7, 8, 2],
    [0, 9, PAD, PAD],
  ];
  const pooled = model.roberta(tensor(rows)).pooler_output;
  expectSameBits([model(tensor([rows])).logits.reshape([2, 1])], [model.classifier(pooled)]);
});

test('labels are scored by dense, tanh and out_proj of the first token', () => {
  const model = new RobertaForSequenceClassification(tiny({ num_labels: 3 }), { seed: 4 });
  expect([...model.state_dict().keys()].slice(-4)).toEqual(
    ['dense.weight', 'dense.bias', 'out_proj.weight', 'out_proj.bias'].map((name) => `classifier.${name}`),
  );
  const { dense, out_proj } = model.classifier;
  const first = F.select(model.roberta(ids).last_hidden_state, 1, 0);
  expectSameBits([model(ids).logits], [out_proj(F.tanh(dense(first)))]);
});

describe('a decoder', () => {
  const decoderOf = (options: RobertaConfigOptions) => {
    const model = new RobertaForMaskedLM(tiny(options), { seed: 1 });
    return [model.lm_head.decoder.weight, model.roberta.embeddings.word_embeddings.weight];
  };

  test('is tied to the embeddings, unless it is untied', () => {
    for (const torchscript of [false, true]) expectSameBits([decoderOf({ torchscript })[0]], [decoderOf({ torchscript })[1]]);
    const [decoder, words] = decoderOf({ tie_word_embeddings: false });
    expect(decoder.tolist()).not.toEqual(words.tolist());
  });

  test('is traced where the torchscript flag unties it, and such a model is not trained', async () => {
    const config = new XLMRobertaConfig(SIZES);
    expect((await problem('tied', () => jit.trace(new XLMRobertaForMaskedLM(config), [ids]))).message).toContain('{ torchscript: true }');
    const model = new XLMRobertaForMaskedLM(new XLMRobertaConfig({ ...SIZES, torchscript: true }), { seed: 2 });
    expectSameBits((await jit.trace(model, [ids]))(ids), model(ids));
    await problem('training', () => model.train());
  });
});

test('a folder of vocab.json and merges.txt, or of no class, has the tokenizer of its model_type', async () => {
  const folder = join(directory, 'bytes');
  await cp(fixture('zoo/roberta-RobertaForSequenceClassification'), folder, { recursive: true });
  const vocab = ['<s>', '<pad>', '</s>', '<unk>', 'a', 'b', 'Ġ', 'ab', '<mask>'];
  await writeFile(join(folder, 'vocab.json'), JSON.stringify(Object.fromEntries(vocab.map((token, id) => [token, id]))));
  await writeFile(join(folder, 'merges.txt'), '#version: 0.2\na b\n');
  const tokenizer = await AutoTokenizer.from_pretrained(folder);
  const { input_ids, token_type_ids } = tokenizer.encode_plus('ab', 'b');
  expect(input_ids).toEqual([0, 7, 2, 2, 5, 2]);
  expect(token_type_ids).toEqual([0, 0, 0, 0, 0, 0]);
  const model = await AutoModel.from_pretrained(folder, { add_pooling_layer: false });
  const traced = await jit.trace(model, tokenizer('ab', { return_tensors: 'pt' }) as never, {
    tokenizer,
    dynamic: { batch: [1, 4], sequence: [1, 62] },
  });
  const again = await jit.load(await fileOf(traced));
  expectSameBits(again(['ab']), model(tokenizer(['ab'], { return_tensors: 'pt' }) as never));
});

test('is the encoder of sentence vectors, and travels in a trace', async () => {
  const embedder = new SentenceEmbedder(new XLMRobertaConfig(SIZES), { seed: 2 });
  expect([...embedder.state_dict().keys()][0]).toBe('roberta.embeddings.word_embeddings.weight');
  const inputs = { input_ids: tensor([[0, 7, 2, PAD]]), attention_mask: tensor([[1, 1, 1, 0]]) };
  const file = await fileOf(await jit.trace(embedder, inputs));
  const again = await SentenceEmbedder.from_pretrained(file);
  expectSameBits(again(inputs), embedder(inputs));
  expect(await AutoModel.from_pretrained(file, { add_pooling_layer: false })).toBeInstanceOf(XLMRobertaModel);
});

test('a config.json says what a head may be, and which are known', async () => {
  const folder = join(directory, 'said');
  await cp(fixture('zoo/xlm-roberta-XLMRobertaModel'), folder, { recursive: true });
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, model_type: 'xlm-robert' }));
  expect((await problem('config', () => AutoModel.from_pretrained(folder))).message).toMatch(
    /one of .*"camembert".*"roberta",.* "xlm-roberta".*, got "xlm-robert"\. Did you mean xlm-roberta\?$/,
  );
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, pad_token_id: null }));
  expect((await problem('config', () => AutoModel.from_pretrained(folder))).message).toMatch(/^pad_token_id of .*got null/);
});

import { describe, expect, test } from 'vitest';
import {
  BartConfig,
  type BartConfigOptions,
  BartForCausalLM,
  BartForConditionalGeneration,
  BartForQuestionAnswering,
  BartForSequenceClassification,
  BartModel,
  F,
  jit,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { concat, serialize } from '../support/safetensors.ts';
import { expectSameBits, floats, problem } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 40,
  d_model: 16,
  max_position_embeddings: 12,
  encoder_layers: 2,
  encoder_attention_heads: 2,
  encoder_ffn_dim: 24,
  decoder_layers: 1,
  decoder_attention_heads: 4,
  decoder_ffn_dim: 20,
};
const tiny = (options: BartConfigOptions = {}): BartConfig => new BartConfig({ ...SIZES, ...options });
const input_ids = tensor([
  [0, 7, 9, 8, 2],
  [0, 5, 2, 1, 1],
]);
const attention_mask = tensor([
  [1, 1, 1, 1, 1],
  [1, 1, 1, 0, 0],
]);
const shifted = tensor([
  [2, 0, 7, 9, 8],
  [2, 0, 5, 2, 1],
]);
const both = { input_ids, attention_mask };
const bytes = (tensors: Iterable<readonly [string, Tensor]>) => concat(serialize(new Map(tensors)));

describe('a configuration', () => {
  test('has the defaults of transformers', () => {
    expect(new BartConfig()).toMatchObject({
      model_type: 'bart',
      vocab_size: 50265,
      max_position_embeddings: 1024,
      encoder_layers: 12,
      encoder_ffn_dim: 4096,
      encoder_attention_heads: 16,
      decoder_layers: 12,
      decoder_ffn_dim: 4096,
      decoder_attention_heads: 16,
      activation_function: 'gelu',
      d_model: 1024,
      scale_embedding: false,
      pad_token_id: 1,
      bos_token_id: 0,
      eos_token_id: 2,
      decoder_start_token_id: 2,
      is_encoder_decoder: true,
      num_labels: 3,
      id2label: { 0: 'LABEL_0', 1: 'LABEL_1', 2: 'LABEL_2' },
      hidden_size: 1024,
      num_hidden_layers: 12,
      num_attention_heads: 16,
    });
    expect(new BartConfig(40, 12, 2, 24, 2).encoder_attention_heads).toBe(2);
    expect(tiny({ num_labels: 2 }).id2label).toEqual({ 0: 'LABEL_0', 1: 'LABEL_1' });
  });

  test.each<[object, RegExp]>([
    [{ activation_function: 'swoosh' }, /^activation_function .*"gelu".*got "swoosh"/],
    [{ encoder_attention_heads: 3 }, /^d_model .*a multiple of encoder_attention_heads 3/],
    [{ max_position_embeddings: 2 ** 29 }, /^max_position_embeddings x d_model/],
    [{ decoder_layers: 0 }, /^decoder_layers .*from 1 to 1024, got 0/],
    [{ add_cross_attention: true }, /^add_cross_attention/],
    [{ is_causal: false }, /^is_causal .*true in a decoder/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('config', () => tiny(options))).message).toMatch(message);
  });

  test('refuses heads that do not divide the decoder', async () => {
    const { message } = await problem('config', () => new BartModel(tiny({ decoder_attention_heads: 3 })));
    expect(message).toMatch(/^d_model of BartConfig: expected a multiple of decoder_attention_heads 3, got 16/);
  });
});

describe('tokens of the decoder', () => {
  test('are those of the text, moved one place on, where none are given', () => {
    const model = new BartModel(tiny(), { seed: 2 });
    expectSameBits(model(both), model({ ...both, decoder_input_ids: shifted }));
  });

  test.each([null, 40])('cannot be without an id to start with: %s', async (decoder_start_token_id) => {
    const model = new BartModel(tiny({ decoder_start_token_id }), { seed: 2 });
    expect((await problem('config', () => model(both))).message).toMatch(
      /^decoder_start_token_id, .*: expected a token id below vocab_size 40/,
    );
    model({ ...both, decoder_input_ids: shifted });
  });

  test('are as many as there are positions', async () => {
    const model = new BartModel(tiny(), { seed: 2 });
    const long = tensor([new Array(13).fill(3), new Array(13).fill(3)]);
    const { message } = await problem('value', () => model({ ...both, decoder_input_ids: long }));
    expect(message).toMatch(/^the sequence in decoder_input_ids: expected at most max_position_embeddings = 12 tokens, got 13/);
  });
});

describe('words', () => {
  const model = new BartForConditionalGeneration(tiny(), { seed: 2 });

  test('are scored by the embeddings and a number each', () => {
    model.final_logits_bias.set(floats([1, 40], 4).data as Float32Array);
    const { last_hidden_state } = model.model(both);
    const scores = F.linear(last_hidden_state, model.model.shared.weight);
    expectSameBits([model(both).logits], [F.add(scores, floats([40], 4))]);
    model.final_logits_bias.set(new Float32Array(40));
  });

  test('are larger by the root of the width where the configuration says so', () => {
    const [plain, scaled] = [false, true].map((scale_embedding) => new BartModel(tiny({ scale_embedding }), { seed: 2 }));
    scaled.shared.weight.set(Float32Array.from(plain.shared.weight.elements, (value) => value / 4));
    expectSameBits(scaled(both), plain(both));
  });

  test('that are added have 0 beside their score', () => {
    const grown = new BartForConditionalGeneration(tiny(), { seed: 2 });
    grown.final_logits_bias.set(floats([1, 40], 4).data as Float32Array);
    grown.resize_token_embeddings(42);
    expect([...grown.final_logits_bias.elements]).toEqual([...floats([1, 40], 4).elements, 0, 0]);
    expect(grown(both).logits.shape).toEqual([2, 5, 42]);
    grown.resize_token_embeddings(39);
    expect(grown.final_logits_bias.shape).toEqual([1, 39]);
  });

  test('have 0 beside their score where a checkpoint says nothing of it', async () => {
    const tensors = [...model.state_dict()].filter(([name]) => name !== 'final_logits_bias');
    const loaded = await BartForConditionalGeneration.from_pretrained(bytes(tensors), { config: tiny() });
    expectSameBits(loaded(both), model(both));
  });
});

describe('labels of texts', () => {
  const model = new BartForSequenceClassification(tiny(), { seed: 2 });

  test('are made at the last token that ends them', () => {
    const { last_hidden_state: states } = model.model(both);
    const ends = tensor([states[0][4].tolist(), states[1][2].tolist()] as never).reshape([2, 16]);
    const { dense, out_proj } = model.classification_head;
    expectSameBits([model(both).logits], [out_proj(F.tanh(dense(ends)))]);
  });

  test.each([
    [
      [
        [0, 7, 2, 2, 1],
        [0, 5, 2, 1, 1],
      ],
      /as many of eos_token_id 2 in each text, and at least one, got 2, 1/,
    ],
    [[[0, 7, 9, 1, 1]], /got 0/],
  ] as const)('need as many ends in each: %j', async (ids, message) => {
    expect((await problem('value', () => model(tensor(ids as never)))).message).toMatch(message);
  });

  test('are made at places of the text, which tokens of a decoder have to be as many as', async () => {
    const decoder_input_ids = tensor([[2, 0], [2, 0]]); // biome-ignore format: one row
    const { message } = await problem('shape', () => model({ ...both, decoder_input_ids }));
    expect(message).toMatch(/expected 5 tokens, as input_ids, got 2. Leave them out/);
  });

  test('cannot be made without one id that ends texts', async () => {
    const several = new BartForSequenceClassification(tiny({ eos_token_id: [2, 3] }), { seed: 2 });
    expect((await problem('config', () => several(both))).message).toMatch(/^eos_token_id, .*: expected a token id, got \[2,3\]/);
  });
});

test('answers start and end where the decoder says', () => {
  const model = new BartForQuestionAnswering(tiny(), { seed: 2 });
  const scores = model.qa_outputs(model.model(both).last_hidden_state);
  const { start_logits, end_logits } = model(both);
  expectSameBits([start_logits, end_logits], [F.select(scores, 2, 0), F.select(scores, 2, 1)]);
});

describe('the decoder alone', () => {
  const whole = new BartForConditionalGeneration(tiny(), { seed: 2 });
  const load = () => BartForCausalLM.from_pretrained(bytes(whole.state_dict()), { config: tiny({ is_decoder: true }) });

  test('is that of a checkpoint of both sides, whose encoder it does not have', async () => {
    const model = await load();
    expect(model.lm_head.weight).toBe(model.get_input_embeddings().weight);
    expectSameBits([model.lm_head.weight], [whole.model.shared.weight]);
    const { layers } = model.model.decoder;
    expectSameBits([[...layers][0].fc1.weight], [[...whole.model.decoder.layers][0].fc1.weight]);
  });

  test('sees no token behind', async () => {
    const model = await load();
    const logitsOf = (id: number) => model(tensor([[0, 5, id]])).logits;
    expectSameBits([F.slice(logitsOf(6), 1, 0, 2)], [F.slice(logitsOf(30), 1, 0, 2)]);
    expect(model.input_names).toEqual(['input_ids', 'attention_mask']);
  });
});

describe('words that are not tied', () => {
  const OWN = ['encoder.embed_tokens.weight', 'decoder.embed_tokens.weight'];
  const config = tiny({ tie_word_embeddings: false });
  const model = new BartForConditionalGeneration(config, { seed: 2 });
  const weights = () => [...model.state_dict()];
  const without = (...names: string[]) => weights().filter(([name]) => !names.includes(name));
  const load = (tensors: Iterable<readonly [string, Tensor]>) => BartForConditionalGeneration.from_pretrained(bytes(tensors), { config });

  test('are three tables, of which each side reads its own, and a matrix', () => {
    const { shared, encoder, decoder } = model.model;
    expect(weights().flatMap(([name, { shape }]) => (shape.join() === '40,16' ? [name] : []))).toEqual([
      'model.shared.weight',
      ...OWN.map((name) => `model.${name}`),
      'lm_head.weight',
    ]);
    const before = model(both);
    shared.weight.set(floats([40, 16], 5));
    expectSameBits(model(both), before);
    const changes = [encoder.embed_tokens, decoder.embed_tokens, model.lm_head].map((part) => {
      const old = (part as { weight: typeof shared.weight }).weight;
      const values = old.elements.slice();
      old.set(floats([40, 16], 6));
      const { logits, encoder_last_hidden_state } = model(both);
      old.set(values);
      return [logits, encoder_last_hidden_state].map((x, i) => x.elements.join() !== [...before][i].elements.join());
    });
    expect(changes).toEqual([[true, true], [true, false], [true, false]]); // biome-ignore format: one row
  });

  test('are read from a checkpoint under any prefix, whatever their order', async () => {
    expectSameBits((await load(weights()))(both), model(both));
    const bare = weights().map(([name, value]) => [name.replace(/^model\./, ''), value] as const);
    expectSameBits((await load(bare))(both), model(both));
    expectSameBits((await load([...bare].reverse()))(both), model(both));
  });

  test('are those of both sides where a checkpoint holds no others', async () => {
    const loaded = await load(without(...OWN.map((name) => `model.${name}`)));
    const alike = new BartForConditionalGeneration(config, { seed: 2 });
    const { shared, encoder, decoder } = alike.model;
    for (const words of [shared, encoder.embed_tokens, decoder.embed_tokens]) words?.weight.set(model.model.shared.weight);
    expectSameBits(loaded(both), alike(both));
    await problem('checkpoint', () => load(without('model.shared.weight', ...OWN.map((name) => `model.${name}`))));
    await problem('checkpoint', () => load(without('lm_head.weight')));
  });

  test('are refused beside others where they should be tied', async () => {
    const tensors = bytes(without('lm_head.weight'));
    const { message } = await problem('checkpoint', () => BartForConditionalGeneration.from_pretrained(tensors, { config: tiny() }));
    expect(message).toMatch(/embed_tokens\.weight in bytes/);
  });

  test('the decoder alone has its own', async () => {
    const decoder = await BartForCausalLM.from_pretrained(bytes(weights()), { config });
    expectSameBits([decoder.get_input_embeddings().weight], [model.model.decoder.embed_tokens?.weight as Tensor]);
    expectSameBits([decoder.lm_head.weight], [model.lm_head.weight]);
  });

  test('are resized all, and traced and saved as they are', async () => {
    const grown = new BartForConditionalGeneration(config, { seed: 2 });
    grown.resize_token_embeddings(44);
    expect([...grown.state_dict()].filter(([, { shape }]) => shape.join() === '44,16')).toHaveLength(4);
    const decoder_input_ids = tensor([[2, 43], [2, 41]]); // biome-ignore format: one row
    const traced = await jit.trace(grown, { ...both, decoder_input_ids });
    expectSameBits([traced({ ...both, decoder_input_ids }).logits], [grown({ ...both, decoder_input_ids }).logits]);
  });
});

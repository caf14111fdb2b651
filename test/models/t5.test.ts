import { describe, expect, test } from 'vitest';
import {
  AutoModel,
  AutoModelForSeq2SeqLM,
  AutoModelForTextEncoding,
  F,
  jit,
  SentenceEmbedder,
  T5Config,
  type T5ConfigOptions,
  T5EncoderModel,
  T5ForConditionalGeneration,
  T5ForQuestionAnswering,
  T5ForSequenceClassification,
  T5ForTokenClassification,
  T5Model,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { type Buckets, bucketOf } from '../../src/models/buckets.ts';
import { fixture } from '../support/fixtures.ts';
import { concat, serialize } from '../support/safetensors.ts';
import { expectSameBits, fileOf, floats, problem } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 40,
  d_model: 16,
  d_kv: 6,
  d_ff: 24,
  num_layers: 2,
  num_heads: 3,
  relative_attention_num_buckets: 8,
  relative_attention_max_distance: 20,
  decoder_start_token_id: 0,
};
const tiny = (options: T5ConfigOptions = {}): T5Config => new T5Config({ ...SIZES, ...options });
const input_ids = tensor([
  [7, 9, 8, 4, 1],
  [5, 3, 1, 0, 0],
]);
const attention_mask = tensor([
  [1, 1, 1, 1, 1],
  [1, 1, 1, 0, 0],
]);
const decoder_input_ids = tensor([
  [0, 5, 6],
  [0, 9, 3],
]);

describe('a configuration', () => {
  test('has the defaults of transformers', () => {
    expect(new T5Config()).toMatchObject({
      model_type: 't5',
      vocab_size: 32128,
      d_model: 512,
      d_kv: 64,
      d_ff: 2048,
      num_layers: 6,
      num_heads: 8,
      relative_attention_num_buckets: 32,
      relative_attention_max_distance: 128,
      layer_norm_epsilon: 1e-6,
      feed_forward_proj: 'relu',
      is_encoder_decoder: true,
      pad_token_id: 0,
      eos_token_id: 1,
      hidden_size: 512,
      num_hidden_layers: 6,
      num_attention_heads: 8,
    });
    expect(new T5Config(40, 16, 6, 24, 2, 1, 3)).toMatchObject({ d_kv: 6, num_decoder_layers: 1, num_heads: 3 });
  });

  test.each<[T5ConfigOptions, string, boolean]>([
    [{}, 'relu', false],
    [{ feed_forward_proj: 'gated-gelu' }, 'gelu_new', true],
    [{ feed_forward_proj: 'gated-silu' }, 'silu', true],
    [{ feed_forward_proj: 'gelu' }, 'gelu', false],
    [{ feed_forward_proj: 'gated-gelu', dense_act_fn: 'gelu' }, 'gelu', true],
    [{ feed_forward_proj: 'gated-swish', is_gated_act: false }, 'silu', false],
  ])('%o has the activation %s, gated %s', (options, activation, gated) => {
    const config = tiny(options);
    expect([config.activation, config.gated]).toEqual([activation, gated]);
  });

  test.each<[T5ConfigOptions, boolean]>([
    [{}, true],
    [{ tie_word_embeddings: false }, false],
    [{ scale_decoder_outputs: false }, false],
    [{ tie_word_embeddings: false, scale_decoder_outputs: true }, true],
  ])('%o scales what words are scored by: %s', (options, scaled) => {
    expect(tiny(options).scaled).toBe(scaled);
  });

  test.each<[object, RegExp]>([
    [{ feed_forward_proj: 'gated-swoosh' }, /^feed_forward_proj .*or one of these behind "gated-", got "gated-swoosh"/],
    [{ feed_forward_proj: 'gated-gelu-new' }, /^feed_forward_proj/],
    [{ relative_attention_num_buckets: 3 }, /^relative_attention_num_buckets .*from 4 to 65536, got 3/],
    [{ decoder_start_token_id: -1 }, /^decoder_start_token_id/],
    [{ is_decoder: true }, /^is_decoder/],
    [{ d_kv: 2 ** 30 }, /^num_heads x d_kv/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('config', () => tiny(options))).message).toMatch(message);
  });

  test('refuses distances that all have a bucket of their own', async () => {
    const { message } = await problem('config', () => new T5EncoderModel(tiny({ relative_attention_max_distance: 2 })));
    expect(message).toMatch(/^relative_attention_max_distance of T5Config: expected more than 2, .* got 2/);
    new T5EncoderModel(tiny({ relative_attention_max_distance: 4 }));
    await problem('config', () => new T5Model(tiny({ relative_attention_max_distance: 4 })));
  });
});

test('distances behind a token have the buckets of transformers where no others are seen', () => {
  const buckets: Buckets = { count: 32, furthest: 128, is_causal: true };
  const starts = Array.from({ length: 15 }, (_, i) => 16 * 8 ** ((i + 1) / 16));
  for (let far = 0; far < 300; far++) {
    const bucket = far < 16 ? far : 16 + starts.filter((start) => start <= far).length;
    expect([far, bucketOf(-far, buckets), bucketOf(far, buckets)]).toEqual([far, bucket, 0]);
  }
});

describe('heads', () => {
  const both = { input_ids, attention_mask, decoder_input_ids };

  test.each([true, false])('words are scored by what is scaled, %s', (scale_decoder_outputs) => {
    const config = tiny({ scale_decoder_outputs });
    const model = new T5ForConditionalGeneration(config, { seed: 2 });
    const plain = new T5Model(config, { seed: 2 });
    const { last_hidden_state } = plain(both);
    expectSameBits([model(both).logits], [model.lm_head(scale_decoder_outputs ? F.scale(last_hidden_state, 0.25) : last_hidden_state)]);
  });

  test('labels of texts are made at the last token that ends them', () => {
    const model = new T5ForSequenceClassification(tiny({ num_labels: 3 }), { seed: 2 });
    const shifted = tensor([
      [0, 7, 9, 8, 4],
      [0, 5, 3, 1, 0],
    ]);
    const { last_hidden_state: states } = model.transformer({ input_ids, attention_mask, decoder_input_ids: shifted });
    const ends = tensor([[states[0][4].tolist()], [states[1][2].tolist()]] as never).reshape([2, 16]);
    const { dense, out_proj } = model.classification_head;
    expectSameBits([model({ input_ids, attention_mask }).logits], [out_proj(F.tanh(dense(ends)))]);
  });

  test('labels of tokens are made of the encoder', () => {
    const model = new T5ForTokenClassification(tiny({ num_labels: 3 }), { seed: 2 });
    const { last_hidden_state } = model.transformer(input_ids, attention_mask);
    expectSameBits([model(input_ids, attention_mask).logits], [model.classifier(last_hidden_state)]);
    expect(model.input_names).toEqual(['input_ids', 'attention_mask']);
  });

  test('answers start and end where the decoder says', () => {
    const model = new T5ForQuestionAnswering(tiny(), { seed: 2 });
    const answer = model({ input_ids, attention_mask });
    expect([answer.start_logits.shape, answer.end_logits.shape]).toEqual([
      [2, 5],
      [2, 5],
    ]);
    const shifted = F.shift_right(input_ids, 0);
    expectSameBits([...answer], [...model({ input_ids, attention_mask, decoder_input_ids: shifted })]);
  });
});

describe('inputs', () => {
  const model = new T5ForConditionalGeneration(tiny(), { seed: 2 });

  test('of the decoder are asked for', async () => {
    expect((await problem('value', () => model(input_ids))).message).toMatch(
      /^T5ForConditionalGeneration: decoder_input_ids: expected the tokens/,
    );
  });

  test('of the decoder are a row for each text, and masks as large as what they are of', async () => {
    const { message } = await problem('shape', () => model({ input_ids, decoder_input_ids: tensor([[0, 5]]) }));
    expect(message).toMatch(/^decoder_input_ids: expected \[2, …\], a row for each of input_ids, got \[1, …\]/);
    const mask = await problem('shape', () => model({ input_ids, decoder_input_ids, decoder_attention_mask: attention_mask }));
    expect(mask.message).toMatch(/^decoder_attention_mask: expected \[2,3\], as decoder_input_ids, got \[2,5\]/);
  });

  test('of encoders are none of a decoder', async () => {
    const encoder = new T5EncoderModel(tiny(), { seed: 2 });
    await problem('value', () => encoder({ input_ids, decoder_input_ids }));
    expectSameBits([encoder(input_ids, attention_mask).last_hidden_state], [model({ input_ids, attention_mask, decoder_input_ids }).encoder_last_hidden_state]); // biome-ignore format: one row
  });

  test('that a decoder masks are not seen', () => {
    const masked = (id: number) =>
      model({
        input_ids,
        decoder_input_ids: tensor([
          [0, id, 6],
          [0, id, 3],
        ]),
        decoder_attention_mask: tensor([
          [1, 0, 1],
          [1, 0, 1],
        ]),
      }).logits;
    expectSameBits([F.select(masked(5), 1, 2)], [F.select(masked(17), 1, 2)]);
  });

  test('a decoder sees no token behind', () => {
    const logitsOf = (id: number) => model({ input_ids: F.slice(input_ids, 0, 0, 1), decoder_input_ids: tensor([[0, 5, id]]) }).logits;
    expectSameBits([F.slice(logitsOf(6), 1, 0, 2)], [F.slice(logitsOf(30), 1, 0, 2)]);
  });
});

describe('checkpoints', () => {
  const fresh = (options: T5ConfigOptions = {}) => new T5ForConditionalGeneration(tiny(options), { seed: 3 });
  const bytes = (tensors: Iterable<readonly [string, Tensor]>) => concat(serialize(new Map(tensors)));
  const own = () => [...fresh().state_dict()].filter(([name]) => name !== 'lm_head.weight');
  const other = floats([40, 16], 8);

  test.each([true, false])('without a matrix that scores words have that of the embeddings, tied %s', async (tie_word_embeddings) => {
    const model = await T5ForConditionalGeneration.from_pretrained(bytes(own()), { config: tiny({ tie_word_embeddings }) });
    expect(model.lm_head.weight).toBe(model.shared.weight);
  });

  test.each([
    [true, true],
    [null, true],
    [false, false],
  ])('that say of words that they are tied: %s, have scores that are scaled: %s', (tie_word_embeddings, scaled) => {
    expect(T5Config.from_dict({ tie_word_embeddings }).scaled).toBe(scaled);
    expect(
      T5Config.from_dict({ tie_word_embeddings, scale_decoder_outputs: null, is_gated_act: null, feed_forward_proj: 'gated-relu' }),
    ).toMatchObject({ scaled: false, gated: false });
  });

  test.each([true, false])('with one that differs have both, tied %s', async (tie_word_embeddings) => {
    const tensors = [...own(), ['lm_head.weight', other] as const];
    const model = await T5ForConditionalGeneration.from_pretrained(bytes(tensors), { config: tiny({ tie_word_embeddings }) });
    expectSameBits([model.lm_head.weight], [other]);
    expectSameBits([model.shared.weight], [fresh().shared.weight]);
    const same = [...own(), ['lm_head.weight', fresh().shared.weight.clone()] as const];
    const tied = await T5ForConditionalGeneration.from_pretrained(bytes(same), { config: tiny() });
    expect(tied.lm_head.weight).toBe(tied.shared.weight);
  });

  test('may call the embeddings by the names of both sides, and hold what old ones hold', async () => {
    const tensors = own().flatMap(([name, value]): [string, Tensor][] =>
      name === 'shared.weight'
        ? [
            ['encoder.embed_tokens.weight', value],
            ['decoder.embed_tokens.weight', value.clone()],
          ]
        : [[name, value]],
    );
    tensors.push(['decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight', floats([8, 3], 1)]);
    const model = await T5ForConditionalGeneration.from_pretrained(bytes(tensors), { config: tiny() });
    expectSameBits([model.shared.weight], [fresh().shared.weight]);
  });

  test('of both sides are those of the encoder too', async () => {
    const folder = fixture('zoo/t5-T5ForConditionalGeneration');
    const whole = await AutoModelForSeq2SeqLM.from_pretrained(folder);
    const encoder = await AutoModelForTextEncoding.from_pretrained(folder);
    expect([whole, encoder].map((model) => model.constructor.name)).toEqual(['T5ForConditionalGeneration', 'T5EncoderModel']);
    expect(await AutoModel.from_pretrained(folder)).toBeInstanceOf(T5Model);
    expectSameBits(
      [encoder(input_ids, attention_mask).last_hidden_state],
      [whole({ input_ids, attention_mask, decoder_input_ids }).encoder_last_hidden_state],
    );
  });
});

test('the encoder makes sentence vectors', async () => {
  const embedder = new SentenceEmbedder(tiny(), { seed: 2 });
  expect(embedder.input_names).toEqual(['input_ids', 'attention_mask']);
  const inputs = { input_ids, attention_mask };
  const traced = await jit.trace(embedder, inputs, { dynamic: { batch: [1, 4], sequence: [1, 9] } });
  const again = await SentenceEmbedder.from_pretrained(await fileOf(traced));
  expectSameBits(again(inputs), embedder(inputs));
});

test('texts are as long as memory takes', async () => {
  const model = new T5EncoderModel(tiny(), { seed: 2 });
  expect(model.config.most_tokens()).toBe(65536);
  const { message } = await problem('value', () => model(tensor([new Array(65537).fill(3)])));
  expect(message).toMatch(/^the sequence in input_ids: expected at most 65536 tokens, got 65537/);
});

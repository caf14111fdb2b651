import { describe, expect, test } from 'vitest';
import {
  DebertaConfig,
  type DebertaConfigOptions,
  DebertaForMaskedLM,
  DebertaForSequenceClassification,
  DebertaModel,
  DebertaV2Config,
  DebertaV2ForMaskedLM,
  F,
  jit,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { expectClose } from '../support/fixtures.ts';
import { expectSameBits, fileOf, problem } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 24,
};
/** As published files have it. */
const PUBLISHED = { relative_attention: true, pos_att_type: 'c2p|p2c', position_biased_input: false } as unknown as DebertaConfigOptions;
const tiny = (options: DebertaConfigOptions = {}): DebertaConfig => new DebertaConfig({ ...SIZES, ...PUBLISHED, ...options });
const rows = tensor([
  [1, 7, 8, 2],
  [1, 9, 3, 0],
]);
const mask = tensor([
  [1, 1, 1, 1],
  [1, 1, 1, 0],
]);

describe('a configuration', () => {
  test('has the defaults and the order of transformers', () => {
    expect(new DebertaConfig()).toMatchObject({
      model_type: 'deberta',
      vocab_size: 50265,
      hidden_size: 768,
      num_hidden_layers: 12,
      intermediate_size: 3072,
      type_vocab_size: 0,
      layer_norm_eps: 1e-7,
      relative_attention: false,
      max_relative_positions: -1,
      pad_token_id: 0,
      position_biased_input: true,
      pos_att_type: null,
      pooler_hidden_act: 'gelu',
      legacy: true,
    });
    const byPlace = new DebertaConfig(40, 16, 2, 2, 24, 'relu', 0, 0, 24, 0, 0.02, 1e-7, true, 9, 3, 4, 5, false, ['p2c']);
    expect(byPlace).toMatchObject({ hidden_act: 'relu', max_relative_positions: 9, pad_token_id: 3, pos_att_type: ['p2c'] });
  });

  test('has what scores are made of as a list, whatever the order, or between bars', () => {
    for (const said of ['p2c|c2p', 'P2C | c2p', ['p2c', 'c2p']]) {
      const config = DebertaConfig.from_dict({ pos_att_type: said });
      expect(config.to_dict().pos_att_type).toEqual(['p2c', 'c2p']);
    }
  });

  test.each<[object, RegExp]>([
    [{ pos_att_type: 'c2p|p2p' }, /^pos_att_type .*c2p and p2c, each once.*got "c2p\|p2p"/],
    [{ pos_att_type: ['c2p', 'c2p'] }, /^pos_att_type /],
    [{ pos_att_type: '' }, /^pos_att_type /],
    [{ relative_attention: 1 }, /^relative_attention .*true or false/],
    [{ talking_head: true }, /^talking_head .*only false/],
    [{ max_relative_positions: 2 ** 28 }, /^max_relative_positions x hidden_size/],
    [{ max_position_embeddings: 2 ** 27 }, /^max_position_embeddings x hidden_size/],
    [{ pooler_hidden_act: 'swoosh' }, /^pooler_hidden_act .*got "swoosh"/],
    [{ num_attention_heads: 3 }, /^hidden_size .*multiple of num_attention_heads/],
  ])('refuses %o', async (options, message) => {
    expect((await problem('config', () => tiny(options))).message).toMatch(message);
  });
});

test('weights have the names of transformers, and only those that the configuration asks for', () => {
  const namesOf = (options: DebertaConfigOptions) => [...new DebertaModel(tiny(options)).state_dict().keys()];
  const attention = (options: DebertaConfigOptions) =>
    namesOf(options).flatMap((name) => /^encoder\.layer\.0\.attention\.self\.(.*)/.exec(name)?.[1] ?? []);
  expect(attention({})).toEqual(['q_bias', 'v_bias', 'in_proj.weight', 'pos_proj.weight', 'pos_q_proj.weight', 'pos_q_proj.bias']);
  expect(attention({ pos_att_type: ['p2c'] })).toEqual(['q_bias', 'v_bias', 'in_proj.weight', 'pos_q_proj.weight', 'pos_q_proj.bias']);
  expect(attention({ relative_attention: false })).toEqual(['q_bias', 'v_bias', 'in_proj.weight']);
  expect(namesOf({}).filter((name) => /embeddings/.test(name))).toEqual([
    'embeddings.word_embeddings.weight',
    'embeddings.LayerNorm.weight',
    'embeddings.LayerNorm.bias',
    'encoder.rel_embeddings.weight',
  ]);
  expect(namesOf({ position_biased_input: true, type_vocab_size: 2, embedding_size: 8, relative_attention: false }).slice(0, 4)).toEqual([
    'embeddings.word_embeddings.weight',
    'embeddings.position_embeddings.weight',
    'embeddings.token_type_embeddings.weight',
    'embeddings.embed_proj.weight',
  ]);
});

/** What attention of one layer answers by PyTorch's own steps, for one text whose tokens are all there. */
function disentangled(model: DebertaModel, hidden: Tensor, span: number): Tensor {
  const { in_proj, q_bias, v_bias, pos_proj, pos_q_proj } = [...model.encoder.layer][0].attention.self as never as Record<string, never>;
  const table = model.encoder.rel_embeddings?.weight as Tensor;
  const [heads, head_dim, length] = [2, 8, hidden.shape[1]];
  const sides = F.linear(hidden, (in_proj as { weight: Tensor }).weight).reshape([length, heads, 3 * head_dim]);
  const side = (i: number, h: number, bias?: Tensor) => {
    const own = F.narrow(F.select(sides, 1, h), 1, i * head_dim, head_dim);
    return bias ? F.add(own, F.narrow(bias, 0, h * head_dim, head_dim)) : own;
  };
  const call = (layer: unknown, x: Tensor): Tensor => (layer as (x: Tensor) => Tensor)(x);
  const scale = 1 / Math.sqrt(head_dim * 3);
  const answers = Array.from({ length: heads }, (_, h) => {
    const [q, k, v] = [side(0, h, q_bias), side(1, h), side(2, h, v_bias)];
    const [pk, pq] = [pos_proj, pos_q_proj].map((layer) => F.narrow(call(layer, table), 1, h * head_dim, head_dim));
    const [qk, qp, kp] = [F.linear(q, k), F.linear(q, pk), F.linear(k, pq)].map((scores) => scores.tolist() as number[][]);
    const at = (distance: number) => Math.min(2 * span - 1, Math.max(0, distance + span));
    const scores = qk.map((row, i) => row.map((score, j) => (score + qp[i][at(i - j)] + kp[j][at(i - j)]) * scale));
    return F.matmul(F.softmax(tensor(scores)), v);
  });
  return F.cat(answers, 1).reshape([1, length, heads * head_dim]);
}

test.each([-1, 3])('scores are those of content and positions as PyTorch adds them up, at most %i apart', (max_relative_positions) => {
  const model = new DebertaModel(tiny({ max_relative_positions }), { seed: 3 });
  const hidden = model(tensor([[1, 7, 8, 2, 9, 5, 6]])).last_hidden_state;
  const [layer] = [...model.encoder.layer];
  const distances = (model.encoder as never as { distances(length: number): Tensor }).distances(7);
  const [got] = layer.attention.self(hidden, { mask: undefined, distances, output_attentions: false });
  const want = disentangled(model, hidden, max_relative_positions === -1 ? 24 : 3);
  expectClose(got, want, 2e-5, 'attention');
});

test('a token that is left out has zeros as embedding and sees all tokens alike', () => {
  const model = new DebertaModel(tiny({ output_hidden_states: true, output_attentions: true }), { seed: 3 });
  const { hidden_states, attentions } = model({ input_ids: rows, attention_mask: mask });
  expect(new Set(F.select(F.select(hidden_states[0], 0, 1), 0, 3).data)).toEqual(new Set([0]));
  for (const weights of attentions)
    expect((weights.tolist() as number[][][][])[1].map((head) => head[3])).toEqual(Array(2).fill(Array(4).fill(0.25)));
});

test('traces leave padding out, at any size, with the bits that texts have alone', async () => {
  const model = new DebertaModel(tiny(), { seed: 3 });
  const traced = await jit.trace(model, { input_ids: rows, attention_mask: mask }, { dynamic: { batch: [1, 9], sequence: [1, 24] } });
  const loaded = await jit.load(await fileOf(traced));
  expect(traced.code).toMatch(/disentangled_attention .*mask=-1/);
  const lengths = [3, 24, 9];
  const ids = lengths.map((length, b) => Array.from({ length: 24 }, (_, i) => (i < length ? 2 + ((5 * i + b) % 30) : 0)));
  const real = ids.map((each, b) => each.map((_, i) => Number(i < lengths[b])));
  const together = loaded({ input_ids: tensor(ids), attention_mask: tensor(real) }).last_hidden_state;
  lengths.forEach((length, b) => {
    const alone = model({ input_ids: tensor([ids[b].slice(0, length)]) }).last_hidden_state;
    expect(together.data.slice(b * 24 * 16, (b * 24 + length) * 16)).toEqual(alone.data);
  });
  expect((await problem('value', () => model(tensor([Array(25).fill(3)])))).message).toMatch(/at most max_position_embeddings = 24 tokens/);
});

test('token types are taken and mean nothing where there are none, positions likewise', async () => {
  const model = new DebertaModel(tiny(), { seed: 3 });
  const others = { token_type_ids: tensor([[0, 1, 1, 0], [1, 1, 1, 1]]), position_ids: tensor([[3, 2, 1, 0]]) }; // biome-ignore format: one row
  expectSameBits(model({ input_ids: rows, ...others }), model(rows));
  const inputs = { input_ids: rows, attention_mask: mask, ...others };
  expectSameBits((await jit.trace(model, inputs, { exact_padding: true }))(inputs), model({ input_ids: rows, attention_mask: mask }));
});

describe('the head for masked words', () => {
  test.each([DebertaForMaskedLM, DebertaV2ForMaskedLM])('of %o is of two kinds, as legacy says', async (Model) => {
    const Config = Model === DebertaForMaskedLM ? DebertaConfig : DebertaV2Config;
    const made = (options: object) => new Model(new Config({ ...SIZES, ...PUBLISHED, ...options }) as never, { seed: 4 });
    const headOf = (options: object) => [...made(options).state_dict().keys()].filter((name) => !name.startsWith('deberta.'));
    const transform = ['dense', 'LayerNorm'].flatMap((part) => [`transform.${part}.weight`, `transform.${part}.bias`]);
    expect(new Set(headOf({}))).toEqual(new Set([...transform, 'decoder.weight', 'bias'].map((name) => `cls.predictions.${name}`)));
    expect(headOf({ legacy: false }).every((name) => name.startsWith('lm_predictions.lm_head.'))).toBe(true);
    const newer = made({ legacy: false });
    expect(newer.get_output_embeddings()?.weight).toBe(newer.get_input_embeddings().weight);
    newer.resize_token_embeddings(43);
    expect(newer(rows).logits.shape).toEqual([2, 4, 43]);
    const untied = made({ legacy: false, torchscript: true });
    expectSameBits((await jit.trace(untied, [rows]))(rows), untied(rows));
    expect((await problem('config', () => made({ legacy: false, embedding_size: 8 }))).message).toMatch(
      /^embedding_size .*hidden_size 16, got 8/,
    );
  });

  test('takes checkpoints of Python with either head, and passes over the other', async () => {
    const model = new DebertaForMaskedLM(tiny({ torchscript: true, legacy: false }), { seed: 4 });
    const file = await fileOf(await jit.trace(model, [rows]));
    expectSameBits((await DebertaForMaskedLM.from_pretrained(file))(rows), model(rows));
    const bare = await DebertaModel.from_pretrained(file);
    expectSameBits([bare(rows).last_hidden_state], [model.deberta(rows).last_hidden_state]);
    expect((await problem('checkpoint', () => DebertaForMaskedLM.from_pretrained(file, { legacy: true }))).message).toMatch(
      /cls\.predictions/,
    );
  });
});

test('labels are scored by the pooler of the first token, with the activation of the configuration', async () => {
  const model = new DebertaForSequenceClassification(tiny({ num_labels: 3, pooler_hidden_act: 'tanh' }), { seed: 4 });
  const first = F.select(model.deberta(rows).last_hidden_state, 1, 0);
  expectSameBits([model(rows).logits], [model.classifier(F.tanh(model.pooler.dense(first)))]);
  const wide = () => new DebertaForSequenceClassification(tiny({ pooler_hidden_size: 8 }));
  expect((await problem('config', wide)).message).toMatch(/^pooler_hidden_size .*hidden_size 16, got 8/);
  expect(new DebertaModel(tiny({ pooler_hidden_size: 8 }))).toBeInstanceOf(DebertaModel);
});

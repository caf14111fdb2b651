import { describe, expect, test } from 'vitest';
import {
  FlaubertConfig,
  FlaubertForQuestionAnswering,
  jit,
  type PreTrainedModel,
  type Tensor,
  tensor,
  XLMConfig,
  XLMForQuestionAnswering,
  XLNetConfig,
  XLNetForQuestionAnswering,
} from '../../src/index.ts';
import { expectSameBits, fileOf, problem } from '../support/tiny.ts';

const BEAM = { start_n_top: 2, end_n_top: 3 };
const XLM_SIZES = { vocab_size: 40, emb_dim: 16, n_layers: 1, n_heads: 2, max_position_embeddings: 24, init_std: 0.5, ...BEAM };
const XLNET_SIZES = { vocab_size: 40, d_model: 16, n_layer: 1, n_head: 2, d_inner: 24, initializer_range: 0.5, ...BEAM };
const MODELS: [name: string, make: () => PreTrainedModel, head: string][] = [
  ['XLNet', () => new XLNetForQuestionAnswering(new XLNetConfig(XLNET_SIZES), { seed: 3 }), ''],
  ['XLM', () => new XLMForQuestionAnswering(new XLMConfig(XLM_SIZES), { seed: 3 }), 'qa_outputs.'],
  ['FlauBERT', () => new FlaubertForQuestionAnswering(new FlaubertConfig(XLM_SIZES), { seed: 3 }), 'qa_outputs.'],
];
const input_ids = tensor([[0, 7, 8, 9, 4, 3], [0, 9, 4, 6, 2, 2]]); // biome-ignore format: one row
const attention_mask = tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]]); // biome-ignore format: one row
const p_mask = tensor([[1, 0, 0, 0, 0, 1], [1, 0, 0, 0, 1, 1]]); // biome-ignore format: one row
const cls_index = tensor([0, 2]);

type Rows = number[][];
const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i], 0);

function softmax(row: number[]): number[] {
  const peak = Math.max(...row);
  const each = row.map((x) => Math.exp(x - peak));
  const total = each.reduce((a, b) => a + b);
  return each.map((x) => x / total);
}

function normalised(row: number[], weight: number[], bias: number[]): number[] {
  const mean = row.reduce((a, b) => a + b) / row.length;
  const spread = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length;
  return row.map((x, i) => ((x - mean) / Math.sqrt(spread + 1e-12)) * weight[i] + bias[i]);
}

const best = (row: number[], k: number): number[] => [...row.keys()].sort((i, j) => row[j] - row[i] || i - j).slice(0, k);

/** What the head answers for one text, in float64 and by its definition. */
function spansOf(states: Rows, weights: Record<string, Tensor>, prefix: string, not: number[] = [], cls = states.length - 1) {
  const of = (name: string) => weights[prefix + name].tolist() as never;
  const linear = (name: string, x: number[], bias = true): number[] =>
    (of(`${name}.weight`) as Rows).map((row, i) => dot(row, x) + (bias ? (of(`${name}.bias`) as number[])[i] : 0));
  const unless = (scores: number[]) => softmax(scores.map((score, i) => (not[i] ? -1e30 : score)));
  const starts = unless(states.map((state) => linear('start_logits.dense', state)[0]));
  const firsts = best(starts, BEAM.start_n_top);
  const ends = firsts.map((first) =>
    unless(
      states.map((state) => {
        const hidden = linear('end_logits.dense_0', [...state, ...states[first]]).map(Math.tanh);
        const [weight, bias] = [of('end_logits.LayerNorm.weight'), of('end_logits.LayerNorm.bias')];
        return linear('end_logits.dense_1', normalised(hidden, weight, bias))[0];
      }),
    ),
  );
  const lasts = ends.map((row) => best(row, BEAM.end_n_top));
  const mean = states[0].map((_, i) => dot(starts, states.map((state) => state[i]))); // biome-ignore format: one row
  const said = linear('answer_class.dense_0', [...mean, ...states[cls]]).map(Math.tanh);
  const across = <T>(of: (start: number, rank: number) => T): T[] =>
    Array.from({ length: BEAM.end_n_top }, (_, rank) => firsts.map((_, start) => of(start, rank))).flat();
  return {
    start_top_log_probs: firsts.map((at) => starts[at]),
    start_top_index: firsts,
    end_top_log_probs: across((start, rank) => ends[start][lasts[start][rank]]),
    end_top_index: across((start, rank) => lasts[start][rank]),
    cls_logits: linear('answer_class.dense_1', said, false)[0],
  };
}

describe.each(MODELS)('%s', (_, make, prefix) => {
  const model = make();
  const base = (model as unknown as { base_model: PreTrainedModel }).base_model;
  const weights = Object.fromEntries(model.named_parameters());
  const states = base({ input_ids, attention_mask }).last_hidden_state.tolist() as Rows[];

  test.each([
    ['all that there is', {}],
    ['tokens that are in no answer, and another token that decides', { p_mask, cls_index }],
  ] as const)('answers by its definition: %s', (_, more) => {
    const got = model({ input_ids, attention_mask, ...more });
    for (const [b, rows] of states.entries()) {
      const limits = 'p_mask' in more ? ([(p_mask.tolist() as Rows)[b], cls_index.data[b] as number] as const) : [];
      const want = spansOf(rows, weights, prefix, ...(limits as []));
      for (const [name, value] of Object.entries(want)) {
        const row = (got[name].tolist() as unknown[])[b];
        if (name.endsWith('index')) expect(row, name).toEqual(value);
        else for (const [i, x] of [row].flat().entries()) expect(x, name).toBeCloseTo([value].flat()[i], 5);
      }
    }
    expect(Object.keys(got).filter((name) => Number.isNaN(Number(name))).slice(0, 5)).toEqual(Object.keys(spansOf(states[0], weights, prefix))); // biome-ignore format: one row
  });

  test('traces of any size say the same, padding too, and are checkpoints', async () => {
    const inputs = { input_ids, attention_mask, p_mask, cls_index };
    const dynamic_axes = { cls_index: { 0: 'batch' }, p_mask: { 0: 'batch', 1: 'sequence' } } as const;
    const traced = await jit.trace(model, inputs, { dynamic: { batch: [1, 3], sequence: [3, 9] }, dynamic_axes });
    expectSameBits(traced(inputs), model(inputs));
    const others = { input_ids: tensor([[5, 6, 7]]), attention_mask: tensor([[1, 1, 0]]), p_mask: tensor([[0, 0, 0]]), cls_index: tensor([1]) }; // biome-ignore format: one row
    expectSameBits(model({ ...inputs, p_mask: p_mask.float() }), model(inputs));
    const loaded = await jit.load(await fileOf(traced));
    expectSameBits(loaded(others), model(others));
    expect(loaded(others).start_top_index.dtype).toBe('int32');
  });

  test('refuses texts of fewer tokens than the beam is wide, and what does not fit', async () => {
    expect((await problem('shape', () => model(tensor([[5, 6]])))).message).toMatch(/topk: expected rows of at least 3 elements/);
    expect((await problem('shape', () => model({ input_ids, cls_index: tensor([[1, 2]]) }))).message).toMatch(/^cls_index: expected \[2\]/);
    expect((await problem('shape', () => model({ input_ids, p_mask: cls_index }))).message).toMatch(/^p_mask: expected \[2,6\]/);
    await problem('value', () => model({ input_ids, cls_index: tensor([0, 6]) }));
  });
});

test('tensors are called what transformers calls them', () => {
  const names = ['start_logits.dense', 'end_logits.dense_0', 'end_logits.LayerNorm', 'end_logits.dense_1', 'answer_class.dense_0'];
  const both = names.flatMap((name) => [`${name}.weight`, `${name}.bias`]);
  for (const [, make, prefix] of MODELS) {
    const own = [...make().named_parameters()].map(([name]) => name).filter((name) => !name.startsWith('transformer.'));
    expect(own.sort()).toEqual([...both, 'answer_class.dense_1.weight'].map((name) => prefix + name).sort());
  }
});

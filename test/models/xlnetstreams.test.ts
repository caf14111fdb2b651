import { describe, expect, test } from 'vitest';
import { jit, type Tensor, tensor, XLNetConfig, type XLNetConfigOptions, XLNetLMHeadModel, XLNetModel, zeros } from '../../src/index.ts';
import { expectSameBits, fileOf, problem } from '../support/tiny.ts';

const [D, HEADS, SIZE, LAYERS, EPS] = [16, 2, 8, 2, 1e-12];
const SIZES = { vocab_size: 40, d_model: D, n_layer: LAYERS, n_head: HEADS, d_inner: 24, ff_activation: 'relu', initializer_range: 0.4 };
const made = (options: XLNetConfigOptions = {}) => new XLNetModel(new XLNetConfig({ ...SIZES, ...options }), { seed: 3 });
const input_ids = tensor([[7, 8, 9, 4], [6, 9, 4, 3]]); // biome-ignore format: one row
const token_type_ids = tensor([[0, 0, 1, 1], [0, 1, 1, 2]]); // biome-ignore format: one row
const attention_mask = tensor([[1, 1, 1, 1], [1, 1, 1, 0]]); // biome-ignore format: one row
const perm_mask = tensor([[[0, 1, 1, 1], [0, 0, 1, 0], [0, 0, 1, 0], [1, 1, 1, 1]], [[1, 1, 0, 0], [0, 0, 0, 1], [1, 0, 1, 0], [0, 0, 0, 0]]]); // biome-ignore format: one row
const target_mapping = tensor([[[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]], [[0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]]); // biome-ignore format: one row
const memory = 3;
const mems = tensor(Array.from({ length: LAYERS * memory * 2 * D }, (_, i) => Math.sin(3 * i + 1))).reshape([LAYERS, memory, 2, D]);
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

type Row = number[];
type Given = Partial<Record<'token_type_ids' | 'attention_mask' | 'perm_mask' | 'target_mapping' | 'mems', Tensor>>;
const dot = (a: Row, b: Row): number => a.reduce((sum, x, i) => sum + x * b[i], 0);
const plus = (a: Row, b: Row): Row => a.map((x, i) => x + b[i]);

/** What the model answers, in float64 and by its definition: text by text, head by head, key by key. */
class Definition {
  readonly #weights: Record<string, Tensor>;
  readonly #config: XLNetConfig;

  constructor(model: XLNetModel) {
    this.#weights = Object.fromEntries(model.named_parameters());
    this.#config = model.config;
  }

  #of(name: string): never {
    return this.#weights[name].tolist() as never;
  }

  /** x times a matrix [d_model, heads, size], a row a head. */
  #heads(x: Row, name: string): Row[] {
    const matrix = this.#of(name) as Row[][];
    return range(HEADS).map((n) => range(SIZE).map((d) => dot(x, matrix.map((row) => row[n][d])))); // biome-ignore format: one row
  }

  #linear(x: Row, name: string): Row {
    return plus((this.#of(`${name}.weight`) as Row[]).map((row) => dot(row, x)), this.#of(`${name}.bias`)); // biome-ignore format: one row
  }

  #norm(x: Row, name: string): Row {
    const mean = dot(x, x.map(() => 1 / x.length)); // biome-ignore format: one row
    const spread = x.reduce((sum, each) => sum + (each - mean) ** 2, 0) / x.length;
    const [weight, bias] = [this.#of(`${name}.weight`) as Row, this.#of(`${name}.bias`) as Row];
    return x.map((each, i) => ((each - mean) / Math.sqrt(spread + EPS)) * weight[i] + bias[i]);
  }

  #placed(distance: number): Row {
    const { clamp_len: most } = this.#config;
    const at = most > 0 ? Math.max(-most, Math.min(most, distance)) : distance;
    const angles = range(D / 2).map((i) => at / 10000 ** ((2 * i) / D));
    return [...angles.map(Math.sin), ...angles.map(Math.cos)];
  }

  /** What a query `q` [heads, size] at token i sees. */
  #attended(layer: string, q: Row[], all: Row[], i: number, sees: (j: number) => boolean, isOther: (j: number) => boolean): Row {
    const before = all.length - input_ids.shape[1];
    const [rw, rr, rs] = ['r_w_bias', 'r_r_bias', 'r_s_bias'].map((name) => this.#of(`${layer}.${name}`) as Row[]);
    const kinds = this.#of(`${layer}.seg_embed`) as Row[][];
    const keys = all.map((x) => this.#heads(x, `${layer}.k`));
    const values = all.map((x) => this.#heads(x, `${layer}.v`));
    const places = all.map((_, j) => this.#heads(this.#placed(before + i - j), `${layer}.r`));
    const context = range(HEADS).map((n) => {
      const scores = all.map((_, j) => {
        const parts = [dot(plus(q[n], rw[n]), keys[j][n]), dot(plus(q[n], rr[n]), places[j][n])];
        const kind = dot(plus(q[n], rs[n]), kinds[Number(isOther(j))][n]);
        return sees(j) ? (parts[0] + parts[1] + kind) / Math.sqrt(SIZE) : -1e30;
      });
      const peak = Math.max(...scores);
      const each = scores.map((score) => Math.exp(score - peak));
      const total = each.reduce((a, b) => a + b);
      return range(SIZE).map((d) => dot(each, values.map((row) => row[n][d])) / total); // biome-ignore format: one row
    });
    return (this.#of(`${layer}.o`) as Row[][]).map((row) => range(HEADS).reduce((sum, n) => sum + dot(row[n], context[n]), 0));
  }

  #after(layer: string, x: Row, attended: Row): Row {
    const hidden = this.#norm(plus(x, attended), `${layer}.rel_attn.layer_norm`);
    const wide = this.#linear(hidden, `${layer}.ff.layer_1`).map((each) => Math.max(0, each));
    return this.#norm(plus(hidden, this.#linear(wide, `${layer}.ff.layer_2`)), `${layer}.ff.layer_norm`);
  }

  /** Hidden states of text b, of its targets where there are some. */
  of(b: number, given: Given): Row[] {
    const at = (name: keyof Given) => (given[name]?.tolist() as never[] | undefined)?.[b];
    const [types, mask, perm, targets] = (['token_type_ids', 'attention_mask', 'perm_mask', 'target_mapping'] as const).map(at) as [Row?, Row?, Row[]?, Row[]?]; // biome-ignore format: one row
    const words = this.#of('word_embedding.weight') as Row[];
    const { attn_type, same_length } = this.#config;
    let h = (input_ids.tolist() as Row[])[b].map((id) => words[id]);
    let g = targets?.map(() => (this.#of('mask_emb') as Row[][])[0][0]);
    const older = given.mems ? memory : 0;
    const seen = (i: number, j: number, own: boolean): boolean => {
      const distance = older + i - j;
      if (own && distance === 0) return true;
      if (attn_type === 'uni' && (distance < 0 || (same_length && distance > older))) return false;
      return j < older || !(perm?.[i][j - older] || mask?.[j - older] === 0);
    };
    const isOther = (i: number, j: number): boolean => types !== undefined && types[i] !== (j < older ? 0 : types[j - older]);
    for (const layer of range(LAYERS)) {
      const name = `layer.${layer}`;
      const past = given.mems ? (given.mems.tolist() as Row[][][])[layer].map((row) => row[b]) : [];
      const all = [...past, ...h];
      const attended = (q: Row[], i: number, own: boolean) =>
        this.#attended(`${name}.rel_attn`, q, all, i, (j) => seen(i, j, own), (j) => isOther(i, j)); // biome-ignore format: one row
      const queries = g?.map((x) => this.#heads(x, `${name}.rel_attn.q`));
      const there = range(h.length).map((i) => {
        const q = range(HEADS).map((n) => range(SIZE).map((d) => queries?.reduce((sum, row, m) => sum + (targets as Row[])[m][i] * row[n][d], 0) ?? 0)); // biome-ignore format: one row
        return targets ? attended(q, i, false) : [];
      });
      const nextG = g?.map((x, m) => this.#after(name, x, range(D).map((d) => there.reduce((sum, row, i) => sum + (targets as Row[])[m][i] * row[d], 0)))); // biome-ignore format: one row
      h = h.map((x, i) => this.#after(name, x, attended(this.#heads(x, `${name}.rel_attn.q`), i, true)));
      g = nextG;
    }
    return g ?? h;
  }
}

function expectNear(got: Tensor, model: XLNetModel, given: Given): void {
  const definition = new Definition(model);
  for (const [b, rows] of (got.tolist() as Row[][]).entries()) {
    const want = definition.of(b, given);
    expect(rows.length).toBe(want.length);
    for (const [i, row] of rows.entries()) for (const [d, x] of row.entries()) expect(x, `${b} ${i} ${d}`).toBeCloseTo(want[i][d], 4);
  }
}

describe('by definition', () => {
  test.each<[string, XLNetConfigOptions, Given]>([
    ['memories', {}, { mems, token_type_ids, attention_mask }],
    ['memories of causal attention', { attn_type: 'uni' }, { mems }],
    ['memories as long as what is seen', { attn_type: 'uni', same_length: true }, { mems, token_type_ids }],
    ['memories further than clamp_len', { clamp_len: 2 }, { mems }],
    ['keys that each query does not see', {}, { perm_mask, token_type_ids, attention_mask }],
    ['a second stream', {}, { perm_mask, target_mapping, token_type_ids }],
    ['all at once', { attn_type: 'uni' }, { mems, perm_mask, target_mapping, token_type_ids, attention_mask }],
  ])('%s', (_, options, given) => {
    const model = made(options);
    expectNear(model({ input_ids, ...given } as never).last_hidden_state, model, given);
  });

  test('a mask that hides nothing changes nothing', () => {
    const model = made();
    const [with_, without] = [{ perm_mask: zeros([2, 4, 4]) }, {}].map((more) => model({ input_ids, token_type_ids, attention_mask, ...more } as never)); // biome-ignore format: one row
    const want = without.last_hidden_state.data;
    for (const [i, x] of with_.last_hidden_state.data.entries()) expect(x).toBeCloseTo(want[i] as number, 5);
  });
});

describe('memories', () => {
  const model = made({ output_hidden_states: true });
  const answer = (options: XLNetConfigOptions, given: object) => made({ ...options, output_hidden_states: true })({ input_ids, ...given } as never) as unknown as { mems: Tensor; hidden_states: Tensor[] }; // biome-ignore format: one row

  test('of nothing are the first, and what is answered goes into the next call', () => {
    const { mems: first, hidden_states } = answer({}, { mems: zeros([LAYERS, 0, 2, D]) });
    expect(first.shape).toEqual([LAYERS, 4, 2, D]);
    for (const i of range(LAYERS)) expectSameBits([first[i] as unknown as Tensor], [hidden_states[i].transpose(0, 1)]);
    expect(answer({}, { mems: first }).mems.shape).toEqual([LAYERS, 8, 2, D]);
    expect('mems' in answer({}, {})).toBe(false);
    expect('mems' in answer({ use_mems_eval: false }, { mems })).toBe(false);
  });

  test('hold as much as mem_len and reuse_len say', () => {
    const { mems: all } = answer({}, { mems });
    expectSameBits([answer({ mem_len: 5 }, { mems }).mems], [all.slice(null as never, [2, 7])]);
    expectSameBits([answer({ mem_len: null, reuse_len: 2 }, { mems }).mems], [all.slice(null as never, [0, 5])]);
    expectSameBits([answer({ mem_len: 0 }, { mems }).mems], [all]);
  });

  test('stand beside what heads answer', () => {
    const words = new XLNetLMHeadModel(new XLNetConfig(SIZES), { seed: 3 });
    const out = words({ input_ids, mems, target_mapping } as never);
    expect([out.logits.shape, out.mems.shape]).toEqual([[2, 3, 40], [LAYERS, 7, 2, D]]); // biome-ignore format: one row
    expect(model.input_names).toContain('mems');
  });
});

test('traces of any size take them', async () => {
  const model = made({ attn_type: 'uni', output_attentions: true });
  const inputs = { input_ids, attention_mask, token_type_ids, mems, perm_mask, target_mapping: target_mapping.float() };
  const dynamic = { batch: [1, 3], sequence: [2, 6], memory: [1, 5], targets: [1, 4] } as const;
  const dynamic_axes = {
    mems: { 1: 'memory', 2: 'batch' },
    perm_mask: { 0: 'batch', 1: 'sequence', 2: 'sequence' },
    target_mapping: { 0: 'batch', 1: 'targets', 2: 'sequence' },
  } as const;
  const traced = await jit.trace(model, inputs, { dynamic: dynamic as never, dynamic_axes: dynamic_axes as never });
  expectSameBits(traced(inputs), model(inputs as never));
  const others = {
    input_ids: tensor([[5, 6, 7]]),
    attention_mask: tensor([[1, 1, 0]]),
    token_type_ids: tensor([[0, 1, 1]]),
    mems: tensor(range(LAYERS * 2 * D).map((i) => Math.cos(i))).reshape([LAYERS, 2, 1, D]),
    perm_mask: tensor([[[0, 1, 1], [0, 0, 1], [0, 0, 0]]]), // biome-ignore format: one row
    target_mapping: tensor([[[0, 1, 0]]]).float(),
  };
  expectSameBits((await jit.load(await fileOf(traced)))(others), model(others as never));
});

test.each<[string, string, object, RegExp]>([
  [
    'shape',
    'mems of other layers',
    { mems: mems.slice([0, 1]) },
    /^mems: expected \[2, length, 2, 16\], a memory of each layer, got \[1,3,2,16\]/,
  ],
  ['shape', 'perm_mask', { perm_mask: input_ids }, /^perm_mask: expected \[2, 4, 4\]/],
  [
    'shape',
    'target_mapping',
    { target_mapping: perm_mask.slice(null as never, [0, 2], [0, 3]) },
    /^target_mapping: expected \[2, targets, 4\]/,
  ],
  ['shape', 'input_mask', { input_mask: tensor([[1]]) }, /^input_mask: expected \[2, 4\]/],
  ['value', 'two masks', { attention_mask, input_mask: attention_mask }, /^XLNet: input_mask: expected nothing beside an attention_mask/],
])('refuses with %s errors %s', async (code, _, more, message) => {
  expect((await problem(code as never, () => made()({ input_ids, ...more } as never))).message).toMatch(message);
});

test('input_mask is the opposite of attention_mask', () => {
  const input_mask = attention_mask.eq(0).float();
  expectSameBits(made()({ input_ids, input_mask } as never), made()({ input_ids, attention_mask }));
});

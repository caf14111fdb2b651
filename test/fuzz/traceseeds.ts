import {
  BartConfig,
  BartForSequenceClassification,
  BertForMaskedLM,
  BertForSequenceClassification,
  BertTokenizer,
  DebertaV2Config,
  type DebertaV2ConfigOptions,
  DebertaV2Model,
  EuroBertConfig,
  EuroBertModel,
  F,
  Gemma3ForCausalLM,
  Gemma3TextConfig,
  GPT2Config,
  GPT2DoubleHeadsModel,
  GPT2ForSequenceClassification,
  jit,
  MobileBertConfig,
  MobileBertForMaskedLM,
  ModernBertConfig,
  ModernBertModel,
  MPNetConfig,
  MPNetModel,
  nn,
  SentenceEmbedder,
  SqueezeBertConfig,
  SqueezeBertModel,
  T5Config,
  T5ForConditionalGeneration,
  type Tensor,
  type TracedModule,
  tensor,
  XLMConfig,
  XLMModel,
  XLNetConfig,
  XLNetModel,
} from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { Block, Computed, fileOf, floats, tinyBert, tinyConfig } from '../support/tiny.ts';

const ids = tensor([[1, 2, 3, 4, 5]]);
const mask = tensor([[1, 1, 1, 1, 0]]);
const pooled = { input_ids: ids, attention_mask: mask };
const VOCAB = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'cat', 'dog', 'sat', '.'].join('\n');
const tokenizer = BertTokenizer.from_files({ 'vocab.txt': VOCAB });
const any = { dynamic: { batch: [1, 4], sequence: [1, 12] } } as const;
/** Large enough for an embedding to be worth integers, and for groups of 32. */
const INTEGERS = { hidden_size: 32, intermediate_size: 32, vocab_size: 1100, num_attention_heads: 2 };

const BIASED = {
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 14,
};

const SIDES = { vocab_size: 40, d_model: 16, decoder_start_token_id: 0, eos_token_id: 3, pad_token_id: 0 };
const decoded = { ...any.dynamic, decoder_sequence: [1, 9] } as const;

/** A decoder that is given its own tokens, or those of the text. */
const decoding = (own: boolean): Promise<TracedModule<unknown>> =>
  own
    ? jit.trace(
        new T5ForConditionalGeneration(
          new T5Config({
            ...SIDES,
            ...{ d_kv: 6, d_ff: 24, num_layers: 1, num_heads: 2, relative_attention_max_distance: 20 },
            ...{ output_attentions: true, torchscript: true },
          }),
          { seed: 5 },
        ),
        { ...pooled, decoder_input_ids: tensor([[0, 7, 6]]) },
        { dynamic: decoded },
      )
    : jit.trace(
        new BartForSequenceClassification(
          new BartConfig({
            ...SIDES,
            ...{ max_position_embeddings: 14, encoder_layers: 1, encoder_attention_heads: 2, encoder_ffn_dim: 24 },
            ...{ decoder_layers: 1, decoder_attention_heads: 4, decoder_ffn_dim: 20 },
          }),
          { seed: 5 },
        ),
        pooled,
        any,
      );
const TINY = { vocab_size: 40, hidden_size: 16, num_hidden_layers: 1, num_attention_heads: 2, pad_token_id: 0 };

const NARROW = { embedding_size: 10, intra_bottleneck_size: 8, num_feedforward_networks: 2 };
const DECODER = { vocab_size: 40, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 14, torchscript: true };
const DISENTANGLED: DebertaV2ConfigOptions = {
  ...BIASED,
  relative_attention: true,
  position_buckets: 6,
  pos_att_type: ['c2p', 'p2c'],
  conv_kernel_size: 3,
  output_attentions: true,
};

const integers = async (bits: 8 | 4): Promise<TracedModule<unknown>> =>
  (await quantize(await jit.trace(tinyBert(INTEGERS), pooled), { bits, calibrate: [pooled] })).traced;

async function halves(dtype: 'bfloat16' | 'float16'): Promise<TracedModule<unknown>> {
  const model = tinyBert();
  for (const parameter of model.state_dict().values()) parameter.store(dtype);
  return jit.trace(model, pooled, any);
}

const chained = (x: Tensor): Tensor[] =>
  Array.from({ length: 6 })
    .reduce<Tensor[]>((all) => [...all, F.relu(all.at(-1) as Tensor)], [x])
    .slice(1);

function mixed(x: Tensor, y: Tensor): Record<string, Tensor> {
  const product = F.mul(F.tanh(x), F.sigmoid(y));
  return {
    soft: F.softmax(F.add(x, y)),
    log: F.log_softmax(product.reshape(3, 2)),
    unit: F.normalize(F.silu(product)),
    scaled: F.scale(F.gelu_new(x), 0.5),
    same: x,
  };
}

/** General ops of every kind: pairs, questions, choices, rows, sums, picks and repeats. */
function general(x: Tensor, y: Tensor, numbers: Tensor): Record<string, Tensor> {
  const column = y.unsqueeze(-1);
  const picked = x.gather(2, numbers.unsqueeze(-1));
  return {
    norm: x.sub(x.mean(-1, true)).div(x.var(-1, { keepdim: true }).add(1).sqrt()),
    chosen: F.where(x.gt(column), x.exp(), picked),
    sums: numbers.cumsum(1).mul(numbers.ne(2)),
    whole: F.trunc(picked).to('int32'),
    pairs: x
      .pow(2)
      .remainder(0.3)
      .maximum(column.expand(-1, -1, 4)),
    most: x.amax(1),
    products: F.einsum('bnd,bmd->bnm', x, x),
  };
}

function apart(q: Tensor, k: Tensor, present: Tensor): Record<string, Tensor> {
  return { attended: F.attention(q, k, q, { heads: 2, mask: present }), weights: F.attention_weights(q, k, { heads: 2, mask: present }) };
}

class Twice extends nn.Module<[Tensor], Tensor> {
  first = new nn.Linear(6, 6);
  second = new nn.Linear(6, 6);

  constructor() {
    super();
    const values = Float32Array.from({ length: 36 }, (_, i) => Math.cos(i));
    for (const layer of [this.first, this.second]) layer.weight.set(values);
  }

  forward(x: Tensor): Tensor {
    return this.second(F.relu(this.first(x)));
  }
}

const POOLING = ['cls', 'max', 'mean', 'mean_sqrt_len_tokens', 'weightedmean', 'lasttoken'] as const;

const modules = ['Transformer', 'Pooling'].map((name, idx) => ({
  idx,
  name,
  path: idx ? '1_Pooling' : '',
  type: `sentence_transformers.models.${name}`,
}));
const PROMPTED: Record<string, string> = {
  'modules.json': JSON.stringify(modules),
  'config_sentence_transformers.json': JSON.stringify({ prompts: { query: 'a ' }, truncate_dim: 8 }),
  'sentence_bert_config.json': JSON.stringify({ max_seq_length: 8, do_lower_case: true }),
  '1_Pooling/config.json': JSON.stringify({ embedding_dimension: 16, pooling_mode: 'mean', include_prompt: false }),
  'vocab.txt': VOCAB,
};

/** Vectors of texts, with a folder's prompts that pooling leaves out. */
async function prompted(): Promise<TracedModule<unknown>> {
  const config = tinyConfig({ vocab_size: 11 });
  const beside = {
    text: async (name: string) => PROMPTED[name],
    bytes: async (name: string) => (PROMPTED[name] === undefined ? undefined : new TextEncoder().encode(PROMPTED[name])),
  };
  const model = new SentenceEmbedder(config, { seed: 2, ...(await SentenceEmbedder.options_beside(beside, config)) });
  const row = tensor([[2, 5, 7, 3]]);
  const ones = tensor([[1, 1, 1, 1]]);
  return jit.trace(model, { input_ids: row, attention_mask: ones, pooling_mask: ones }, any);
}

const embedder = (options: object): SentenceEmbedder => new SentenceEmbedder(tinyConfig({ vocab_size: 11 }), { seed: 2, ...options });

const TRACES: Record<string, () => Promise<TracedModule<unknown>>> = {
  block: () => jit.trace(new Block(), [floats([2, 6])]),
  'block, any rows': () => jit.trace(new Block(), [floats([2, 6])], { dynamic: { batch: [1, 9] } }),
  bert: () => jit.trace(tinyBert(), [ids]),
  'bert, padded': () => jit.trace(tinyBert(), pooled),
  'bert, exact padding': () => jit.trace(tinyBert(), pooled, { exact_padding: true }),
  'bert, any size': () => jit.trace(tinyBert(), pooled, any),
  'bert, unfused': () => jit.trace(tinyBert(), pooled, { fusion: false }),
  'masked words': () => jit.trace(new BertForMaskedLM(tinyConfig({ torchscript: true }), { seed: 5 }), pooled),
  'positions by rank, and a bias': () => jit.trace(new MPNetModel(new MPNetConfig(BIASED), { seed: 5 }), pooled, any),
  'positions by rank, and a bias, exact padding': () =>
    jit.trace(new MPNetModel(new MPNetConfig({ ...BIASED, output_attentions: true }), { seed: 5 }), pooled, {
      ...any,
      exact_padding: true,
    }),
  'rotary positions, and windows': () =>
    jit.trace(new ModernBertModel(new ModernBertConfig({ ...BIASED, pad_token_id: 0, local_attention: 4 }), { seed: 5 }), pooled, any),
  'terms by distance, and a convolution': () => jit.trace(new DebertaV2Model(new DebertaV2Config(DISENTANGLED), { seed: 5 }), pooled, any),
  'shared keys': () =>
    jit.trace(
      new EuroBertModel(new EuroBertConfig({ ...BIASED, pad_token_id: 0, num_key_value_heads: 1, output_attentions: true }), { seed: 5 }),
      pooled,
      any,
    ),
  'neighbours, and a word a column': () =>
    jit.trace(new MobileBertForMaskedLM(new MobileBertConfig({ ...BIASED, ...NARROW, torchscript: true }), { seed: 5 }), pooled, any),
  'scores, and products in groups': () =>
    jit.trace(
      new SqueezeBertModel(new SqueezeBertConfig({ ...BIASED, embedding_size: 16, output_attentions: true }), { seed: 5 }),
      pooled,
      any,
    ),
  'places and types': () => {
    const config = new XLNetConfig({ ...TINY, d_inner: 24, output_attentions: true });
    return jit.trace(new XLNetModel(config, { seed: 5 }), { ...pooled, token_type_ids: tensor([[0, 0, 1, 1, 2]]) }, any);
  },
  'rows left out': () => jit.trace(new XLMModel(new XLMConfig({ ...TINY, max_position_embeddings: 14 }), { seed: 5 }), pooled, any),
  lengths: () => {
    const model = new XLMModel(new XLMConfig({ ...TINY, max_position_embeddings: 14 }), { seed: 5 });
    return jit.trace(model, { input_ids: ids, lengths: tensor([4]) }, { dynamic: { sequence: [1, 12] } });
  },
  'last tokens': () =>
    jit.trace(new GPT2ForSequenceClassification(new GPT2Config({ ...DECODER, pad_token_id: 0 }), { seed: 5 }), pooled, any),
  'words, and tokens that are said': () =>
    jit.trace(
      new GPT2DoubleHeadsModel(new GPT2Config(DECODER), { seed: 5 }),
      { input_ids: ids, mc_token_ids: tensor([2]) },
      { ...any, dynamic_axes: { input_ids: { 0: 'batch', 1: 'sequence' }, mc_token_ids: { 0: 'batch' } } },
    ),
  'windows that end at the token, and heads that are normalised': () =>
    jit.trace(
      new Gemma3ForCausalLM(
        new Gemma3TextConfig({
          ...BIASED,
          ...{ pad_token_id: 0, num_key_value_heads: 1, head_dim: 6, sliding_window: 3, sliding_window_pattern: 2, torchscript: true },
        }),
        { seed: 5 },
      ),
      pooled,
      any,
    ),
  'a decoder': () => decoding(true),
  'a decoder of the text': () => decoding(false),
  labels: () => jit.trace(new BertForSequenceClassification(tinyConfig(), { seed: 5 }), pooled, any),
  embedder: () => jit.trace(embedder({}), pooled, { ...any, tokenizer }),
  'all pooling': () => jit.trace(embedder({ pooling: POOLING }), pooled, any),
  prompted,
  bf16: () => halves('bfloat16'),
  f16: () => halves('float16'),
  int8: () => integers(8),
  int4: () => integers(4),
  chain: () => jit.trace(new Computed(chained), [floats([2, 5])]),
  mixed: () => jit.trace(new Computed(mixed as never), [floats([2, 3]), floats([2, 3], 4)]),
  attention: () => jit.trace(new Computed(apart as never), [floats([1, 3, 4]), floats([1, 3, 4], 2), tensor([[1, 1, 0]])]),
  general: () =>
    jit.trace(
      general,
      {
        x: floats([2, 3, 4]),
        y: floats([2, 3], 4),
        numbers: tensor([
          [1, 2, 0],
          [3, 3, 1],
        ]),
      },
      {
        // biome-ignore format: one row
        dynamic: { batch: [1, 3], n: [1, 6] },
        dynamic_axes: Object.fromEntries(['x', 'y', 'numbers'].map((name) => [name, { 0: 'batch', 1: 'n' }])),
      },
    ),
  'nested inputs and outputs': () =>
    jit.trace(
      ([x, y]: Tensor[], { z }: { z: Tensor }) => ({ sum: F.add(x, y), rest: [[F.relu(z)], { neg: x.neg() }] }),
      [[floats([2, 3]), floats([2, 3], 4)], { z: floats([3]) }],
    ),
  'equal weights': () => jit.trace(new Twice(), [floats([2, 6])]),
  'several methods': () =>
    jit.trace_module(
      new Sides(),
      { forward: [floats([2, 6])], encode: { x: floats([2, 6]), by: floats([2, 6], 3) } },
      { dynamic: { batch: [1, 4] } },
    ) as Promise<TracedModule<unknown>>,
};

class Sides extends nn.Module<[Tensor], Tensor> {
  readonly dense = new nn.Linear(6, 6, { seed: 3 });

  forward(x: Tensor): Tensor {
    return this.dense(x);
  }

  encode(x: Tensor, by: Tensor): Tensor {
    return F.gelu(F.mul(F.add(this.dense(x), tensor([2, 0, 0, 0, 0, 1])), by));
  }
}

/** Traces of all that a program may have: bytes of their files by name. */
export async function traceSeeds(): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const [name, make] of Object.entries(TRACES)) {
    const traced = await make();
    files[name] = await fileOf(traced);
    traced.dispose();
  }
  return files;
}

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import {
  BertModel,
  BertTokenizer,
  jit,
  type ModelOutput,
  SentenceEmbedder,
  type Tensor,
  type TracedModule,
  withKernels,
} from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { expectClose, fixture, VARIANTS } from '../support/fixtures.ts';

const DEFAULT_MODEL = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2/model.tracelet', import.meta.url));
/** The float32 checkpoint is too large for the repository: name its directory, with golden.safetensors and retrieval.json, to test against it. */
const CHECKPOINT = process.env.TRACELET_MINILM;
/** Passages are long: each kernel gets one in ten of the float32 list, unless TRACELET_PAIRS=all. */
const EVERY = process.env.TRACELET_PAIRS === 'all' ? 1 : 10;

type Pair = [query: string, passage: string];
const HIDDEN = 384;

const golden = (path: string) => readSafetensors(new Uint8Array(readFileSync(path)), path).tensors;
const pairsIn = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Pair[];

/** Cosines of rows of length 1 to those at `places` of others. */
function cosines(got: Tensor, want: Tensor, places = Array.from({ length: got.shape[0] }, (_, row) => row)): number[] {
  return places.map((place, row) => {
    let dot = 0;
    for (let i = 0; i < HIDDEN; i++) dot += Number(got.data[row * HIDDEN + i]) * Number(want.data[place * HIDDEN + i]);
    return dot;
  });
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Cosines to the golden vectors: of all queries, then of every so many passages. */
async function compare(model: TracedModule, pairs: Pair[], tensors: Map<string, Tensor>, every = 1, from = 0): Promise<number[]> {
  const all = pairs.map((_, place) => place);
  const side = async (name: string, column: 0 | 1, places: number[]) => {
    const vectors = await model.embed(
      places.map((place) => pairs[place][column]),
      { truncate: true },
    );
    return cosines(vectors, tensors.get(name) as Tensor, places);
  };
  const some = all.filter((place) => place % every === from % every);
  return [...(await side('embeddings.query', 0, all)), ...(await side('embeddings.passage', 1, some))];
}

describe.each(VARIANTS)('the default model, %s kernels', (kernels) => {
  let model: TracedModule;
  beforeAll(async () => {
    model = await jit.load(DEFAULT_MODEL, { kernels });
  });

  test('embeds as PyTorch does in float32: mean cosine above 0.998, none below 0.99', async () => {
    const all = await compare(model, pairsIn(fixture('minilm/pairs.json')), golden(fixture('minilm/golden.safetensors')));
    expect(mean(all)).toBeGreaterThan(0.998);
    expect(Math.min(...all)).toBeGreaterThan(0.99);
  });

  test('carries its accuracy on 600 pairs of query and passage', () => {
    const { bits, samples, evaluation } = JSON.parse(new TextDecoder().decode(model.files.get('quantization.json')));
    expect({ bits, samples }).toEqual({ bits: 8, samples: 96 });
    expect(evaluation.pairs).toBe(600);
    expect(evaluation.cosine.mean).toBeGreaterThan(0.998);
    expect(evaluation.cosine.worst).toBeGreaterThan(0.99);
    const { float32, quantised } = evaluation['mrr@10'];
    expect(Math.abs(float32 - quantised)).toBeLessThan(0.005);
  });

  test('answers a string', () => {
    const { sentence_embedding } = model('How do I trace a model?');
    expect(sentence_embedding.shape).toEqual([1, HIDDEN]);
    expect(Math.hypot(...(sentence_embedding.tolist()[0] as number[]))).toBeCloseTo(1, 5);
  });

  test('verifies itself, to the last bit', () => {
    expect(model.verify().exact).toBe(true);
  });

  test('is a checkpoint: traced again and quantised like it, it has the same bits', async () => {
    const tokenizer = await BertTokenizer.from_pretrained(DEFAULT_MODEL);
    const float = await jit.trace(await SentenceEmbedder.from_pretrained(DEFAULT_MODEL), model.encode('once more'), { tokenizer, kernels });
    const [wanted, near] = [model, float].map((traced) => traced('once more').sentence_embedding);
    expect(cosines(near, wanted)[0]).toBeGreaterThan(0.99);
    const again = (await quantize(float, { like: model })).traced;
    expect(again('once more').sentence_embedding.tolist()).toEqual(wanted.tolist());
  });
});

describe.skipIf(!CHECKPOINT)('float32 all-MiniLM-L6-v2 (set TRACELET_MINILM to its directory)', () => {
  const directory = CHECKPOINT as string;

  test.each(VARIANTS)('hidden states of the Jim Henson pair within 5e-5, %s kernels', async (kernels) => {
    const tensors = golden(`${directory}/golden.safetensors`);
    const inputs = { input_ids: tensors.get('jim.in.input_ids') as Tensor, token_type_ids: tensors.get('jim.in.token_type_ids') as Tensor };
    const model = await BertModel.from_pretrained(directory, { output_hidden_states: true });
    const traced = await jit.trace(model, inputs, { kernels });
    for (const output of [withKernels(kernels, () => model(inputs)), traced(inputs)]) expectJim(output, tensors);
  });

  test.each(VARIANTS.map((kernels, i) => [EVERY === 1 ? 'all passages' : `one passage in ${EVERY}`, kernels, 5 * i] as const))(
    'embeddings of all queries and of %s: every cosine above 0.99999, %s kernels',
    async (_, kernels, from) => {
      const tokenizer = await BertTokenizer.from_pretrained(directory);
      const model = await SentenceEmbedder.from_pretrained(directory, { torchscript: true });
      const dummy = tokenizer.encode_plus('dummy', undefined, { padding: 'max_length', max_length: 128, return_tensors: true });
      const { input_ids, token_type_ids, attention_mask } = dummy;
      const traced = await jit.trace(model, { input_ids, token_type_ids, attention_mask }, { tokenizer, kernels });
      const pairs = pairsIn(`${directory}/retrieval.json`);
      const all = await compare(traced, pairs, golden(`${directory}/golden.safetensors`), EVERY, from);
      expect(all.length).toBe(pairs.length * (1 + 1 / EVERY));
      expect(Math.min(...all)).toBeGreaterThan(0.99999);
    },
  );
});

function expectJim(output: ModelOutput, tensors: Map<string, Tensor>): void {
  output.hidden_states.forEach((hidden, i) => {
    expectClose(hidden, tensors.get(`jim.hidden_states.${i}`) as Tensor, 5e-5, `hidden state ${i}`);
  });
  expectClose(output.pooler_output, tensors.get('jim.pooler_output') as Tensor, 5e-5, 'pooler output');
}

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  BertModel,
  BertTokenizer,
  jit,
  type ModelOutput,
  SentenceEmbedder,
  type Tensor,
  type TracedModule,
  withKernels,
} from '../src/index.ts';
import { quantize } from '../src/quantize/index.ts';
import { readSafetensors } from '../src/safetensors.ts';
import { expectClose, fixture, VARIANTS } from './fixtures.ts';

const DEFAULT_MODEL = fileURLToPath(new URL('../models/all-MiniLM-L6-v2/model.tracelet', import.meta.url));
/** The float32 checkpoint is too large for the repository: name its directory, with golden.safetensors and retrieval.json, to test against it. */
const CHECKPOINT = process.env.TRACELET_MINILM;

type Pair = [query: string, passage: string];
const HIDDEN = 384;

const golden = (path: string) => readSafetensors(new Uint8Array(readFileSync(path)), path).tensors;
const pairsIn = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Pair[];

/** Cosines of rows of length 1. */
function cosines(got: Tensor, want: Tensor): number[] {
  return Array.from({ length: got.shape[0] }, (_, row) => {
    let dot = 0;
    for (let i = row * HIDDEN; i < (row + 1) * HIDDEN; i++) dot += Number(got.data[i]) * Number(want.data[i]);
    return dot;
  });
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

async function compare(model: TracedModule, pairs: Pair[], tensors: Map<string, Tensor>): Promise<number[]> {
  const rows = (name: string) => tensors.get(name) as Tensor;
  const [queries, passages] = [0, 1].map((side) => pairs.map((pair) => pair[side]));
  const embed = (texts: string[]) => model.embed(texts, { truncate: true });
  return [...cosines(await embed(queries), rows('embeddings.query')), ...cosines(await embed(passages), rows('embeddings.passage'))];
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

  test.each(VARIANTS)(
    'embeddings of all pairs: every cosine above 0.99999, %s kernels',
    async (kernels) => {
      const tokenizer = await BertTokenizer.from_pretrained(directory);
      const model = await SentenceEmbedder.from_pretrained(directory, { torchscript: true });
      const dummy = tokenizer.encode_plus('dummy', undefined, { padding: 'max_length', max_length: 128, return_tensors: true });
      const { input_ids, token_type_ids, attention_mask } = dummy;
      const traced = await jit.trace(model, { input_ids, token_type_ids, attention_mask }, { tokenizer, kernels });
      const all = await compare(traced, pairsIn(`${directory}/retrieval.json`), golden(`${directory}/golden.safetensors`));
      expect(Math.min(...all)).toBeGreaterThan(0.99999);
    },
    600_000,
  );
});

function expectJim(output: ModelOutput, tensors: Map<string, Tensor>): void {
  output.hidden_states.forEach((hidden, i) => {
    expectClose(hidden, tensors.get(`jim.hidden_states.${i}`) as Tensor, 5e-5, `hidden state ${i}`);
  });
  expectClose(output.pooler_output, tensors.get('jim.pooler_output') as Tensor, 5e-5, 'pooler output');
}

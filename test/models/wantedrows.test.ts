import { describe, expect, test } from 'vitest';
import {
  ARCHITECTURES,
  jit,
  type PreTrainedModel,
  SentenceEmbedder,
  type Tensor,
  type TracedModule,
  tensor,
  withKernels,
} from '../../src/index.ts';
import type { FamilyClass } from '../../src/models/classes.ts';
import type { PreTrainedConfig } from '../../src/models/config.ts';
import { sizesFor } from '../support/ownsizes.ts';
import { expectSameBits, tinyConfig } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  max_position_embeddings: 14,
  pad_token_id: 1,
  eos_token_id: 2,
};
/** Texts that end with 2, padded with 1. */
const inputs = {
  input_ids: tensor([[5, 6, 7, 8, 2], [9, 3, 2, 1, 1], [2, 1, 1, 1, 1]]), // biome-ignore format: one row
  attention_mask: tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]]), // biome-ignore format: one row
};
const dynamic = { batch: [1, 4], sequence: [1, 8] } as const;

type Model = PreTrainedModel & ((inputs: object) => Record<string, Tensor>);

const CLASSES = (Object.entries(ARCHITECTURES) as unknown as [string, FamilyClass][]).filter(
  ([, Model]) => Model.head === 'ForSequenceClassification',
);

/** Those whose last layer makes all rows, and why. */
const ALL_ROWS: Readonly<Record<string, string>> = {
  EuroBertForSequenceClassification: 'its scores are of the mean of all',
};
/** Those whose attention makes all rows, so that only what follows it makes those that are wanted. */
const ALL_CONTEXTS = ['DebertaForSequenceClassification', 'DebertaV2ForSequenceClassification', 'XLNetForSequenceClassification'];

function made(Class: FamilyClass): Model {
  const { Config } = Class.family;
  const Fields = Config as unknown as new (fields: object) => PreTrainedConfig;
  return new (Class as unknown as new (config: PreTrainedConfig, options: object) => Model)(new Fields(sizesFor(Config, SIZES)), {
    seed: 3,
  });
}

describe.each(CLASSES)('%s', (name, Class) => {
  test('computes one row of each text in its last layer, with the bits of the model', async () => {
    const model = made(Class);
    const traced = (await jit.trace(model as never, inputs, { dynamic, kernels: 'baseline' })) as TracedModule<Record<string, Tensor>>;
    const { graph } = traced;
    const products = graph.match(/f32\[batch, \d+\] = linear\(/g)?.length ?? 0;
    if (!(name in ALL_ROWS)) expect(products, graph).toBeGreaterThanOrEqual(4);
    expect(/f32\[batch, \d+\] = (cross_attention|attention_apart)/.test(graph)).toBe(!(name in ALL_ROWS) && !ALL_CONTEXTS.includes(name));
    expectSameBits([traced(inputs as never).logits], [withKernels('baseline', () => model(inputs)).logits]);
  });
});

test('a SentenceEmbedder that takes the first token computes it alone where it is asked for alone', async () => {
  for (const pooling of ['cls', 'lasttoken'] as const) {
    const model = new SentenceEmbedder(tinyConfig({ num_hidden_layers: 2 }), { seed: 3, pooling });
    const traced = await jit.trace(model, inputs, { dynamic, kernels: 'baseline' });
    expect(traced.graph).toMatch(/f32\[batch, 16\] = attention_apart/);
    const all = traced(inputs);
    expectSameBits([all.sentence_embedding], [withKernels('baseline', () => model(inputs)).sentence_embedding]);
    const { sentence_embedding } = await traced.run(inputs, { outputs: ['sentence_embedding'] });
    expectSameBits([sentence_embedding], [all.sentence_embedding]);
  }
});

import { describe, expect, test } from 'vitest';
import { ARCHITECTURES, F, jit, ModernBertForMultipleChoice, type nn, type PreTrainedModel, type Tensor, tensor } from '../../src/index.ts';
import type { FamilyClass } from '../../src/models/classes.ts';
import type { PreTrainedConfig } from '../../src/models/config.ts';
import { sizesFor } from '../support/ownsizes.ts';
import { expectSameBits } from '../support/tiny.ts';

const SIZES = {
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  max_position_embeddings: 14,
  pad_token_id: 1,
};
const ids = tensor([[5, 6, 7, 8], [9, 3, 4, 1], [2, 3, 3, 9], [8, 2, 1, 1]]); // biome-ignore format: one row
const attention_mask = tensor([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 0, 0]]); // biome-ignore format: one row

type Parts = PreTrainedModel & Readonly<Record<string, nn.Module & Readonly<Record<string, nn.Module>>>>;
type Encoded = Readonly<Record<string, Tensor>>;

function made(Model: FamilyClass): Parts {
  const { Config } = Model.family;
  const Fields = Config as unknown as new (fields: object) => PreTrainedConfig;
  return new (Model as unknown as new (config: PreTrainedConfig, options: object) => Parts)(new Fields(sizesFor(Config, SIZES)), {
    seed: 3,
  });
}

const first = ({ last_hidden_state }: Encoded): Tensor => F.select(last_hidden_state, 1, 0);

/** The vector by which a choice is scored, where it is not what the pooler makes. */
const SUMMARIES: Readonly<Record<string, (model: Parts, encoded: Encoded) => Tensor>> = {
  'deberta-v2': ({ pooler }, { last_hidden_state }) => pooler(last_hidden_state),
  distilbert: (model, encoded) => F.relu(model.pre_classifier(first(encoded))),
  electra: (model, encoded) => F.gelu(model.sequence_summary.summary(first(encoded))),
  flaubert: (model, encoded) => SUMMARIES.xlm(model, encoded),
  modernbert: ({ head }, encoded) => head.norm(F.gelu(head.dense(first(encoded)))),
  xlm: (model, encoded) => model.sequence_summary.summary(first(encoded)),
  xlnet: (model, { last_hidden_state }) => F.tanh(model.sequence_summary.summary(F.select(last_hidden_state, 1, 3))),
};

/** What models answer that were made as they were pre-trained. */
const PRETRAINED: Readonly<Record<string, (model: Parts, encoded: Encoded) => Record<string, Tensor>>> = {
  albert: ({ predictions, sop_classifier }, { last_hidden_state, pooler_output }) => ({
    prediction_logits: predictions(last_hidden_state),
    sop_logits: sop_classifier.classifier(pooler_output),
  }),
  bert: ({ cls }, { last_hidden_state, pooler_output }) => ({
    prediction_logits: cls.predictions(last_hidden_state),
    seq_relationship_logits: cls.seq_relationship(pooler_output),
  }),
  electra: ({ discriminator_predictions: { dense, dense_prediction } }, { last_hidden_state }) => ({
    logits: dense_prediction(F.gelu(dense(last_hidden_state))).reshape([4, 4]),
  }),
  mobilebert: (model, encoded) => PRETRAINED.bert(model, encoded),
};

const CLASSES = Object.entries(ARCHITECTURES) as unknown as [string, FamilyClass][];
const withHead = (head: string) => CLASSES.filter(([, Model]) => Model.head === head);
const typeOf = ({ family }: FamilyClass): string => family.Config.schema.model_type;
const baseOf = (model: Parts): Encoded =>
  (model as unknown as { base_model: PreTrainedModel }).base_model({ input_ids: ids, attention_mask }) as unknown as Encoded;

describe.each(withHead('ForMultipleChoice'))('%s', (_, Model) => {
  const model = made(Model);
  const inputs = { input_ids: ids.reshape([2, 2, 4]), attention_mask: attention_mask.reshape([2, 2, 4]) };

  test('scores each choice by a vector of it', () => {
    const encoded = baseOf(model);
    const summary = SUMMARIES[typeOf(Model)]?.(model, encoded) ?? encoded.pooler_output;
    expectSameBits([model(inputs).logits], [(model.logits_proj ?? model.classifier)(summary).reshape([2, 2])]);
  });

  test('scores a choice as it does alone', () => {
    const one = { input_ids: ids.slice([2, 3]).reshape([1, 1, 4]), attention_mask: attention_mask.slice([2, 3]).reshape([1, 1, 4]) };
    expect(model(one).logits.item()).toBe(model(inputs).logits.data[2]);
  });
});

test.each(withHead('ForPreTraining'))('%s answers what it was pre-trained to say', (_, Model) => {
  const model = made(Model);
  const want = PRETRAINED[typeOf(Model)](model, baseOf(model));
  const got = model({ input_ids: ids, attention_mask });
  for (const [name, tensor] of Object.entries(want)) expectSameBits([got[name]], [tensor]);
  expect(Object.keys(got).filter((name) => name in want)).toEqual(Object.keys(want));
});

test('ModernBert scores a choice with padding in front of it by the first token of its text', async () => {
  const model = made(ModernBertForMultipleChoice as unknown as FamilyClass);
  const inputs = { input_ids: ids.reshape([2, 2, 4]), attention_mask: tensor([[[0, 0, 1, 1], [1, 1, 1, 1]], [[0, 1, 0, 1], [1, 1, 1, 0]]]) }; // biome-ignore format: one row
  const encode = model.base_model as unknown as (inputs: object) => Encoded;
  const { last_hidden_state } = encode({ input_ids: ids, attention_mask: inputs.attention_mask.reshape([4, 4]) });
  const firsts = F.cat(
    [2, 0, 1, 0].map((at, text) =>
      last_hidden_state
        .slice([text, text + 1])
        .reshape([4, 16])
        .slice([at, at + 1]),
    ),
  );
  const scores = model.classifier(model.head.norm(F.gelu(model.head.dense(firsts)))).reshape([2, 2]);
  expectSameBits([model(inputs).logits], [scores]);
  const traced = await jit.trace(model, inputs, { exact_padding: true });
  expectSameBits([traced(inputs).logits], [scores]);
});

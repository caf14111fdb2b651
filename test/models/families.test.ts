import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
// @ts-expect-error a script without types
import { table } from '../../scripts/models.mjs';
import {
  ARCHITECTURES,
  AutoModelForPreTraining,
  jit,
  type PreTrainedModel,
  RobertaForMaskedLM,
  type Tensor,
  tensor,
  withKernels,
} from '../../src/index.ts';
import type { FamilyClass } from '../../src/models/classes.ts';
import type { PreTrainedConfig } from '../../src/models/config.ts';
import { ForSpans } from '../../src/models/squadhead.ts';
import { fixture, VARIANTS } from '../support/fixtures.ts';
import { sizesFor } from '../support/ownsizes.ts';
import { expectSameBits, fileOf, problem } from '../support/tiny.ts';

const CLASSES = Object.entries(ARCHITECTURES).filter(([, Model]) => 'family' in Model && Model.family !== undefined) as unknown as [
  string,
  FamilyClass,
][];

const SIZES = {
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  max_position_embeddings: 14,
  pad_token_id: 1,
  eos_token_id: 2,
};
const made = (Model: FamilyClass, options: object = {}): PreTrainedModel => {
  const { Config: Known } = Model.family;
  const Config = Known as unknown as new (fields: object) => PreTrainedConfig;
  return new (Model as unknown as new (config: PreTrainedConfig, options: object) => PreTrainedModel)(
    new Config({ ...sizesFor(Known, SIZES), ...options }),
    { seed: 3 },
  );
};

/** Heads that make their decoder's tokens of the text. */
const SHIFTING = ['ForSequenceClassification'];

/** Two texts that end alike, or two choices for each of two, the second padded; and others for decoders. */
function inputsOf({ head, family }: FamilyClass, length: number, other = length - 2): Record<string, Tensor> {
  const count = head === 'ForMultipleChoice' ? 4 : 2;
  const each = (value: (row: number, i: number) => number) =>
    tensor(Array.from({ length: count }, (_, row) => Array.from({ length }, (_, i) => value(row, i))));
  const real = (row: number, i: number) => Number(i < length - row);
  const id = (row: number, i: number) => (i === length - row - 1 ? 2 : 3 + ((7 * row + 5 * i) % 37));
  const inputs = { input_ids: each((row, i) => (real(row, i) ? id(row, i) : 1)), attention_mask: each(real) };
  if (family.inputs.includes('decoder_input_ids') && !SHIFTING.includes(head))
    return {
      ...inputs,
      decoder_input_ids: tensor([0, 1].map((row) => Array.from({ length: other }, (_, i) => 3 + ((11 * row + 7 * i) % 30)))),
    };
  if (head !== 'ForMultipleChoice') return inputs;
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.reshape([2, 2, length])]));
}

test.each(CLASSES)('%s has the same bits eager, traced at any size, and reloaded', async (_, Model) => {
  const options = { torchscript: true, output_hidden_states: true, output_attentions: true };
  const model = made(Model, options);
  const axes = { 0: 'batch', 1: 'choices', 2: 'sequence' };
  const dynamic =
    Model.head === 'ForMultipleChoice'
      ? { dynamic: { batch: [1, 3], choices: [1, 3], sequence: [1, 12] }, dynamic_axes: { input_ids: axes, attention_mask: axes } }
      : {
          dynamic: {
            batch: [1, 4],
            sequence: [Model.prototype instanceof ForSpans ? 2 : 1, 12],
            ...('decoder_input_ids' in inputsOf(Model, 5) && { decoder_sequence: [1, 9] }),
          },
        };
  const [first, ...others] = VARIANTS;
  const any = await jit.trace(model, inputsOf(Model, 5), {
    kernels: first,
    exact_padding: true,
    check_trace: false,
    ...(dynamic as object),
  });
  const file = await fileOf(any);
  const want = withKernels(first, () => model(inputsOf(Model, 7) as never));
  for (const traced of [any, await jit.load(file, { kernels: first })]) expectSameBits(traced(inputsOf(Model, 7)), want);
  for (const kernels of others) {
    const loaded = await jit.load(file, { kernels });
    expectSameBits(
      loaded(inputsOf(Model, 7)),
      withKernels(kernels, () => model(inputsOf(Model, 7) as never)),
    );
  }
});

const TIED = { tie_word_embeddings: true };

test.each(CLASSES.filter(([, Model]) => made(Model, TIED).tied().length > 0))(
  '%s ties its decoder, which torchscript unties',
  async (name, Model) => {
    const inputs = inputsOf(Model, 4);
    const [[follower, leader]] = made(Model, TIED).tied();
    const weightsOf = (options: object) =>
      [follower, leader].map(
        (path) =>
          made(Model, { ...TIED, ...options })
            .state_dict()
            .get(path) as Tensor,
      );
    expect((await problem('tied', () => jit.trace(made(Model, TIED), inputs))).message).toContain('{ torchscript: true }');
    for (const torchscript of [false, true])
      expectSameBits(...(weightsOf({ torchscript }).map((weight) => [weight]) as [Tensor[], Tensor[]]));
    const [decoder, words] = weightsOf({ tie_word_embeddings: false });
    const isSame = decoder.elements.join() === words.elements.join();
    expect(isSame).toBe(name === 'T5ForConditionalGeneration');
    await problem('training', () => made(Model, { torchscript: true }).train());
  },
);

test('docs/models.md has every class; node scripts/models.mjs writes it', () => {
  const docs = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8');
  expect(docs).toContain(`\n${table(ARCHITECTURES)}\n`);
});

test('the model that a family was pre-trained as is one of masked words where it has no head for that alone', async () => {
  const folder = fixture('zoo/roberta-RobertaForSequenceClassification');
  expect(await AutoModelForPreTraining.from_pretrained(folder, { strict: false })).toBeInstanceOf(RobertaForMaskedLM);
});

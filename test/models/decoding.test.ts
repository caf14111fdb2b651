import { describe, expect, test, vi } from 'vitest';
import {
  AlbertConfig,
  ARCHITECTURES,
  AutoModelForCausalLM,
  BertConfig,
  type BertConfigOptions,
  BertForMaskedLM,
  BertForMultipleChoice,
  BertLMHeadModel,
  BertModel,
  jit,
  type PreTrainedModel,
  SentenceEmbedder,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import type { FamilyClass } from '../../src/models/classes.ts';
import type { PreTrainedConfig } from '../../src/models/config.ts';
import { fixture } from '../support/fixtures.ts';
import { sizesFor } from '../support/ownsizes.ts';
import { expectSameBits, fileOf, floats, problem, tinyConfig } from '../support/tiny.ts';

const TYPES = ['bert', 'camembert', 'electra', 'roberta', 'xlm-roberta'];
const SIZES = {
  vocab_size: 40,
  hidden_size: 16,
  embedding_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  max_position_embeddings: 14,
  pad_token_id: 1,
};
const CLASSES = (Object.entries(ARCHITECTURES) as unknown as [string, FamilyClass][]).filter(([, { family }]) =>
  TYPES.includes(family?.Config.schema.model_type),
);
const withHead = (head: string) => CLASSES.filter(([, Model]) => Model.head === head);

function made(Model: FamilyClass, options: object): PreTrainedModel {
  const Config = Model.family.Config as unknown as new (fields: object) => PreTrainedConfig;
  const config = new Config({ ...sizesFor(Model.family.Config, SIZES), ...options });
  return new (Model as unknown as new (config: PreTrainedConfig, options: object) => PreTrainedModel)(config, { seed: 3 });
}

const ids = tensor([
  [5, 6, 7, 8, 9, 2],
  [9, 3, 4, 7, 7, 8],
]);
const crossed = (options: BertConfigOptions = {}) => tinyConfig({ is_decoder: true, add_cross_attention: true, ...options });

test.each(withHead('ForCausalLM'))('%s says so once where it sees what comes next', (name, Model) => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  made(Model, { is_decoder: true });
  expect(warned).not.toHaveBeenCalled();
  made(Model, {});
  made(Model, {});
  expect(warned.mock.calls).toEqual([[expect.stringContaining(`${name}: tokens see those behind them. Pass is_decoder: true`)]]);
  warned.mockRestore();
});

describe.each(CLASSES.filter(([, { head }]) => ['Model', 'ForCausalLM', 'ForMaskedLM', 'ForTokenClassification'].includes(head)))(
  '%s',
  (_, Model) => {
    const first = (model: PreTrainedModel, length: number) => model(ids.slice([0, 1]).narrow(1, 0, length))[0].narrow(1, 0, 2);

    test('is a decoder where the configuration says so: tokens see none behind them', () => {
      const model = made(Model, { is_decoder: true });
      expectSameBits([first(model, 6)], [first(model, 2)]);
    });

    test('is an encoder otherwise', () => {
      const model = made(Model, {});
      expect(first(model, 6).tolist()).not.toEqual(first(model, 2).tolist());
    });
  },
);

test('all five families have a head for words that may come next', () => {
  expect(withHead('ForCausalLM').map(([name]) => name)).toEqual([
    'BertLMHeadModel',
    'CamembertForCausalLM',
    'ElectraForCausalLM',
    'RobertaForCausalLM',
    'XLMRobertaForCausalLM',
  ]);
});

describe.each(withHead('ForCausalLM'))('%s', (_, Model) => {
  const masked = CLASSES.find(([, { head, family }]) => head === 'ForMaskedLM' && family.Config === Model.family.Config)?.[1];

  test('scores words as the head for masked ones does', () => {
    for (const is_decoder of [true, false])
      expectSameBits(made(Model, { is_decoder })(ids), made(masked as FamilyClass, { is_decoder })(ids));
  });

  test('shares the matrix of its words unless torchscript unties them, and is then not trained', async () => {
    const tied = made(Model, { is_decoder: true });
    expect(tied.get_output_embeddings()?.weight).toBe(tied.get_input_embeddings().weight);
    expect(() => tied.train()).not.toThrow();
    const untied = made(Model, { is_decoder: true, torchscript: true });
    expect(untied.get_output_embeddings()?.weight).not.toBe(untied.get_input_embeddings().weight);
    expectSameBits([untied.get_output_embeddings()?.weight], [untied.get_input_embeddings().weight]);
    await problem('training', () => untied.train());
  });
});

test('an Auto class finds it, and a trace is a checkpoint of it', async () => {
  const model = await AutoModelForCausalLM.from_pretrained(fixture('zoo/bert-decoder-BertLMHeadModel'), { torchscript: true });
  expect(model).toBeInstanceOf(BertLMHeadModel);
  expect(model.config.is_decoder).toBe(true);
  const traced = await jit.trace(model, { input_ids: ids });
  const again = await BertLMHeadModel.from_pretrained(await fileOf(traced));
  expect(again.config.is_decoder).toBe(true);
  expectSameBits(again(ids), model(ids));
});

test('the families that do not read is_decoder say so of a file, and refuse it of a caller', async () => {
  const warnings: string[] = [];
  const config = AlbertConfig.from_dict({ is_decoder: true, add_cross_attention: true }, {}, 'config.json', (told) => warnings.push(told));
  expect(config).toMatchObject({ is_decoder: false, add_cross_attention: false });
  expect(warnings).toEqual([expect.stringMatching(/^config\.json: passed over is_decoder, add_cross_attention,/)]);
  expect((await problem('config', () => new AlbertConfig({ is_decoder: true }))).message).toMatch(
    /only false, got true\. This family runs/,
  );
});

describe('a decoder beside an encoder', () => {
  const model = new BertModel(crossed(), { seed: 3 });
  const encoder_hidden_states = floats([2, 3, 16]);
  const encoder_attention_mask = tensor([
    [1, 1, 0],
    [0, 1, 1],
  ]);
  const given = { input_ids: ids, encoder_hidden_states, encoder_attention_mask };

  test('takes what was encoded behind its other inputs', () => {
    expect(model.input_names.slice(4)).toEqual(['encoder_hidden_states', 'encoder_attention_mask']);
    expectSameBits(
      model(ids, ...([undefined, undefined, undefined, encoder_hidden_states, encoder_attention_mask] as never[])),
      model(given),
    );
  });

  test('is one without where nothing is given', () => {
    const plain = new BertModel(tinyConfig({ is_decoder: true }), { seed: 3 });
    expectSameBits(model(ids), plain(ids));
  });

  test('sees no key that the mask leaves out, whatever it holds', () => {
    const others = encoder_hidden_states.tolist() as number[][][];
    others[0][2].fill(50);
    others[1][0].fill(-7);
    expectSameBits(model({ ...given, encoder_hidden_states: tensor(others) }), model(given));
    expect(model({ ...given, encoder_attention_mask: undefined as never })[0].tolist()).not.toEqual(model(given)[0].tolist());
  });

  test('answers the weights of both', () => {
    const attending = new BertModel(crossed({ output_attentions: true, num_hidden_layers: 2 }), { seed: 3 });
    const { cross_attentions, attentions } = attending(given) as unknown as Record<string, Tensor[]>;
    expect(cross_attentions.map(({ shape }) => shape)).toEqual(Array(2).fill([2, 2, 6, 3]));
    expect(attentions.map(({ shape }) => shape)).toEqual(Array(2).fill([2, 2, 6, 6]));
    const ofFirst = cross_attentions.flatMap((weights) => (weights.tolist() as number[][][][])[0].flat());
    expect(ofFirst.map(([, , leftOut]) => leftOut)).toEqual(Array(2 * 2 * 6).fill(0));
    expect(attending(ids)).not.toHaveProperty('cross_attentions');
  });

  test.each<[string, object, Parameters<typeof problem>[0], RegExp]>([
    [
      'of another width',
      { encoder_hidden_states: floats([2, 3, 12]) },
      'shape',
      /^encoder_hidden_states: expected \[2, any length, 16\], got \[2,3,12\]/,
    ],
    [
      'of other texts',
      { encoder_hidden_states: floats([1, 3, 16]) },
      'shape',
      /^encoder_hidden_states: expected \[2, any length, 16\], got \[1,3,16\]/,
    ],
    ['of no rank', { encoder_hidden_states: floats([2, 16]) }, 'shape', /^encoder_hidden_states/],
    [
      'with a mask of another length',
      { encoder_attention_mask: ids },
      'shape',
      /^encoder_attention_mask: expected \[2, 3\], as encoder_hidden_states, got \[2,6\]/,
    ],
    [
      'with a mask alone',
      { encoder_hidden_states: undefined },
      'value',
      /^encoder_hidden_states: expected a tensor, as encoder_attention_mask, got none/,
    ],
  ])('refuses what is %s', async (_, inputs, code, message) => {
    expect((await problem(code, () => model({ ...given, ...inputs } as never))).message).toMatch(message);
  });

  test('is no input of a decoder alone, of choices, or of what makes vectors of texts', async () => {
    const others = [new BertModel(tinyConfig({ is_decoder: true })), new BertForMultipleChoice(crossed()), new SentenceEmbedder(crossed())];
    for (const other of others) expect((await problem('value', () => other(given))).message).toMatch(/encoder_hidden_states/);
  });

  test('has tensors under the names of transformers, which a model without refuses', async () => {
    const names = [...model.state_dict().keys()].filter((name) => name.startsWith('encoder.layer.0.crossattention'));
    expect(names.map((name) => name.slice(31)).sort()).toEqual(
      ['output.LayerNorm.bias', 'output.LayerNorm.weight', 'output.dense.bias', 'output.dense.weight']
        .concat(['key', 'query', 'value'].flatMap((part) => [`self.${part}.bias`, `self.${part}.weight`]))
        .sort(),
    );
    const file = await fileOf(await jit.trace(new BertModel(crossed()), given));
    const config = tinyConfig({ is_decoder: true });
    await problem('checkpoint', () => BertModel.from_pretrained(file, { config }));
  });

  test.each([true, false])('is traced at any sizes of both sequences, fusion %s', async (fusion) => {
    const head = new BertLMHeadModel(crossed({ torchscript: true, num_hidden_layers: 2 }), { seed: 3 });
    const attention_mask = tensor([
      [1, 1, 1, 1, 1, 1],
      [1, 1, 1, 1, 0, 0],
    ]);
    const inputs = { ...given, attention_mask };
    const dynamic = { batch: [1, 4], sequence: [1, 12], encoder_sequence: [1, 9] } as const;
    const traced = await jit.trace(head, inputs, { dynamic: dynamic as never, fusion });
    const loaded = await jit.load(await fileOf(traced));
    for (const length of [3, 1, 8]) {
      const mask = tensor([Array.from({ length }, (_, i) => Number(i === 0 || i !== 1)), Array.from({ length }, () => 1)]);
      const at = { ...inputs, encoder_hidden_states: floats([2, length, 16], length), encoder_attention_mask: mask };
      const want = (head(at).logits.tolist() as number[][][]).map((rows, b) => (b === 0 ? rows : rows.slice(0, 4)));
      for (const run of [traced, loaded]) {
        const got = (run(at as never) as unknown as { logits: Tensor }).logits.tolist() as number[][][];
        expect(got.map((rows, b) => (b === 0 ? rows : rows.slice(0, 4)))).toEqual(want);
        expect(
          got[1]
            .slice(4)
            .flat()
            .every((value) => value === 0),
        ).toBe(true);
      }
    }
    const apart = {
      input_ids: ids.slice([0, 1]).narrow(1, 0, 2),
      attention_mask: tensor([[1, 1]]),
      encoder_hidden_states: floats([1, 5, 16]),
      encoder_attention_mask: tensor([[1, 1, 1, 1, 0]]),
    };
    expectSameBits([traced(apart as never)[0 as never]], [head(apart as never).logits]);
  });
});

test('weights of layers that attend to others count', () => {
  const sizes = {
    vocab_size: 100,
    hidden_size: 4096,
    num_hidden_layers: 24,
    intermediate_size: 1024,
    num_attention_heads: 16,
    is_decoder: true,
  };
  expect(new BertConfig(sizes).is_decoder).toBe(true);
  expect(() => new BertConfig({ ...sizes, add_cross_attention: true })).toThrow(/weights in all/);
});

test('a head for masked words reads the checkpoint of one for next words, and the reverse', async () => {
  const source = fixture('zoo/bert-decoder-BertLMHeadModel');
  expectSameBits((await BertForMaskedLM.from_pretrained(source))(ids), (await BertLMHeadModel.from_pretrained(source))(ids));
});

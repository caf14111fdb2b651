import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import {
  AutoConfig,
  architecture,
  BertConfig,
  BertForMaskedLM,
  BertModel,
  jit,
  type PreTrainedModel,
  type PreTrainedOptions,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import type { PreTrainedConfig } from '../../src/models/config.ts';
import { assignWeights } from '../../src/models/weights.ts';
import { concat, entry, file, serialize } from '../support/safetensors.ts';
import { expectSameBits, floats, problem, tinyConfig } from '../support/tiny.ts';

const ZOO = new URL('../fixtures/zoo/', import.meta.url);
const ids = tensor([[1, 2, 3, 4, 5]]);
let config: BertConfig;
let stored: ReadonlyMap<string, Tensor>;

beforeAll(async () => {
  const folder = new URL('bert-BertModel/', ZOO);
  config = await BertConfig.from_pretrained(folder.pathname);
  stored = (await openCheckpoint(new Uint8Array(await readFile(new URL('model.safetensors', folder))))).tensors;
});

type Change = (tensors: Map<string, Tensor>) => void;

function bytesOf(change: Change): Uint8Array {
  const tensors = new Map(stored);
  change(tensors);
  return concat(serialize(tensors));
}

/** A model from the checkpoint once changed, and the warnings on the way. */
async function loaded(change: Change, options: PreTrainedOptions = {}): Promise<{ model: BertModel; warnings: string[] }> {
  const warnings: string[] = [];
  const model = await BertModel.from_pretrained(bytesOf(change), { config, onwarn: (message) => warnings.push(message), ...options });
  return { model, warnings };
}

const adding =
  (...names: string[]): Change =>
  (tensors) =>
    names.map((name) => tensors.set(name, floats([8, 48])));

describe('a tensor that the model does not have', () => {
  test('beside its modules is passed over with a warning', async () => {
    const { model, warnings } = await loaded(adding('linear.weight', 'bert.other.dense.weight', 'step'));
    expect(warnings).toEqual([
      'bytes: passed over "linear.weight", "bert.other.dense.weight", "step", which BertModel does not have. { strict: false } takes this as meant',
    ]);
    expectSameBits(model(ids), (await loaded(() => {})).model(ids));
    expect((await loaded(adding('linear.weight'), { strict: false })).warnings).toEqual([]);
  });

  test.each([
    'embeddings.position_ids',
    'bert.embeddings.position_ids',
    'bert.embeddings.token_type_ids',
    'cls.predictions.decoder.weight',
    'cls.predictions.transform.LayerNorm.weight',
    'cls.seq_relationship.bias',
    'classifier.out_proj.weight',
    'qa_outputs.weight',
  ])('is passed over where no output depends on it: %s', async (name) => {
    expect((await loaded(adding(name))).warnings).toEqual([]);
  });

  test.each([
    'encoder.layer.0.attention.self.distance_embedding.weight',
    'bert.encoder.layer.0.attention.self.query.lora_A.weight',
    'encoder.layer.0.attention.self.query.SCB',
    'encoder.layer.0.attention.self.query.weight_scale',
    'encoder.layer.0.output.adapters.a.down.weight',
    'encoder.layer.9.output.dense.weight',
    'encoder.relative_attention_bias.weight',
    'embeddings.other.weight',
    'pooler.other.weight',
  ])('is refused in a module that it has: %s', async (name) => {
    for (const strict of [true, false]) {
      const { message } = await problem('checkpoint', () => loaded(adding(name), { strict }));
      expect(message).toContain(`${name} in bytes: expected a tensor that BertModel has, got an extra one of shape [8,48] in a module`);
    }
  });

  test('is judged by the modules of the architecture', async () => {
    const load = async (name: string, extra: string): Promise<unknown> => {
      const folder = new URL(`bert-${name}/`, ZOO).pathname;
      const { tensors } = await openCheckpoint(folder);
      const bytes = concat(serialize([...tensors, [extra, floats([2, 2])]]));
      return architecture(name).from_pretrained(bytes, { config: await BertConfig.from_pretrained(folder) });
    };
    await load('BertForMaskedLM', 'cls.seq_relationship.weight');
    await problem('checkpoint', () => load('BertForMaskedLM', 'cls.predictions.other.weight'));
    await problem('checkpoint', () => load('BertForSequenceClassification', 'classifier.dense.weight'));
  });
});

describe.each(['bert-BertForMaskedLM', 'bert-BertModel', 'distilbert-DistilBertForMaskedLM', 'distilbert-DistilBertModel'])(
  '%s',
  (name) => {
    const [type, head] = name.split('-');
    const folder = new URL(`${name}/`, ZOO).pathname;
    const base = name.endsWith('BertModel');

    test.each(['module.', 'model.', 'model.module.', '_orig_mod.', `${type}.`, `model.${type}.`])(
      'is the same whatever %s stands before the names',
      async (prefix) => {
        if (!base && prefix.endsWith(`${type}.`)) return;
        const { tensors } = await openCheckpoint(folder);
        const buffers = [[`${prefix}${base ? '' : `${type}.`}embeddings.position_ids`, tensor([[0, 1]])]] as [string, Tensor][];
        const bytes = concat(serialize([...[...tensors].map(([key, value]) => [prefix + key, value] as const), ...buffers]));
        const given = (await AutoConfig.from_pretrained(folder)) as PreTrainedConfig;
        const warnings: string[] = [];
        const model = await architecture(head).from_pretrained(bytes, { config: given, onwarn: (message) => warnings.push(message) });
        expectSameBits(model(ids), (await architecture(head).from_pretrained(folder))(ids));
        expect(warnings).toEqual([]);
      },
    );
  },
);

describe('a second spelling of a tensor', () => {
  const [bias, other] = ['cls.predictions.bias', 'cls.predictions.decoder.bias'];
  const made = new BertForMaskedLM(tinyConfig(), { seed: 2 });
  const load = (change: Change) => {
    const tensors = new Map<string, Tensor>(made.state_dict());
    tensors.set(bias, floats([40]));
    change(tensors);
    return BertForMaskedLM.from_pretrained(concat(serialize(tensors)), { config: tinyConfig() });
  };

  test('stands for it alone, or beside it with the same values', async () => {
    const want = await load(() => {});
    const moved: Change = (tensors) => [tensors.set(other, tensors.get(bias) as Tensor), tensors.delete(bias)];
    for (const change of [moved, (tensors: Map<string, Tensor>) => tensors.set(other, floats([40]))]) {
      const model = await load(change);
      expectSameBits(model(ids), want(ids));
      expect(model.cls.predictions.bias.tolist()).toEqual(floats([40]).tolist());
    }
  });

  test('prevails where it lies in what scores words, as that is what is added', async () => {
    const model = await load((tensors) => tensors.set(other, floats([40], 2)));
    expect(model.cls.predictions.bias.tolist()).toEqual(floats([40], 2).tolist());
    await problem('checkpoint', () => load((tensors) => tensors.set(other, floats([39]))));
  });
});

describe('the nearest name is named', () => {
  const [right, wrong] = ['encoder.layer.0.attention.self.query.weight', 'encoder.layer.0.attention.self.qurey.weight'];
  const slip: Change = (tensors) => [tensors.set(wrong, tensors.get(right) as Tensor), tensors.delete(right)];

  test('where a tensor is missing', async () => {
    expect((await problem('checkpoint', () => loaded(slip))).message).toContain(
      `expected the tensors ${right}, got a checkpoint without them, but with ${wrong}. Load`,
    );
  });

  test('and where one is left over', async () => {
    expect((await problem('checkpoint', () => loaded(slip, { strict: false }))).message).toContain(
      `${wrong} in bytes: expected a tensor that BertModel has, such as ${right}, got an extra one`,
    );
  });
});

test.each([{ torchscript: false }, { torchscript: true }])(
  'a decoder that is tied to the embeddings is itself where the checkpoint holds others for it, %o',
  async (options) => {
    const made = new BertForMaskedLM(tinyConfig(), { seed: 2 });
    const [words, decoder] = ['bert.embeddings.word_embeddings.weight', 'cls.predictions.decoder.weight'];
    const tensors = new Map<string, Tensor>(made.state_dict());
    const load = () => BertForMaskedLM.from_pretrained(concat(serialize(tensors)), { config: tinyConfig(options) });
    const others = floats([40, 16], 9);
    for (const values of [tensors.get(words) as Tensor, others]) {
      tensors.set(decoder, values);
      const held = (await load()).state_dict();
      expectSameBits([held.get(words)], [tensors.get(words)]);
      expectSameBits([held.get(decoder)], [values]);
      expect(held.get(decoder) === held.get(words)).toBe(values !== others && !options.torchscript);
    }
    const model = await load();
    expectSameBits((await jit.trace(model, [ids]))(ids), model(ids));
  },
);

describe('the bias of a decoder, which files hold under one of two names, or both', () => {
  const [own, other] = ['cls.predictions.bias', 'cls.predictions.decoder.bias'];
  const bias = floats([40], 9);
  const load = (biases: Record<string, Tensor>) => {
    const tensors = new Map<string, Tensor>(new BertForMaskedLM(tinyConfig(), { seed: 2 }).state_dict());
    tensors.delete(own);
    return BertForMaskedLM.from_pretrained(concat(serialize([...tensors, ...Object.entries(biases)])), { config: tinyConfig() });
  };

  test.each<Record<string, Tensor>>([{ [own]: bias }, { [other]: bias }, { [own]: bias, [other]: bias.clone() }])(
    'is one',
    async (biases) => {
      expectSameBits((await load(biases)).cls.predictions.bias, bias);
    },
  );

  test('is that of the decoder where they differ, which another size is not', async () => {
    expectSameBits((await load({ [own]: bias, [other]: floats([40], 8) })).cls.predictions.bias, floats([40], 8));
    await problem('checkpoint', () => load({ [own]: bias, [other]: floats([39], 9) }));
  });
});

describe('a tensor that is missing', () => {
  const unpooled: Change = (tensors) => {
    for (const name of ['pooler.dense.weight', 'pooler.dense.bias']) tensors.delete(name);
  };

  test('is not required where no output needs it', async () => {
    const checkpoint = await openCheckpoint(bytesOf(unpooled));
    const model = new BertModel(config, { add_pooling_layer: false });
    assignWeights(model, checkpoint, { strict: true });
    const whole = (await loaded(() => {})).model(ids);
    expect(model(ids).pooler_output).toBeUndefined();
    expectSameBits([model(ids).last_hidden_state], [whole.last_hidden_state]);
  });

  test('of the pooler alone is named with the way without it', async () => {
    const { message } = await problem('checkpoint', () => loaded(unpooled));
    expect(message).toBe(
      'BertModel from bytes: expected the tensors pooler.dense.weight, pooler.dense.bias, got a checkpoint without them. ' +
        'Pass { add_pooling_layer: false } for a model without pooler_output',
    );
  });

  const bias = 'encoder.layer.0.output.dense.bias';
  test.each<[string, Change, RegExp]>([
    ['alone', (tensors) => tensors.delete(bias), /the tensors encoder\.layer\.0\.output\.dense\.bias, got /],
    [
      'beside the pooler',
      (tensors) => [unpooled(tensors), tensors.delete(bias)],
      /dense\.bias, pooler\.dense\.\w+, pooler\.dense\.\w+, got /,
    ],
  ])('of anything else is named, %s', async (_, change, names) => {
    const { message } = await problem('checkpoint', () => loaded(change));
    expect(message).toMatch(names);
    expect(message).toMatch(/pass \{ strict: false \} to start them from the seed$/);
  });
});

test('a tensor of a dtype that nothing computes with counts only where it is needed', async () => {
  const name = 'encoder.layer.0.output.dense.bias';
  const plain = bytesOf((tensors) => tensors.delete(name));
  const length = Number(new DataView(plain.buffer, plain.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(plain.subarray(8, 8 + length)));
  const data = plain.subarray(8 + length);
  const { shape } = stored.get(name) as Tensor;
  const load = (named: string, dims: readonly number[]) => {
    const bytes = dims.reduce((a, b) => a * b, 1);
    const json = JSON.stringify({ ...header, [named]: entry('F8_E4M3', dims, [data.length, data.length + bytes]) });
    const model: Promise<PreTrainedModel> = BertModel.from_pretrained(file(json, concat([data, new Uint8Array(bytes)])), {
      config,
      strict: false,
    });
    return model;
  };
  await load('cls.predictions.bias', [3]);
  expect((await problem('checkpoint', () => load(name, shape))).message).toBe(
    `${name} in bytes: expected floating-point numbers of 16, 32 or 64 bits, got F8_E4M3. Save the model once more in float32, float16 or bfloat16`,
  );
  expect((await problem('checkpoint', () => load('encoder.layer.0.output.dense.weight_scale', [1]))).message).toMatch(
    /got an extra one of shape \[1\]/,
  );
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TraceletError } from '../../src/base/error.ts';
import { COUNT, DEVIATION, LABEL_COUNT, LABEL_COUNT_OR_NONE, POSITIVE, PROBABILITY, SIZE, WHOLE } from '../../src/base/schema.ts';
import { BertConfig, type BertConfigOptions } from '../../src/models/bert/config.ts';
import { ACTIVATIONS } from '../../src/ops/table.ts';
import { problem as expectProblem } from '../support/tiny.ts';

const CLASSIFIER = `{
  "add_cross_attention": false,
  "architectures": [
    "BertForSequenceClassification"
  ],
  "attention_probs_dropout_prob": 0.1,
  "bos_token_id": null,
  "classifier_dropout": null,
  "dtype": "float32",
  "eos_token_id": null,
  "hidden_act": "gelu_new",
  "hidden_dropout_prob": 0.1,
  "hidden_size": 48,
  "id2label": {
    "0": "no",
    "1": "maybe",
    "2": "yes"
  },
  "initializer_range": 0.02,
  "intermediate_size": 104,
  "is_decoder": false,
  "label2id": {
    "maybe": 1,
    "no": 0,
    "yes": 2
  },
  "layer_norm_eps": 1e-12,
  "max_position_embeddings": 64,
  "model_type": "bert",
  "num_attention_heads": 4,
  "num_hidden_layers": 2,
  "pad_token_id": 0,
  "pooler": {
    "a": [
      1,
      null
    ],
    "z": "kept"
  },
  "tie_word_embeddings": true,
  "transformers_version": "5.23.0",
  "type_vocab_size": 2,
  "use_cache": true,
  "vocab_size": 211
}
`;

let directory: string;
const path = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'config-'));
  await writeFile(path('config.json'), CLASSIFIER);
});
afterAll(() => rm(directory, { recursive: true }));

function problem(options: Record<string, unknown>): string {
  try {
    new BertConfig(options as BertConfigOptions);
  } catch (error) {
    if (!(error instanceof TraceletError) || error.code !== 'config') throw error;
    return error.message;
  }
  return 'accepted';
}

describe('a new configuration', () => {
  test('has the defaults of transformers', () => {
    expect(new BertConfig()).toMatchObject({
      vocab_size: 30522,
      hidden_size: 768,
      num_hidden_layers: 12,
      num_attention_heads: 12,
      intermediate_size: 3072,
      hidden_act: 'gelu',
      hidden_dropout_prob: 0.1,
      attention_probs_dropout_prob: 0.1,
      max_position_embeddings: 512,
      type_vocab_size: 2,
      initializer_range: 0.02,
      layer_norm_eps: 1e-12,
      pad_token_id: 0,
      position_embedding_type: 'absolute',
      classifier_dropout: null,
      torchscript: false,
      output_hidden_states: false,
      output_attentions: false,
      tie_word_embeddings: true,
      num_labels: 2,
      id2label: { 0: 'LABEL_0', 1: 'LABEL_1' },
      label2id: { LABEL_0: 0, LABEL_1: 1 },
      model_type: 'bert',
    });
  });

  test('takes the arguments of the TorchScript guide', () => {
    const config = new BertConfig({
      vocab_size_or_config_json_file: 32000,
      hidden_size: 768,
      num_hidden_layers: 12,
      num_attention_heads: 12,
      intermediate_size: 3072,
      torchscript: true,
    });
    expect([config.vocab_size, config.torchscript]).toEqual([32000, true]);
    expect('vocab_size_or_config_json_file' in config.to_dict()).toBe(false);
  });

  test('reads the file that it is given, under the other options', () => {
    const config = new BertConfig({ vocab_size_or_config_json_file: path('config.json'), hidden_act: 'relu', hidden_size: undefined });
    expect(config).toMatchObject({ vocab_size: 211, hidden_size: 48, hidden_act: 'relu', num_labels: 3 });
  });

  test('makes up labels for a number of them', () => {
    const config = new BertConfig({ num_labels: 3 });
    expect(config.id2label).toEqual({ 0: 'LABEL_0', 1: 'LABEL_1', 2: 'LABEL_2' });
    expect(config.to_diff_dict()).toMatchObject({ id2label: config.id2label, label2id: { LABEL_0: 0, LABEL_1: 1, LABEL_2: 2 } });
    expect(new BertConfig().to_diff_dict()).not.toHaveProperty('id2label');
  });

  test('counts the labels it is given', () => {
    expect(new BertConfig({ id2label: { 0: 'no', 1: 'maybe', 2: 'yes' } })).toMatchObject({ num_labels: 3, label2id: { yes: 2 } });
    expect(BertConfig.from_dict({ label2id: { a: '0', b: '1' }, id2label: null })).toMatchObject({
      label2id: { a: 0, b: 1 },
      num_labels: 2,
    });
  });

  test('cannot be changed', () => {
    const config = new BertConfig();
    expect(() => Object.assign(config, { hidden_size: 1 })).toThrow(TypeError);
    const dict = config.to_dict() as { id2label: Record<number, string> };
    dict.id2label[0] = 'changed';
    expect(config.id2label[0]).toBe('LABEL_0');
  });
});

test('hidden_act names an op, by its own name or that of transformers', () => {
  const aliases = { swish: 'silu', gelu_python: 'gelu', gelu_fast: 'gelu_new', gelu_pytorch_tanh: 'gelu_new', gelu_accurate: 'gelu_new' };
  for (const name of ACTIVATIONS) expect(new BertConfig({ hidden_act: name }).activation).toBe(name);
  for (const [alias, op] of Object.entries(aliases)) {
    expect(new BertConfig({ hidden_act: alias }).activation).toBe(op);
    expect(new BertConfig({ hidden_act: alias }).to_dict().hidden_act).toBe(alias);
  }
});

describe('an error names the field, what was expected and what was given', () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ hidden_act: 'quick_gelu' }, /^hidden_act of BertConfig: expected one of "gelu", "gelu_new", .*, got "quick_gelu"$/],
    [{ hidden_act: 'toString' }, /^hidden_act.*got "toString"/],
    [{ hidden_act: null }, /^hidden_act.*got null/],
    [{ position_embedding_type: 'relative_key' }, /^position_embedding_type.*only "absolute", got "relative_key"\. Only the plain BERT/],
    [{ model_type: 'roberta' }, /^model_type.*only "bert", got "roberta"/],
    [{ is_decoder: true }, /^is_decoder.*only false, got true\. Only encoders/],
    [{ add_cross_attention: true }, /^add_cross_attention.*got true/],
    [{ is_encoder_decoder: true }, /^is_encoder_decoder.*got true/],
    [{ pruned_heads: { 0: [1] } }, /^pruned_heads.*an empty object, got an object with "0"/],
    [{ quantization_config: { bits: 4 } }, /^quantization_config.*only null, got an object with "bits"/],
    [{ auto_map: { AutoModel: 'x--model' } }, /^auto_map.*got an object with "AutoModel"/],
    [{ hidden_size: 30, num_attention_heads: 4 }, /^hidden_size.*a multiple of num_attention_heads 4, got 30/],
    [{ hidden_size: 0 }, /^hidden_size.*a whole number from 1 to 2147483647, got 0/],
    [{ num_hidden_layers: 1.5 }, /^num_hidden_layers.*got 1\.5/],
    [{ num_attention_heads: '12' }, /^num_attention_heads.*got "12"/],
    [{ intermediate_size: -1 }, /^intermediate_size.*got -1/],
    [{ vocab_size: Number.NaN }, /^vocab_size.*got NaN/],
    [{ vocab_size: 2 ** 31 }, /^vocab_size.*got 2147483648/],
    [{ vocab_size: 2 ** 22 }, /^vocab_size x hidden_size.*at most 2147483647 elements, got 4194304 x 768/],
    [{ max_position_embeddings: 2 ** 22 }, /^max_position_embeddings x hidden_size.*got 4194304 x 768/],
    [{ type_vocab_size: 2 ** 22 }, /^type_vocab_size x hidden_size/],
    [{ hidden_size: 2 ** 16, vocab_size: 2 }, /^hidden_size x hidden_size.*got 65536 x 65536/],
    [{ intermediate_size: 2 ** 22 }, /^intermediate_size x hidden_size/],
    [{ max_position_embeddings: [] }, /^max_position_embeddings.*got \[\]/],
    [{ hidden_dropout_prob: 1.1 }, /^hidden_dropout_prob.*a number from 0 to 1, got 1\.1/],
    [{ attention_probs_dropout_prob: -0.1 }, /^attention_probs_dropout_prob.*got -0\.1/],
    [{ classifier_dropout: '0.1' }, /^classifier_dropout.*from 0 to 1, or null, got "0\.1"/],
    [{ layer_norm_eps: 0 }, /^layer_norm_eps.*a finite number above 0, got 0/],
    [{ layer_norm_eps: Number.POSITIVE_INFINITY }, /^layer_norm_eps.*got Infinity/],
    [{ initializer_range: -1 }, /^initializer_range.*got -1/],
    [{ pad_token_id: 30522 }, /^pad_token_id.*below vocab_size 30522, got 30522/],
    [{ pad_token_id: -30523 }, /^pad_token_id.*below vocab_size 30522, got -30523/],
    [{ bos_token_id: 'x' }, /^bos_token_id.*a token id or an array of them, or null, got "x"/],
    [{ torchscript: 1 }, /^torchscript.*true or false, got 1/],
    [{ architectures: 'BertModel' }, /^architectures.*an array of strings, or null, got "BertModel"/],
    [{ problem_type: 'ranking' }, /^problem_type.*"multi_label_classification", or null, got "ranking"/],
    [{ num_labels: 0 }, /^num_labels.*got 0/],
    [{ num_labels: 2 ** 31 - 1 }, /^num_labels.*a whole number from 1 to 131072/],
    [{ id2label: { 0: 'a', 2: 'b' } }, /^id2label.*a label for each id from 0, got an object with "0", "2"/],
    [{ id2label: {} }, /^id2label.*got an empty object/],
    [{ id2label: 5 }, /^id2label.*got 5/],
    [{ id2label: { 0: 1 } }, /^id2label/],
    [{ label2id: { a: -1 } }, /^label2id.*an id for each label/],
    [{ num_labels: 3, id2label: { 0: 'a', 1: 'b' } }, /^num_labels.*expected 2, the length of id2label, got 3/],
    [{ architectures: ['a', 1] }, /^architectures/],
    [{ bos_token_id: [1, -1] }, /^bos_token_id/],
    [{ label2id: 5 }, /^label2id/],
    [{ label2id: [1] }, /^label2id/],
    [{ label2id: { a: 1, b: -1 } }, /^label2id/],
    [{ label2id: ['a'] }, /^label2id.*an id for each label, got \["a"\]/],
    [{ label2id: { a: '1x' } }, /^label2id/],
    [{ label2id: { a: 'x1' } }, /^label2id/],
    [{ vocab_size: 5, vocab_size_or_config_json_file: 6 }, /^vocab_size.*expected 6, the vocab_size_or_config_json_file beside it, got 5/],
    [{ vocab_size_or_config_json_file: true }, /^vocab_size.*got true/],
  ];
  for (const [options, message] of wrong)
    test(Object.keys(options).join(' and '), () => {
      expect(problem(options)).toMatch(message);
      expect(problem(options)).toMatch(/^\w+( x \w+)? of BertConfig: expected .*, got /);
    });
});

describe('numbers may be as small and as great as messages say', () => {
  const MAX = 2 ** 31 - 1;
  test.each([
    [SIZE, [1, MAX], [0, MAX + 1, 1.5]],
    [LABEL_COUNT, [1, 131072], [0, 131073, 1.5]],
    [LABEL_COUNT_OR_NONE, [0, 131072], [-1, 131073]],
    [COUNT, [0, MAX], [-1, MAX + 1]],
    [WHOLE, [-MAX, MAX], [-MAX - 1, MAX + 1]],
    [PROBABILITY, [0, 1], [-Number.MIN_VALUE, 1 + Number.EPSILON]],
    [DEVIATION, [0, Number.MAX_VALUE], [-Number.MIN_VALUE, Infinity, Number.NaN]],
    [POSITIVE, [Number.MIN_VALUE, Number.MAX_VALUE], [0, Infinity]],
  ])('$expected', ({ read }, most, none) => {
    for (const value of most) expect(read(value), `${value}`).toBe(value);
    for (const value of [...none, '1', 1n, null]) expect(read(value), `${value}`).toBeUndefined();
  });

  test('and so may what follows from several of them', () => {
    /** Weights of a width of 1 but those of the vocabulary: positions, types, and twelve layers. */
    const BESIDE = 512 + 2 + 12 * (4 + 2 * 3072);
    const taken = [
      { vocab_size: 2 ** 30 - BESIDE, hidden_size: 1, num_attention_heads: 1 },
      { pad_token_id: 30521 },
      { pad_token_id: -30522 },
      { vocab_size: 5, vocab_size_or_config_json_file: 5 },
    ];
    for (const options of taken) expect(problem(options)).toBe('accepted');
    const more = { vocab_size: 2 ** 30 - BESIDE + 1, hidden_size: 1, num_attention_heads: 1 };
    expect(problem(more)).toMatch(/expected at most 1073741824 weights in all, as many as wasm memory holds, got 1073741825/);
  });
});

describe('a new configuration refuses', () => {
  test.each([
    [{ num_hidden_layer: 3 }, 'Did you mean num_hidden_layers?'],
    [{ numLabels: 3 }, 'Did you mean num_labels?'],
    [{ another: () => 1 }, 'BertConfig.from_dict'],
    [JSON.parse('{"__proto__":{"polluted":true}}'), '"__proto__"'],
  ])('the name in %o', async (options, cure) => {
    expect((await expectProblem('value', () => new BertConfig(options))).message).toContain(cure);
    expect((await expectProblem('value', () => new BertConfig(options))).message).toMatch(/^BertConfig\(\): option "/);
    expect((await expectProblem('value', () => new BertConfig(32000, options))).message).toContain(cure);
  });

  test('what it cannot keep of a file', async () => {
    const read = (dict: Record<string, unknown>) => () => BertConfig.from_dict(dict);
    expect((await expectProblem('config', read({ another: () => 1n }))).message).toContain('a value that JSON can hold');
    await expectProblem('config', read(JSON.parse('{"__proto__":{"polluted":true}}')));
    expect((await expectProblem('config', () => BertConfig.from_dict([] as never))).message).toBe(
      'BertConfig.from_dict: expected an object, got []',
    );
  });

  test('amendments under an unknown name', async () => {
    const amend = { num_label: 3 } as BertConfigOptions;
    for (const [what, body] of [
      ['overrides', () => BertConfig.from_dict({}, amend)],
      ['BertConfig.from_pretrained', () => BertConfig.from_pretrained(directory, amend)],
    ] as const)
      expect((await expectProblem('value', body)).message).toMatch(new RegExp(`^${what}: option "num_label".*Did you mean num_labels\\?`));
    const odd = [{ hidden_act: 'odd' }, { vocab_size: 5, vocab_size_or_config_json_file: 6 }];
    for (const overrides of odd)
      expect((await expectProblem('config', () => BertConfig.from_dict({}, overrides))).message).toMatch(/^\w+ of overrides: /);
    const overFile = () => new BertConfig({ vocab_size_or_config_json_file: path('config.json'), hidden_act: 'odd' });
    expect((await expectProblem('config', overFile)).message).toMatch(/^hidden_act of BertConfig: /);
  });
});

describe('fields by position', () => {
  test('stand in the order of pytorch_transformers', () => {
    expect(new BertConfig(32000).vocab_size).toBe(32000);
    expect(new BertConfig(32000, { hidden_size: 48, torchscript: true })).toMatchObject({
      vocab_size: 32000,
      hidden_size: 48,
      torchscript: true,
    });
    expect(new BertConfig(211, 48, 2, 4, 104, 'relu', 0.2, 0.3, 64, 3, 0.5, 1e-5)).toMatchObject({
      vocab_size: 211,
      hidden_size: 48,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      intermediate_size: 104,
      hidden_act: 'relu',
      hidden_dropout_prob: 0.2,
      attention_probs_dropout_prob: 0.3,
      max_position_embeddings: 64,
      type_vocab_size: 3,
      initializer_range: 0.5,
      layer_norm_eps: 1e-5,
    });
    expect(new BertConfig(211, undefined, 2, { torchscript: true })).toMatchObject({
      hidden_size: 768,
      num_hidden_layers: 2,
      torchscript: true,
    });
    expect(new BertConfig(211, undefined, { hidden_size: 48 })).toMatchObject({ vocab_size: 211, hidden_size: 48 });
    for (const nothing of [null, undefined]) expect(new BertConfig(nothing)).toEqual(new BertConfig());
  });

  test('may begin with the path of a config.json', () => {
    expect(new BertConfig(path('config.json'))).toMatchObject({ vocab_size: 211, num_labels: 3 });
    expect(new BertConfig(path('config.json'), { hidden_act: 'relu' })).toMatchObject({ vocab_size: 211, hidden_act: 'relu' });
  });

  test('that cannot be are refused', async () => {
    await expectProblem('config', () => new BertConfig(32000, 'gelu'));
    const twice = await expectProblem('config', () => new BertConfig(32000, 48, { hidden_size: 64 }));
    expect(twice.message).toBe('hidden_size of BertConfig: expected it once, got it by position and by name');
    await expectProblem('config', () => new BertConfig(32000, { vocab_size: 5 }));
    await expectProblem('config', () => new BertConfig([] as never));
    expect((await expectProblem('config', () => new BertConfig(null as never, 48))).message).toContain('got null');
    const none = await expectProblem('value', () => BertConfig.from_json_file(7 as never));
    expect(none.message).toBe('BertConfig.from_json_file: expected a path, got 7');
    const many = await expectProblem('value', () => new BertConfig(30522, 768, 12, 12, 3072, 'gelu', 0.1, 0.1, 512, 2, 0.02, 1e-12, 0));
    expect(many.message).toMatch(/^BertConfig\(\): expected at most 12 fields by position, got 13 arguments\. Give the others by name/);
  });
});

describe('what a file says that no answer depends on', () => {
  const read = (dict: Record<string, unknown>) => {
    const warnings: string[] = [];
    return { config: BertConfig.from_dict(dict, {}, 'config.json', (message) => warnings.push(message)), warnings };
  };

  test('is passed over without a word where transformers has none', () => {
    const { config, warnings } = read({
      position_embedding_type: null,
      gradient_checkpointing: null,
      output_attentions: null,
      output_hidden_states: null,
      torchscript: null,
      is_decoder: null,
      _name_or_path: null,
      pruned_heads: null,
      use_cache: 'yes',
      architectures: 'BertModel',
      dtype: { '': 'float32' },
      label2id: { a: null },
      model_type: null,
      pad_token_id: -1,
    });
    expect(config).toMatchObject({
      position_embedding_type: 'absolute',
      gradient_checkpointing: false,
      output_attentions: false,
      pruned_heads: {},
      use_cache: true,
      architectures: null,
      label2id: { LABEL_0: 0, LABEL_1: 1 },
      model_type: 'bert',
      pad_token_id: -1,
    });
    expect(warnings).toEqual([]);
    expect(config.to_diff_dict()).not.toHaveProperty('use_cache');
  });

  test('is kept where only its name is like that of a field', () => {
    const others = { my_num_labels: null, num_labels_of_it: null };
    expect(read(others).config.to_dict()).toMatchObject(others);
  });

  test('is passed over with one warning where transformers would stop', () => {
    const { config, warnings } = read({
      hidden_dropout_prob: '0.1',
      initializer_range: null,
      chunk_size_feed_forward: -1,
      hidden_size: 48,
      num_attention_heads: 4,
    });
    expect(config).toMatchObject({ hidden_dropout_prob: 0.1, initializer_range: 0.02, chunk_size_feed_forward: 0, hidden_size: 48 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('hidden_dropout_prob, initializer_range, chunk_size_feed_forward');
  });

  test('has labels of any kind, and as many as id2label has', () => {
    expect(read({ id2label: { 0: 0, 1: 1 }, label2id: { 0: 0, 1: 1 } }).config).toMatchObject({
      id2label: { 0: '0', 1: '1' },
      num_labels: 2,
    });
    expect(read({ id2label: { 0: 'a', 2: null, 5: 'c' } }).config).toMatchObject({
      id2label: { 0: 'a', 2: 'null', 5: 'c' },
      num_labels: 3,
    });
    expect(read({ id2label: {} }).config.num_labels).toBe(0);
    expect(read({ id2label: { 10: 'k' } })).toMatchObject({ config: { num_labels: 1 }, warnings: [] });
    const { config, warnings } = read({ id2label: { 0: 'a', 1: 'b' }, num_labels: 3 });
    expect([config.num_labels, config.id2label]).toEqual([2, { 0: 'a', 1: 'b' }]);
    expect(warnings).toEqual([expect.stringMatching(/^config\.json: passed over num_labels, whose/)]);
  });

  test('is not what changes numbers', async () => {
    for (const dict of [
      { hidden_act: null },
      { hidden_act: 'quick_gelu' },
      { layer_norm_eps: null },
      { layer_norm_eps: '1e-12' },
      { num_hidden_layers: null },
      { hidden_size: '768' },
      { position_embedding_type: 'relative_key' },
      { is_decoder: true },
      { model_type: 'roberta' },
      { pruned_heads: { 0: [1] } },
      { pad_token_id: 30522 },
      { output_attentions: 'yes' },
      { id2label: ['a', 'b'] },
      { id2label: { x: 'a' } },
      { id2label: { x1: 'a' } },
      { id2label: { '1x': 'a' } },
    ])
      await expectProblem('config', () => BertConfig.from_dict(dict));
  });

  test('is an error where the caller says it', async () => {
    for (const options of [{ use_cache: 'yes' }, { hidden_dropout_prob: '0.1' }, { id2label: { 0: 1 } }, { problem_type: 'ranking' }]) {
      await expectProblem('config', () => new BertConfig(options as never));
      await expectProblem('config', () => BertConfig.from_dict({}, options as never));
    }
  });
});

test('labels of a file stay where as many are asked for', () => {
  const dict = { id2label: { 0: 'no', 1: 'maybe', 2: 'yes' }, label2id: { no: 0, maybe: 1, yes: 2 } };
  expect(BertConfig.from_dict(dict, { num_labels: 3 })).toMatchObject(dict);
  expect(BertConfig.from_dict(dict, { num_labels: 2 }).id2label).toEqual({ 0: 'LABEL_0', 1: 'LABEL_1' });
  expect(BertConfig.from_dict(dict, { num_labels: 3, id2label: { 0: 'a', 1: 'b', 2: 'c' } }).label2id).toEqual({ a: 0, b: 1, c: 2 });
});

test('where a configuration came from is not written', () => {
  const config = BertConfig.from_dict({ _name_or_path: '/home/me/bert', pooler: 1 });
  expect(config.to_dict()).toMatchObject({ _name_or_path: '/home/me/bert', pooler: 1 });
  expect(config.to_json_string()).not.toContain('/home/me');
});

describe('a config.json', () => {
  test('is written back as it was read', async () => {
    expect(BertConfig.from_json_file(path('config.json')).to_json_string()).toBe(CLASSIFIER);
    expect((await BertConfig.from_pretrained(directory)).to_json_string()).toBe(CLASSIFIER);
  });

  test('is whole without use_diff, and reads as the same configuration', () => {
    const config = BertConfig.from_dict({ num_labels: 3, pooler: { z: 1 }, poolers: [{ z: 1, a: 2 }] });
    const again = BertConfig.from_dict(JSON.parse(config.to_json_string(false)));
    expect(again.to_dict()).toEqual(config.to_dict());
    expect(config.to_dict()).toMatchObject({ return_dict: true, pooler: { z: 1 } });
    expect(config.to_json_string()).toMatch(/"poolers": \[\s+\{\s+"a": 2,\s+"z": 1\s+\}\s+\],/);
  });

  test('says of a plain configuration what makes its shape, or everything that is asked of every BERT', () => {
    const shape = Object.keys(new BertConfig().to_diff_dict());
    expect(shape.sort()).toEqual([
      'attention_probs_dropout_prob',
      'hidden_act',
      'hidden_dropout_prob',
      'hidden_size',
      'initializer_range',
      'intermediate_size',
      'layer_norm_eps',
      'max_position_embeddings',
      'model_type',
      'num_attention_heads',
      'num_hidden_layers',
      'pad_token_id',
      'type_vocab_size',
      'vocab_size',
    ]);
    const all = new BertConfig().to_dict();
    expect(all).toMatchObject({ return_dict: true, id2label: { 0: 'LABEL_0' } });
    for (const name of ['num_labels', 'quantization_config', 'auto_map']) expect(all).not.toHaveProperty(name);
  });

  test('gives way to overrides', async () => {
    const config = await BertConfig.from_pretrained(path('config.json'), { torchscript: true, num_labels: 5 });
    expect(config).toMatchObject({ torchscript: true, hidden_size: 48, num_labels: 5, id2label: { 4: 'LABEL_4' } });
    const renamed = await BertConfig.from_pretrained(directory, { vocab_size_or_config_json_file: 300 });
    expect(renamed).toMatchObject({ vocab_size: 300, num_labels: 3 });
  });

  test('is named by errors', async () => {
    await writeFile(path('odd.json'), '{"hidden_act":"odd"}');
    expect(() => BertConfig.from_json_file(path('odd.json'))).toThrow(`hidden_act of ${path('odd.json')}: expected`);
    await writeFile(path('twice.json'), '{"hidden_act":"gelu","hidden_act":"relu"}');
    await expect(BertConfig.from_pretrained(path('twice.json'))).rejects.toMatchObject({ code: 'format', what: path('twice.json') });
    await writeFile(path('not.json'), 'hidden_act: gelu');
    await expect(BertConfig.from_pretrained(path('not.json'))).rejects.toMatchObject({ code: 'format' });
  });

  test('that is missing is named', async () => {
    await mkdir(path('empty'));
    await expect(BertConfig.from_pretrained(path('empty'))).rejects.toMatchObject({
      code: 'source',
      message: `configuration of ${path('empty')}: expected the file ${path('empty')}/config.json, got none`,
    });
    expect(() => BertConfig.from_json_file(path('none.json'))).toThrow(/none\.json: expected a readable file/);
  });

  test('cannot make another file be read', async () => {
    await writeFile(path('leads.json'), JSON.stringify({ vocab_size_or_config_json_file: path('config.json') }));
    for (const read of [
      () => BertConfig.from_json_file(path('leads.json')),
      () => new BertConfig({ vocab_size_or_config_json_file: path('leads.json') }),
    ])
      expect(read).toThrow(/vocab_size of .*: expected a whole number/);
  });

  test('is not read once the signal is aborted', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(BertConfig.from_pretrained(directory, { signal })).rejects.toThrow('stop');
  });
});

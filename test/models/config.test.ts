import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BertConfig } from '../../src/models/bert/config.ts';
import { ACTIVATIONS } from '../../src/ops/table.ts';
import { CLASSIFIER } from '../support/configjson.ts';
import { problem as expectProblem } from '../support/tiny.ts';

let directory: string;
const path = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'config-'));
  await writeFile(path('config.json'), CLASSIFIER);
});
afterAll(() => rm(directory, { recursive: true }));

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

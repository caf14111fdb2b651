import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BertConfig } from '../../src/models/bert/config.ts';
import { CLASSIFIER } from '../support/configjson.ts';
import { problem as expectProblem } from '../support/tiny.ts';

let directory: string;
const path = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'config-'));
  await writeFile(path('config.json'), CLASSIFIER);
});
afterAll(() => rm(directory, { recursive: true }));

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
      { hidden_act: 'swoosh' },
      { layer_norm_eps: null },
      { layer_norm_eps: '1e-12' },
      { num_hidden_layers: null },
      { hidden_size: '768' },
      { position_embedding_type: 'relative_key' },
      { add_cross_attention: true },
      { is_decoder: 1 },
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

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TraceletError } from '../../src/base/error.ts';
import { COUNT, DEVIATION, LABEL_COUNT, LABEL_COUNT_OR_NONE, POSITIVE, PROBABILITY, SIZE, WHOLE } from '../../src/base/schema.ts';
import { BertConfig, type BertConfigOptions } from '../../src/models/bert/config.ts';
import { CLASSIFIER } from '../support/configjson.ts';
import { problem as expectProblem } from '../support/tiny.ts';

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

describe('an error names the field, what was expected and what was given', () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ hidden_act: 'swoosh' }, /^hidden_act of BertConfig: expected one of "gelu", "gelu_new", .*, got "swoosh"$/],
    [{ hidden_act: 'toString' }, /^hidden_act.*got "toString"/],
    [{ hidden_act: null }, /^hidden_act.*got null/],
    [{ position_embedding_type: 'relative_key' }, /^position_embedding_type.*only "absolute", got "relative_key"\. Only the plain BERT/],
    [{ model_type: 'roberta' }, /^model_type.*only "bert", got "roberta"/],
    [{ is_decoder: 1 }, /^is_decoder.*true or false, got 1/],
    [{ add_cross_attention: true }, /^add_cross_attention.*is_decoder true beside it, got true in an encoder\. Pass is_decoder: true/],
    [{ is_encoder_decoder: true }, /^is_encoder_decoder.*got true/],
    [{ pruned_heads: { 0: [1] } }, /^pruned_heads.*an empty object, got an object with "0"/],
    [{ quantization_config: { bits: 4 } }, /^quantization_config.*only null, got an object with "bits"/],
    [{ auto_map: { AutoModel: 'x--model' } }, /^auto_map.*got an object with "AutoModel"/],
    [{ per_layer_config: { 0: { intermediate_size: 8 } } }, /^per_layer_config.*only null, got an object with "0"/],
    [{ is_causal: false, is_decoder: true }, /^is_causal.*true in a decoder, .*got false or null\. Leave it out/],
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
      { vocab_size: 2 ** 31 - BESIDE, hidden_size: 1, num_attention_heads: 1 },
      { pad_token_id: 30521 },
      { pad_token_id: -30522 },
      { vocab_size: 5, vocab_size_or_config_json_file: 5 },
    ];
    for (const options of taken) expect(problem(options)).toBe('accepted');
    const more = { vocab_size: 2 ** 31 - BESIDE + 1, hidden_size: 1, num_attention_heads: 1 };
    expect(problem(more)).toMatch(
      /expected at most 2147483648 weights in all, as many as wasm memory holds in 16 bits each, got 2147483649/,
    );
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

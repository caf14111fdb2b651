import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BertConfig, BertForMaskedLM, BertModel, jit, type PreTrainedOptions, SentenceEmbedder, tensor } from '../../src/index.ts';
import { fixture } from '../support/fixtures.ts';
import { expectSameBits, fileOf, problem, tinyConfig } from '../support/tiny.ts';

const BERT = fixture('zoo/bert-BertModel');
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pretrained-'));
  await cp(BERT, directory, { recursive: true });
  const config = JSON.parse(await readFile(join(directory, 'config.json'), 'utf8'));
  const foreign = { _name_or_path: '/home/me/bert', tokenizer_file: '/root/.cache/x', use_auth_token: 'hf_inside', _commit_hash: 'abc' };
  await writeFile(join(directory, 'config.json'), JSON.stringify({ ...config, ...foreign }));
});
afterAll(() => rm(directory, { recursive: true }));

const load = (options: object) => () => BertModel.from_pretrained(directory, options as PreTrainedOptions);

test('a signal that was aborted before stops it, whatever it reads', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  const [bytes, config] = [await readFile(join(directory, 'model.safetensors')), await BertConfig.from_pretrained(directory)];
  for (const source of [directory, join(directory, 'model.safetensors'), join(directory, 'nowhere'), new Uint8Array(bytes)])
    await expect(BertModel.from_pretrained(source, { config, signal })).rejects.toThrow('enough');
});

describe('options of from_pretrained', () => {
  test.each([
    ['use_auth_token', 'Did you mean token?'],
    ['cache_dir', 'Did you mean cache?'],
    ['revison', 'Did you mean revision?'],
    ['num_hidden_layer', 'Did you mean num_hidden_layers?'],
    ['add_poolinglayer', 'Did you mean add_pooling_layer?'],
    ['force_download', 'cache: false'],
    ['proxies', 'endpoint'],
    ['device_map', 'leave it out'],
    ['subfolder', 'behind the source'],
    ['output_loading_info', 'onwarn'],
    ['state_dict', 'bytes'],
    ['load_in_8bit', 'quantize'],
    ['nonsense', 'option "nonsense"'],
  ])('refuse %s', async (name, cure) => {
    const { message } = await problem('value', load({ [name]: 'hf_secret' }));
    expect(message).toContain(cure);
    expect(message).not.toContain('hf_secret');
  });

  test('refuse values that would change something', async () => {
    for (const options of [
      { torch_dtype: 'int8' },
      { dtype: 'q8' },
      { trust_remote_code: true },
      { attn_implementation: 'sdpa' },
      { strict: 'no' },
      { seed: 'x' },
      { config: { hidden_size: 48 } },
      { add_pooling_layer: 0 },
    ])
      await problem('value', load(options));
    await problem('value', () => BertModel.from_pretrained(directory, 'main' as never));
    expect((await problem('value', load({ token: ['hf_secret'] }))).message).not.toContain('hf_secret');
  });

  test('take what says what is so in any case', async () => {
    const options = {
      torch_dtype: 'float32',
      trust_remote_code: false,
      attn_implementation: 'eager',
      local_files_only: true,
      low_cpu_mem_usage: true,
    };
    expect(await load(options)()).toBeInstanceOf(BertModel);
  });

  test('reach the constructor', async () => {
    expect((await load({ add_pooling_layer: false })()).pooler).toBeNull();
    expect((await load({})()).pooler).not.toBeNull();
    const { sentence } = await SentenceEmbedder.from_pretrained(directory, { normalize: false, pooling: 'cls' });
    expect(sentence.modules.slice(1)).toMatchObject([{ type: 'Pooling', pooling_mode: ['cls'] }]);
    await problem('value', () => BertForMaskedLM.from_pretrained(directory, { add_pooling_layer: false } as PreTrainedOptions));
  });

  test('are a config or what amends the one of the source', async () => {
    const config = await BertConfig.from_pretrained(directory);
    expect(await load({ config })()).toBeInstanceOf(BertModel);
    expect((await problem('value', load({ config, output_attentions: true }))).message).toContain('output_attentions');
    expect((await load({ output_attentions: true })()).config.output_attentions).toBe(true);
  });
});

test('a source is a path, an address or what can be read', async () => {
  for (const source of [undefined, null, 7, {}, []]) await problem('source', () => BertModel.from_pretrained(source as never));
});

test('a file with values that do not fit loads where no answer depends on them', async () => {
  const odd = await mkdtemp(join(tmpdir(), 'odd-'));
  await cp(directory, odd, { recursive: true });
  const config = JSON.parse(await readFile(join(odd, 'config.json'), 'utf8'));
  const changed = {
    id2label: { 0: 0, 1: 1 },
    position_embedding_type: null,
    gradient_checkpointing: null,
    output_attentions: null,
    _name_or_path: null,
    pruned_heads: null,
    pad_token_id: -1,
    hidden_dropout_prob: 'none',
  };
  await writeFile(join(odd, 'config.json'), JSON.stringify({ ...config, ...changed }));
  const warnings: string[] = [];
  const [model, right] = [await BertModel.from_pretrained(odd, { onwarn: (message) => warnings.push(message) }), await load({})()];
  expectSameBits(model(tensor([[1, 2, 3]])), right(tensor([[1, 2, 3]])));
  expect(warnings).toEqual([expect.stringContaining('passed over hidden_dropout_prob')]);
  await rm(odd, { recursive: true });
});

test('no path, secret or key of others travels in a trace', async () => {
  const model = await load({ token: 'hf_given', cache: '/tmp/cache-of-me', _name_or_path: '/home/you' })();
  const file = await fileOf(await jit.trace(model, [tensor([[1, 2, 3]])]));
  const text = Buffer.from(file).toString('latin1');
  for (const secret of ['/home/', '/root/', 'hf_', '/tmp/', '_commit_hash', 'use_auth_token'])
    expect(text.includes(secret), secret).toBe(false);
  const loaded = await jit.load(file);
  const { hidden_size, vocab_size } = model.config;
  expect(JSON.parse(new TextDecoder().decode(loaded.files.get('config.json')))).toMatchObject({ hidden_size, vocab_size });
});

describe('a model is made of', () => {
  test('a config', async () => {
    for (const config of [undefined, null, {}, { hidden_size: 48 }, 'bert-base-uncased', directory])
      expect((await problem('value', () => new BertModel(config as never))).message).toContain('from_pretrained');
  });

  test('options that it knows', async () => {
    const make = (options: object) => () => new BertModel(tinyConfig(), options);
    expect((await problem('value', make({ sed: 3 }))).message).toContain('Did you mean seed?');
    await problem('value', make({ seed: 1.5 }));
    await problem('value', () => new BertForMaskedLM(tinyConfig(), { add_pooling_layer: false } as object));
    await problem('value', () => new SentenceEmbedder(tinyConfig(), { pooling: 'median' as never }));
  });

  test('any sign of a padding token that there is', () => {
    const rows = (pad_token_id: number) => new BertModel(tinyConfig({ pad_token_id }), { seed: 3 }).embeddings.word_embeddings.weight.data;
    expect([...rows(-1).slice(-16)]).toEqual(Array(16).fill(0));
    expect(rows(-1)).toEqual(rows(39));
  });
});

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as tracelet from '../../src/index.ts';
import { AutoConfig, AutoModel, AutoTokenizer, architecture, BertConfig, BertModel, jit, SentenceEmbedder } from '../../src/index.ts';
import type { AutoClass } from '../../src/models/auto.ts';
import { loadModel } from '../../src/models/autoload.ts';
import type { FamilyClass } from '../../src/models/classes.ts';
import { fixture, goldenCases } from '../support/fixtures.ts';
import { Hub } from '../support/hub.ts';
import { tokenizer } from '../support/texts.ts';
import { expectSameBits, fileOf, problem, tinyConfig } from '../support/tiny.ts';

const BERT = fixture('zoo/bert-BertModel');
const ids = tracelet.tensor([[1, 2, 3, 4]]);
let directory: string;
let trace: Uint8Array;
const path = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'auto-'));
  await cp(BERT, directory, { recursive: true });
  trace = await fileOf(await jit.trace(await BertModel.from_pretrained(BERT), [ids], { tokenizer }));
  await writeFile(path('one.tracelet'), trace);
});
afterAll(() => rm(directory, { recursive: true }));

/** The folder with other keys in its config.json. */
async function rewritten(changes: Record<string, unknown>): Promise<string> {
  const config = { ...JSON.parse(await readFile(`${BERT}/config.json`, 'utf8')), ...changes };
  await writeFile(path('config.json'), JSON.stringify(config));
  return directory;
}

/** What Auto classes call heads that have other names in some families. */
const HEADS: Readonly<Record<string, string>> = {
  Model: '',
  WithLMHeadModel: 'ForMaskedLM',
  ForQuestionAnsweringSimple: 'ForQuestionAnswering',
};

describe('the class follows from config.json', () => {
  test.each(goldenCases().map(({ architecture: name, directory: folder }) => [name, folder] as const))('%s', async (name, folder) => {
    const { head } = architecture(name) as unknown as FamilyClass;
    const auto = (tracelet as unknown as Record<string, AutoClass>)[`AutoModel${HEADS[head] ?? head}`];
    const model = await auto.from_pretrained(folder);
    expect(model.constructor).toBe(architecture(name));
    expect((await AutoConfig.from_pretrained(folder)).to_dict()).toEqual(model.config.to_dict());
    expect((await loadModel(folder, {})).name).toBe(name);
  });

  test('of a folder, one file of it, a trace and its bytes', async () => {
    await rewritten({});
    const want = (await BertModel.from_pretrained(BERT))(ids);
    for (const source of [directory, path('config.json'), path('model.safetensors'), path('one.tracelet'), trace])
      expectSameBits((await AutoModel.from_pretrained(source))(ids), want);
    for (const source of [directory, path('config.json'), path('model.safetensors'), path('one.tracelet')])
      expect(await AutoConfig.from_pretrained(source, { torchscript: true })).toMatchObject({ model_type: 'bert', torchscript: true });
  });

  test('or from the config given', async () => {
    const config = await BertConfig.from_pretrained(BERT);
    const bytes = new Uint8Array(await readFile(`${BERT}/model.safetensors`));
    expect(await AutoModel.from_pretrained(bytes, { config })).toBeInstanceOf(BertModel);
    expect((await problem('config', () => AutoModel.from_pretrained(bytes))).message).toContain('{ config }');
    for (const none of [{ model_type: 'bert' }, { model_type: 'bert', to_json_string: () => '{}' }])
      for (const Model of [AutoModel, BertModel]) await problem('value', () => Model.from_pretrained(bytes, { config: none as never }));
  });

  test('and proves the options', async () => {
    await rewritten({});
    const model = await AutoModel.from_pretrained(directory, { add_pooling_layer: false });
    expect(Reflect.get(model, 'pooler')).toBeNull();
    expect((await problem('value', () => AutoModel.from_pretrained(directory, { hidden_siz: 3 }))).message).toContain('hidden_size?');
    await problem('value', () => AutoConfig.from_pretrained(directory, { hidden_siz: 3 } as never));
  });
});

describe('what is not known is named, with what is', () => {
  test.each([
    [
      'another type',
      { model_type: 'berd' },
      /^model_type of .*config\.json.*: expected one of .*"bert".*, got "berd"\. Did you mean bert\?$/,
    ],
    ['a type that is no name', { model_type: 3 }, /got 3$/],
    [
      'no type, nor a known architecture',
      { model_type: null, architectures: ['BirdModel'] },
      /got none, and architectures \["BirdModel"\]/,
    ],
    ['nothing at all', { model_type: null, architectures: null }, /got none, and no architectures\. Write it into the file/],
  ])('%s', async (_, changes, message) => {
    await rewritten(changes);
    for (const load of [AutoModel, AutoConfig])
      expect((await problem('config', () => load.from_pretrained(directory))).message).toMatch(message);
    expect((await problem('config', () => loadModel(directory, {}))).message).toMatch(message);
  });

  test('an architecture that is known decides where there is no type', async () => {
    await rewritten({ model_type: undefined, architectures: ['Other', 'BertForMaskedLM'] });
    expect(await AutoModel.from_pretrained(directory)).toBeInstanceOf(BertModel);
    await rewritten({ model_type: undefined, architectures: ['DistilBertModel', 'BertModel'] });
    expect((await AutoConfig.from_pretrained(directory)).model_type).toBe('distilbert');
  });

  test('the type of a config that was given', async () => {
    const config = Object.create(BertConfig.prototype, { model_type: { value: 'berd' } });
    const { message } = await problem('config', () => AutoModel.from_pretrained(BERT, { config }));
    expect(message).toMatch(/^model_type of the config: expected one of .*"bert", .*"distilbert", .*got "berd"/);
    await problem('config', () => new SentenceEmbedder(config));
  });

  test('a head', async () => {
    await rewritten({});
    const { message } = await problem('config', () => loadModel(directory, {}, 'ForMaskedLm'));
    expect(message).toMatch(
      /^head of a model of type bert: expected one of .*"ForMaskedLM".*, got "ForMaskedLm"\. Did you mean ForMaskedLM\?$/,
    );
  });

  test('what the source states', async () => {
    await rewritten({ architectures: null });
    expect((await problem('config', () => loadModel(directory, {}))).message).toMatch(/^architectures in the config\.json of .*got none/);
    await rewritten({ architectures: ['BertForNothing'] });
    expect((await problem('config', () => loadModel(directory, {}))).message).toMatch(/one of AlbertModel, .*got "BertForNothing"/);
    expect((await loadModel(directory, {}, 'Model')).model).toBeInstanceOf(BertModel);
  });
});

test('a trace states the class that it was traced from', async () => {
  const embedder = await jit.trace(new SentenceEmbedder(tinyConfig(), { seed: 2 }), [ids], { tokenizer });
  const loaded = await loadModel(await fileOf(embedder), {});
  expect(loaded.name).toBe('SentenceEmbedder');
  expect((await loaded.tokenizer())?.get_vocab()).toEqual(tokenizer.get_vocab());
});

describe('a tokenizer', () => {
  const text = 'Who was Jim Henson?';
  const vocab = () => [...tokenizer.get_vocab().keys()].join('\n');

  test('comes from a trace', async () => {
    const read = await AutoTokenizer.from_pretrained(path('one.tracelet'), { model_max_length: 9 });
    expect([read.encode(text), read.model_max_length]).toEqual([tokenizer.encode(text), 9]);
  });

  test('of an address has its model beside it, whatever follows the path', async () => {
    await rewritten({});
    const server = new Hub();
    const address = await server.start();
    const files = { 'vocab.txt': vocab(), 'config.json': await readFile(path('config.json')) };
    for (const [name, content] of Object.entries(files)) server.files.set(name, new Uint8Array(Buffer.from(content)));
    server.files.set('model.safetensors', new Uint8Array(await readFile(path('model.safetensors'))));
    const at = (name: string) => `${address}/${name}?x=1#y`;
    expect((await AutoTokenizer.from_pretrained(at('vocab.txt'))).encode(text)).toEqual(tokenizer.encode(text));
    expect((await AutoConfig.from_pretrained(at('model.safetensors'))).model_type).toBe('bert');
    server.stop();
  });

  test('of vocab.txt alone is of the class of the model', async () => {
    await rewritten({});
    await writeFile(path('vocab.txt'), vocab());
    expect((await AutoTokenizer.from_pretrained(directory)).encode(text)).toEqual(tokenizer.encode(text));
    await rewritten({ model_type: 'berd' });
    await problem('config', () => AutoTokenizer.from_pretrained(directory));
    await writeFile(path('tokenizer_config.json'), '{"tokenizer_class":"BertTokenizer"}');
    expect((await AutoTokenizer.from_pretrained(directory)).encode(text)).toEqual(tokenizer.encode(text));
    await rm(path('tokenizer_config.json'));
    await rm(path('config.json'));
    expect((await problem('config', () => AutoTokenizer.from_pretrained(directory))).message).toMatch(
      /^the class of a tokenizer: expected/,
    );
    await rewritten({});
  });
});

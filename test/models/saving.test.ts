import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import {
  AutoConfig,
  AutoModel,
  BertConfig,
  BertForMaskedLM,
  BertModel,
  type PreTrainedModel,
  SentenceEmbedder,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { loadModel } from '../../src/models/autoload.ts';
import { fixture } from '../support/fixtures.ts';
import { dummiesFor, FOLDERS, folderOf } from '../support/sentence.ts';
import { expectSameBits, problem, tinyBert, tinyConfig } from '../support/tiny.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'saving-'));
});
afterAll(() => rmSync(home, { recursive: true }));

const at = (...parts: string[]): string => join(home, ...parts);
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const headerOf = (path: string) => readSafetensors(readFileSync(path), path).header;
const ids = tensor([[1, 2, 3, 4]]);
const answers = (model: PreTrainedModel) =>
  model({ input_ids: ids, ...(model.input_names.includes('decoder_input_ids') && { decoder_input_ids: ids }) });

describe.each(readdirSync(fixture('zoo')))('%s', (name) => {
  test('is saved as transformers saves it, and loads again', async () => {
    const given = join(fixture('zoo'), name);
    const { model } = await loadModel(given, {});
    const paths = await model.save_pretrained(at(name));
    expect(paths).toEqual([at(name, 'model.safetensors'), at(name, 'config.json')]);
    const [saved, right] = [at(name), given].map((folder) => headerOf(join(folder, 'model.safetensors')));
    const shown = ({ tensors }: typeof saved) => tensors.map(({ name: tensor, dtype, shape }) => [tensor, dtype, shape]).sort();
    const known = new Set(shown(right).map(([tensor]) => tensor));
    expect(shown(saved).filter(([tensor]) => known.has(tensor))).toEqual(shown(saved));
    expect(saved.metadata.format).toBe('pt');
    expect(json(at(name, 'config.json'))).toMatchObject({
      model_type: json(join(given, 'config.json')).model_type,
      architectures: json(join(given, 'config.json')).architectures,
    });
    const again = (await loadModel(at(name), {})).model;
    if (!name.includes('MultipleChoice')) expectSameBits(answers(again), answers(model));
    expect(again.config.to_dict()).toMatchObject(model.config.to_diff_dict());
  });
});

test('weights that follow others are written with the torchscript flag alone, which unties them', async () => {
  const names = async (torchscript: boolean) => {
    const path = at(`tied-${torchscript}`);
    await new BertForMaskedLM(tinyConfig({ torchscript }), { seed: 1 }).save_pretrained(path);
    return headerOf(join(path, 'model.safetensors')).tensors.map(({ name }) => name);
  };
  expect(await names(false)).not.toContain('cls.predictions.decoder.weight');
  expect(await names(true)).toContain('cls.predictions.decoder.weight');
});

test('a configuration is saved alone', async () => {
  const config = new BertConfig({ hidden_size: 48, num_labels: 3 });
  expect(await config.save_pretrained(`${at('config')}/`)).toEqual([at('config', 'config.json')]);
  expect((await AutoConfig.from_pretrained(at('config'))).to_dict()).toEqual((await BertConfig.from_pretrained(at('config'))).to_dict());
  expect((await BertConfig.from_pretrained(at('config'))).hidden_size).toBe(48);
});

test('a folder with other weights, one that is none, and a signal stop it before anything is written', async () => {
  mkdirSync(at('others'));
  writeFileSync(at('others', 'pytorch_model.bin'), '');
  const { message } = await problem('source', () => tinyBert().save_pretrained(at('others')));
  expect(message).toMatch(/expected no weights but those of model\.safetensors, got pytorch_model\.bin\. Remove what/);
  expect(readdirSync(at('others'))).toEqual(['pytorch_model.bin']);
  writeFileSync(at('file'), '');
  await problem('source', () => tinyBert().save_pretrained(at('file')));
  await problem('value', () => tinyBert().save_pretrained(7 as never));
  await problem('value', () => tinyBert().save_pretrained(at('x'), { sign: 1 } as never));
  await expect(tinyBert().save_pretrained(at('never'), { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  expect(readdirSync(home)).not.toContain('never');
});

describe.each(FOLDERS)('%s', (name) => {
  test('is saved as a folder of sentence-transformers, which gives the same vectors', async () => {
    const model = await SentenceEmbedder.from_pretrained(folderOf(name));
    await model.save_pretrained(at(name));
    const again = await SentenceEmbedder.from_pretrained(at(name));
    expect(again.sentence.prompts).toEqual(model.sentence.prompts);
    const inputs = { ...dummiesFor(model), input_ids: tensor([[1, 2, 3, 4, 5, 6, 7, 8]]) };
    const vector = (embedder: SentenceEmbedder) => [...(embedder(inputs as never).sentence_embedding as Tensor).data];
    expect(vector(again)).toEqual(vector(model));
    expect(again.tokenizer?.encode('a cat')).toEqual(model.tokenizer?.encode('a cat'));
  });
});

test('what is saved is a model of its own', async () => {
  const model = tinyBert();
  await model.save_pretrained(at('own'));
  const again = (await AutoModel.from_pretrained(at('own'))) as BertModel;
  expect(again).toBeInstanceOf(BertModel);
  expectSameBits(answers(again), answers(model));
});

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../../src/formats/checkpoint.ts';
import { readSafetensors } from '../../../src/formats/safetensors.ts';
import { AutoConfig, AutoModel, BertModel } from '../../../src/index.ts';
import { tensor } from '../../../src/tensor/creation.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { fixture } from '../../support/fixtures.ts';
import { archiveOf } from '../../support/pickle.ts';
import { embedderOf, folderOf, TEXTS } from '../../support/sentence.ts';
import { expectSameBits } from '../../support/tiny.ts';

const BERT = fixture('bin/bert');
const bytesOf = (path: string): Uint8Array => new Uint8Array(readFileSync(path));

describe('a model', () => {
  const ids = async () => (await openCheckpoint(`${BERT}/golden.safetensors`)).tensors.get('0.in.input_ids') as Tensor;

  test('is made of any of its files', async () => {
    const model = await BertModel.from_pretrained(BERT);
    const path = mkdtempSync(join(tmpdir(), 'bin-'));
    cpSync(`${BERT}/config.json`, join(path, 'config.json'));
    cpSync(`${BERT}/pytorch_model.bin`, join(path, 'pytorch_model.bin'));
    const input = await ids();
    for (const made of [
      await BertModel.from_pretrained(path),
      await AutoModel.from_pretrained(path),
      await BertModel.from_pretrained(join(path, 'pytorch_model.bin')),
      await BertModel.from_pretrained(bytesOf(`${BERT}/pytorch_model.bin`), { config: model.config }),
      await BertModel.from_pretrained(new Response(bytesOf(`${BERT}/legacy.bin`) as Uint8Array<ArrayBuffer>), { config: model.config }),
    ])
      expectSameBits(made(input), model(input));
    expect(await AutoConfig.from_pretrained(join(path, 'pytorch_model.bin'))).toEqual(model.config);
    rmSync(path, { recursive: true });
  });

  test('takes the names and buffers that files of its time have', async () => {
    const model = await BertModel.from_pretrained(BERT);
    const { tensors } = await openCheckpoint(`${BERT}/model.safetensors`);
    const old = [...tensors].map(([name, value]): [string, Tensor] => [
      `bert.${name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta')}`,
      value,
    ]);
    const others: [string, Tensor][] = [
      ['bert.embeddings.position_ids', tensor([[0.5, 1]], { dtype: 'float32' })],
      ['cls.predictions.bias', tensor([0.5], { dtype: 'float32' })],
    ];
    const made = await BertModel.from_pretrained(archiveOf([...old, ...others]), { config: model.config });
    const input = await ids();
    expectSameBits(made(input), model(input));
  });

  test('of sentence vectors is made of them as well', async () => {
    const pickledIn = (path: string) => {
      const { tensors } = readSafetensors(bytesOf(join(path, 'model.safetensors')), path);
      writeFileSync(join(path, 'pytorch_model.bin'), archiveOf(tensors));
      rmSync(join(path, 'model.safetensors'));
    };
    const path = folderOf('dense');
    const before = (await embedderOf(path))(TEXTS).sentence_embedding as Tensor;
    for (const part of [path, join(path, '2_Dense')]) pickledIn(part);
    expectSameBits({ v: (await embedderOf(path))(TEXTS).sentence_embedding as Tensor }, { v: before });
    rmSync(path, { recursive: true });
  });
});

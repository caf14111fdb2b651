import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { archiveIn, archiveOf, isArchive, openArchive } from '../../src/formats/archive.ts';
import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import { BertConfig, BertModel, BertTokenizer, jit, SentenceEmbedder, tensor } from '../../src/index.ts';
import { type Folder, textOf } from '../../src/sources/folder.ts';
import { directory } from '../../src/sources/local.ts';
import { fromBytes } from '../../src/sources/stream.ts';
import { tokenizer } from '../support/texts.ts';
import { fileOf, problem, tinyConfig } from '../support/tiny.ts';

let folder: string;
let bytes: Uint8Array;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-'));
  bytes = await fileOf(await jit.trace(new SentenceEmbedder(tinyConfig(), { seed: 2 }), [tensor([[1, 2, 3]])], { tokenizer }));
  await writeFile(join(folder, 'model.tracelet'), bytes);
});
afterAll(() => rm(folder, { recursive: true }));

const NAMES = [
  '1_Pooling/config.json',
  '2_Normalize/config.json',
  'config.json',
  'config_sentence_transformers.json',
  'modules.json',
  'sentence_bert_config.json',
  'tokenizer_config.json',
  'vocab.txt',
];

test('a trace is a folder, however it is come by', async () => {
  const opened: (Folder | undefined)[] = [
    await openArchive(fromBytes(bytes), {}),
    await archiveIn(directory(folder, {}), {}),
    archiveOf(await openCheckpoint(bytes)),
  ];
  for (const archive of opened) {
    expect([...((await archive?.contents()) ?? [])].sort()).toEqual(NAMES);
    expect(JSON.parse((await textOf(archive as Folder, 'config.json')) as string)).toMatchObject({ model_type: 'bert' });
    expect(await archive?.find('vocab.json')).toBeUndefined();
    expect(await archive?.seek('vocab.json')).toEqual({ absent: 'none' });
    expect(archive?.at('vocab.txt')).toBe(`vocab.txt of ${archive?.name}`);
  }
});

test('other checkpoints and folders are none', async () => {
  await mkdir(join(folder, 'empty'));
  expect(await archiveIn(directory(join(folder, 'empty'), {}), {})).toBeUndefined();
  expect(archiveOf({ name: 'x', tensors: new Map(), metadata: {} })).toBeUndefined();
  await problem('format', () => openArchive(fromBytes(new Uint8Array(3)), {}));
  await problem('format', () => openArchive(fromBytes(new Uint8Array(300)), {}));
  expect(['a.tracelet', 'https://x/a.tracelet?b#c', 'a.safetensors', 'tracelet'].map(isArchive)).toEqual([true, true, false, false]);
});

test('a source that fails at once is closed', async () => {
  let closed = false;
  const close = async () => {
    closed = true;
  };
  const read = () => Promise.reject(new Error('broken'));
  await expect(openArchive({ name: 'x', read, close }, {})).rejects.toThrow('broken');
  expect(closed).toBe(true);
});

test('a folder that holds a trace alone has its configuration, tokenizer and weights', async () => {
  expect(await BertConfig.from_pretrained(folder)).toMatchObject({ hidden_size: 16 });
  expect(await BertConfig.from_pretrained(join(folder, 'model.tracelet'))).toMatchObject({ hidden_size: 16 });
  expect((await BertTokenizer.from_pretrained(folder)).encode('Jim')).toEqual(tokenizer.encode('Jim'));
  expect((await BertModel.from_pretrained(folder, { add_pooling_layer: false })).config.hidden_size).toBe(16);
});

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { jit, type SourceOptions, tensor } from '../../src/index.ts';
import { Hub } from './hub.ts';
import { expectSameBits, fileOf, tinyBert } from './tiny.ts';

export const ids = tensor([[1, 2, 3, 4, 5]]);
export const ZOO = new URL('../fixtures/zoo/bert-BertModel/', import.meta.url);
export const TRACE = 'owner/traced/model.tracelet';
export const hub = new Hub();
export let endpoint: string;
/** An empty cache for each test. */
export let folder: string;
export let trace: Uint8Array;
export let options: SourceOptions;

/** Starts a hub for the tests of a file, which has a checkpoint `owner/bert` and a trace `owner/traced`. */
export function startHub(): void {
  beforeAll(async () => {
    endpoint = await hub.start();
    trace = await fileOf(await jit.trace(tinyBert(), [ids]));
    for (const file of ['config.json', 'model.safetensors']) hub.files.set(`owner/bert/${file}`, await readFile(new URL(file, ZOO)));
    hub.files.set('owner/bert/vocab.txt', await readFile(new URL('../tokenizer/vocab.txt', new URL('../fixtures/zoo/', import.meta.url))));
    hub.files.set(TRACE, trace);
  });
  afterAll(() => hub.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-'));
    options = { endpoint, cache: folder };
  });
  afterEach(async () => {
    hub.reset();
    await rm(folder, { recursive: true });
  });
}

export const kept = async (): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);
export const entry = (): string => `model.tracelet.${trace.length}`;
export const loads = async (source: string | URL, more: SourceOptions = {}): Promise<void> => {
  expectSameBits((await jit.load(source, { ...options, ...more }))(ids), tinyBert().eval()(ids));
};

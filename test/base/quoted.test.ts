import { describe, expect, test } from 'vitest';
import { describe as quote } from '../../src/base/json.ts';
import {
  BertConfig,
  BertModel,
  BertTokenizer,
  F,
  jit,
  nn,
  ones,
  openCheckpoint,
  Tensor,
  type TracedModule,
  TraceletError,
  tensor,
} from '../../src/index.ts';
import { files } from '../../src/platform/files.ts';
import { serialize } from '../support/safetensors.ts';
import { fileOf, tinyBert } from '../support/tiny.ts';

const LONG = 'x'.repeat(5000);
const VOCAB = '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n';
const traced = (await jit.trace(new nn.Linear(2, 2), { x: ones([1, 2]) } as never)) as unknown as TracedModule;
const from = (others: Record<string, unknown>, vocab: string | object = VOCAB) => {
  const texts = Object.entries(others).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
  return BertTokenizer.from_files({ 'vocab.txt': vocab as string, ...Object.fromEntries(texts) });
};
/** A tokenizer.json as BERT has it, with a class token of its own. */
const JSON_OF_BERT = {
  model: { type: 'WordPiece', vocab: { '[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3, '[MASK]': 4 }, unk_token: '[UNK]' },
  normalizer: { type: 'BertNormalizer', lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: { type: 'BertProcessing', cls: ['[CLS]', 2], sep: ['[SEP]', 3] },
};
const header = (json: string): Uint8Array => {
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + text.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
};

describe('a message quotes what it names short', () => {
  test.each<[string, () => unknown]>([
    ['a token in the place of another', () => from({ 'tokenizer.json': JSON_OF_BERT, 'special_tokens_map.json': { cls_token: LONG } })],
    ['a token in a list', () => from({ 'special_tokens_map.json': { cls_token: [LONG] } })],
    ['a token that is none', () => from({ 'special_tokens_map.json': { additional_special_tokens: [[LONG]] } })],
    ['the id of a token', () => from({ 'added_tokens.json': { [LONG]: LONG } })],
    ['a class', () => from({ 'tokenizer_config.json': { tokenizer_class: LONG } })],
    ['a key', () => from({ 'tokenizer_config.json': { added_tokens_decoder: { [LONG]: 1 } } })],
    ['a type', () => from({ 'tokenizer.json': { ...JSON_OF_BERT, model: { type: LONG } } })],
    ['a word for an id', () => from({ 'tokenizer.json': { ...JSON_OF_BERT, model: { ...JSON_OF_BERT.model, vocab: { [LONG]: LONG } } } })],
    ['what is no JSON', () => from({ 'tokenizer_config.json': `{"a": ${LONG}` })],
    ['a token to look up', () => from({}).convert_tokens_to_ids([7 as never, LONG])],
    ['an option', () => new BertConfig({ [LONG]: 1 })],
    ['a value', () => new BertConfig({ hidden_act: LONG } as never)],
    ['a path', () => jit.load(LONG)],
    ['a path that ends so', () => openCheckpoint(`/${LONG}/x.safetensors`)],
    ['an address', () => jit.load(`http://127.0.0.1:1/${LONG}`, { cache: false })],
    ['an endpoint', () => jit.load('owner/name', { endpoint: LONG })],
    ['a path to write to', () => files.write(`/tmp/${LONG}`, [])],
    ['a tensor of a file', () => openCheckpoint(header(`{"${LONG}":{"dtype":"${LONG}","shape":[1],"data_offsets":[0,4]}}`))],
    ['a tensor that is cut short', () => openCheckpoint(Buffer.concat([...serialize([[LONG, ones([2])]])]).subarray(0, -1))],
    ['an input', () => traced({ [LONG]: ones([1, 2]) } as never)],
    ['an output', () => traced.run({ x: ones([1, 2]) }, { outputs: [LONG] })],
    ['an extra file', async () => jit.load(await fileOf(traced), { _extra_files: { [LONG]: '' } })],
    ['an argument', () => (F.relu as unknown as (x: unknown) => void)({ [LONG]: 1 })],
    ['a dtype', () => new Tensor(LONG as never, [1], new Float32Array(1) as never)],
    ['a shape', () => ones(Array(3000).fill(1)).reshape([2])],
    ['inputs of a trace', () => jit.trace(new nn.Linear(2, 2), { [LONG]: ones([1, 3]) } as never)],
  ])('%s', async (_, act) => {
    const error = await (async () => act())().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(TraceletError);
    const { message, what, cure } = error as TraceletError;
    for (const part of [what, cure ?? '']) expect(part.length).toBeLessThanOrEqual(400);
    expect(message.length).toBeLessThanOrEqual(4 * 400 + 30);
    expect(message).not.toMatch(/x{401}/);
  });

  test('a tensor that is passed over', async () => {
    const config = tinyBert().config;
    const bytes = Buffer.concat([...serialize([...tinyBert().state_dict(), [LONG, tensor([1])]])]);
    const told: string[] = [];
    await BertModel.from_pretrained(new Uint8Array(bytes), { config, onwarn: (message) => told.push(message) });
    expect(told).toHaveLength(1);
    expect(told[0].length).toBeLessThan(400);
  });
});

test('beginning and end of a part are shown, and all of it up to 400 characters', () => {
  const text = (length: number): string => `begin${'.'.repeat(length - 8)}end`;
  for (const field of ['what', 'expected', 'got', 'cure'] as const) {
    const messageOf = (length: number) => new TraceletError('value', { what: 'it', [field]: text(length) }).message;
    expect(messageOf(400)).toContain(text(400));
    expect(messageOf(401)).toMatch(/begin\.{10,}end/);
    expect(messageOf(401).length).toBe(messageOf(400).length);
  }
  expect(quote('x'.repeat(118))).toBe(`"${'x'.repeat(118)}"`);
  expect(quote(`${'x'.repeat(200)}end`)).toMatch(/^"x{86}\.\.\.x{26}end"$/);
});

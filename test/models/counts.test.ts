import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SLICE_MS } from '../../src/base/slices.ts';
import { BertConfig, BertModel, BertTokenizer, F, jit, SentenceEmbedder, type Tensor, tensor } from '../../src/index.ts';
import { loadTrace } from '../../src/jit/load.ts';
import { fromBytes } from '../../src/sources/stream.ts';
import { fixture } from '../support/fixtures.ts';
import { altered, type Parts, seal, takeApart } from '../support/malformed_trace.ts';
import { folderOf } from '../support/sentence.ts';
import { Computed, expectSameBits, fileOf, floats, problem } from '../support/tiny.ts';

const BERT = fixture('zoo/bert-BertModel');
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'counts-'));
  await cp(BERT, directory, { recursive: true });
});
afterAll(() => rm(directory, { recursive: true }));

/** Errors come before anything as large is made: these counts would take minutes, or more memory than there is. */
describe('counts of a config that nothing can hold are refused', () => {
  const HUGE = 2 ** 31 - 1;
  test.each<[string, object, RegExp]>([
    ['layers', { num_hidden_layers: 1e7 }, /^num_hidden_layers of .*: expected a whole number from 1 to 1024, got 10000000/],
    ['layers of small weights', { num_hidden_layers: 1025 }, /^num_hidden_layers.*to 1024, got 1025/],
    [
      'layers whose weights memory cannot hold',
      { num_hidden_layers: 1000, intermediate_size: 1e5 },
      /expected at most 2147483648 weights in all.*num_hidden_layers 1000, .*intermediate_size 100000/,
    ],
    ['a vocabulary', { vocab_size: HUGE }, /^vocab_size x hidden_size.*2147483647 x/],
    [
      'a vocabulary and layers beyond memory',
      { vocab_size: 4e7, num_hidden_layers: 40, intermediate_size: 1e5 },
      /at most 2147483648 weights in all.*vocab_size 40000000/,
    ],
    ['a width', { hidden_size: 2 ** 30, num_attention_heads: 2 }, /x hidden_size.*x 1073741824/],
    ['a width of a layer', { intermediate_size: HUGE }, /^intermediate_size x hidden_size.*2147483647 x/],
    ['positions', { max_position_embeddings: HUGE }, /^max_position_embeddings x hidden_size.*2147483647 x/],
    ['types', { type_vocab_size: HUGE }, /^type_vocab_size x hidden_size.*2147483647 x/],
    ['heads', { num_attention_heads: HUGE }, /^hidden_size.*a multiple of num_attention_heads 2147483647/],
    ['labels', { num_labels: 2 ** 20 }, /^num_labels.*to 131072, got 1048576/],
  ])('%s', async (_, fields, message) => {
    const config = { ...JSON.parse(readFileSync(join(BERT, 'config.json'), 'utf8')), ...fields };
    await writeFile(join(directory, 'config.json'), JSON.stringify(config));
    for (const strict of [true, false])
      expect((await problem('config', () => BertModel.from_pretrained(directory, { strict }))).message).toMatch(message);
    const shape = { hidden_size: 48, num_attention_heads: 4, intermediate_size: 64, ...fields };
    expect((await problem('config', () => new BertModel(new BertConfig(shape)))).message).toMatch(message);
  });

  test.each<[string, object, RegExp]>([
    [
      'in a Dense',
      { out_features: HUGE },
      /^in_features x out_features of 2_Dense.*: expected at most 2147483647 elements, got 16 x 2147483647/,
    ],
    ['into a Dense', { in_features: 2 ** 24 }, /expected a sentence_embedding of 16 numbers, got 16777216/],
    ['that the weights of a Dense are not of', { out_features: 2 ** 24 }, /linear\.weight.*expected shape \[16777216,16\]/],
  ])('numbers %s', async (_, fields, message) => {
    const folder = folderOf('dense');
    const path = join(folder, '2_Dense/config.json');
    await writeFile(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...fields }));
    await expect(SentenceEmbedder.from_pretrained(folder)).rejects.toThrow(message);
    await rm(folder, { recursive: true });
  });
});

/** A trace of `count` results, each of the one before it, of which all are outputs. */
async function chainOf(count: number): Promise<Uint8Array> {
  const parts = takeApart(await fileOf(await jit.trace(new Computed((x) => [F.relu(x)]), [floats([4])])));
  const { program, tensors, aliases } = parts;
  const golden = tensors.has('trace.golden.out.0') ? 'trace.golden.out.0' : aliases['trace.golden.out.0'];
  for (let i = 1; i < count; i++) {
    program.values.push({ ...program.values[1], place: { arena: 64 * (i + 1) } });
    program.outputs.push({ name: `more.${i}`, value: i + 1 });
    program.paths.push('');
    parts.code.push(parts.code[0], i + 1, i, 4);
    aliases[`trace.golden.out.more.${i}`] = golden;
  }
  program.arena = 64 * (count + 1);
  return seal(parts);
}

describe('a trace', () => {
  const MANY = 60_000;
  let file: Uint8Array;
  beforeAll(async () => {
    file = await chainOf(MANY);
  });

  test('of as many outputs as instructions loads, answers and lists itself', async () => {
    const traced = await jit.load<Record<string, Tensor[]>>(file.slice());
    const { more } = traced(tensor([-1, 2, -3, 4], { dtype: 'float32' }));
    expect(more).toHaveLength(MANY - 1);
    expect([...(more.at(-1)?.data ?? [])]).toEqual([0, 2, 0, 4]);
    expect(traced.graph.split('\n')).toHaveLength(2 * MANY + 1);
    const [last] = Object.values(await traced.run([tensor([-1, 2, -3, 4])], { outputs: ['more'] }));
    expect(last).toHaveLength(MANY - 1);
  });

  test('stops loading at the signal, also when all bytes are there', async () => {
    const controller = new AbortController();
    const bytes = fromBytes(file.slice());
    const read = async (target: Uint8Array) => {
      const got = await bytes.read(target);
      if (got === 0) setTimeout(() => controller.abort(new Error('enough')), 0);
      return got;
    };
    await expect(loadTrace({ ...bytes, size: undefined, read }, { signal: controller.signal })).rejects.toThrow('enough');
  });

  test('stops recording at the signal', async () => {
    const controller = new AbortController();
    let recordings = 0;
    const slow = new Computed((x) => {
      if (recordings++ === 1) setTimeout(() => controller.abort(new Error('enough')), 0);
      for (const since = performance.now(); performance.now() - since <= SLICE_MS; );
      return F.relu(x);
    });
    const tracing = jit.trace(slow, [floats([2, 8])], { dynamic: { batch: [1, 64], sequence: [1, 512] }, signal: controller.signal });
    await expect(tracing).rejects.toThrow('enough');
    expect(recordings).toBeLessThan(5);
  });

  test('of as many views of one another as a model makes is one of single views', async () => {
    const shapes = Array.from({ length: 20_001 }, (_, i) => (i % 2 ? [2, 4] : [8]));
    const viewed = new Computed((x) => F.relu(shapes.reduce((y, shape) => y.reshape(shape), x)));
    const traced = await jit.load(await fileOf(await jit.trace(viewed, [floats([2, 4])])));
    expect(traced.instance.program.values.length).toBeLessThan(5);
    expectSameBits(traced(floats([2, 4], 3)), viewed(floats([2, 4], 3)));
  });

  const refused = async (change: (parts: Parts) => void, message: RegExp): Promise<void> => {
    const small = altered(await chainOf(1), change);
    expect((await problem('format', () => jit.load(small))).message).toMatch(message);
  };

  test('of views of one another without end is refused', async () => {
    const views =
      (count: number) =>
      ({ program }: Parts): void => {
        for (let i = 0; i < count; i++) program.values.push({ ...program.values[1], place: { view: program.values.length - 1 } });
      };
    await refused(views(1001), /value 1002: expected at most 1000 views of one another, got 1001/);
    await jit.load(altered(await chainOf(1), views(1000)));
  });

  test('of many symbols is refused, and made of none', async () => {
    const symbols = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`s${i}`, [1, 2]]));
    await refused(({ program }) => void Object.assign(program.symbols, symbols), /symbols: expected at most 8, got 9/);
    const trace = () => jit.trace(new Computed((x) => F.relu(x)), [floats([4])], { dynamic: symbols as never });
    expect((await problem('value', trace)).message).toMatch(/dynamic: expected at most 8 symbols, got 9/);
  });

  test('of a constant that is not in the file is refused before memory is asked for', async () => {
    const constant = { dtype: 'float32', shape: [2 ** 28, 7], layout: 'plain', parts: ['nowhere'] };
    await refused(({ program }) => void program.constants.push(constant), /nowhere: expected float32 \[268435456,7\], got no such tensor/);
  });
});

describe('a tokenizer', () => {
  const VOCAB = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a'];
  const MANY = 20_000;
  const tokens = Array.from({ length: MANY }, (_, i) => `<${i}>`);

  test('of many added tokens, whatever file lists them, finds each', () => {
    const listed = JSON.stringify({ additional_special_tokens: tokens });
    const more = Object.fromEntries(tokens.map((token, i) => [`${token}!`, VOCAB.length + i]));
    const tokenizer = BertTokenizer.from_files({
      'vocab.txt': VOCAB.join('\n'),
      'tokenizer_config.json': listed,
      'special_tokens_map.json': JSON.stringify({ extra_special_tokens: [...tokens, '<last>'] }),
      'added_tokens.json': JSON.stringify(more),
    });
    expect(tokenizer.length).toBe(VOCAB.length + 2 * MANY + 1);
    expect(tokenizer.tokenize('a<7>a<19999><last>')).toEqual(['a', '<7>', 'a', '<19999>', '<last>']);
    expect(() => tokenizer.decode([1e9])).toThrow(/expected an id from 0 to 40006, got 1000000000/);
  });

  test('finds each of many added tokens, however many begin in ways of their own', () => {
    const content = (i: number) => String.fromCodePoint(0x4e00 + (i % MANY)) + i.toString(36);
    const added_tokens = Array.from({ length: 2 * MANY }, (_, i) => ({ content: content(i), normalized: false }));
    const made = new BertTokenizer({ vocab: VOCAB, added_tokens });
    const near = '\u4e00\u5e03'.repeat(50_000);
    expect(made.tokenize(`${near}${content(7)}${near}${content(MANY + 7)}`).filter((token) => token !== '[UNK]')).toEqual([
      content(7),
      content(MANY + 7),
    ]);
  });

  test('takes the longest of added tokens that begin alike, wherever one stands', () => {
    const contents = ['ab', 'a', 'abcd', 'abce', 'b\u{1f600}', 'b\u{1f601}c', 'cc', 'ccc'];
    const made = new BertTokenizer({
      vocab: ['[UNK]', '[CLS]', '[SEP]', 'x'],
      added_tokens: contents.map((content) => ({ content, normalized: false })),
    });
    const pieces = [...contents, 'x', 'b', 'c', 'd', 'abc', '\u{1f600}', '\ud83d'];
    const longest = [...contents].sort((one, other) => other.length - one.length);
    for (const first of pieces)
      for (const second of pieces)
        for (const third of pieces) {
          const text = first + second + third;
          const want: string[] = [];
          for (let at = 0; at < text.length; at += want.at(-1)?.length || 1)
            want.push(longest.find((content) => text.startsWith(content, at)) ?? '');
          expect(
            made.tokenize(text).filter((token) => contents.includes(token)),
            text,
          ).toEqual(want.filter((token) => token !== ''));
        }
  });

  test('tells long tokens apart by their ends', () => {
    const [one, other] = ['1', '2'].map((end) => 'x'.repeat(200) + end);
    const made = BertTokenizer.from_files({
      'vocab.txt': VOCAB.join('\n'),
      'tokenizer_config.json': JSON.stringify({ additional_special_tokens: [one] }),
      'special_tokens_map.json': JSON.stringify({ extra_special_tokens: [other] }),
    });
    expect(made.all_special_tokens.slice(-2)).toEqual([one, other]);
  });

  const tokenizer = new BertTokenizer({ vocab: VOCAB, padding_side: 'left', model_max_length: 1e9 });
  test.each([
    [{ padding: 'max_length' }, /padding to 1000000000 tokens: expected at most 16777216 tokens of padding, got 999999997/],
    [{ padding: 'max_length', max_length: 2 ** 31 - 1 }, /padding to 2147483647 tokens/],
    [{ padding: true, pad_to_multiple_of: 1e9 }, /padding to 1000000000 tokens/],
  ] as const)('refuses padding that memory cannot hold: %j', async (options, message) => {
    expect((await problem('value', () => tokenizer.encode_plus('a', options))).message).toMatch(message);
  });

  test('pads to hundreds of thousands of tokens on either side', () => {
    const { input_ids, attention_mask } = tokenizer.encode_plus('a', { padding: 'max_length', max_length: 300_000 }) as {
      input_ids: number[];
      attention_mask: number[];
    };
    expect([input_ids.length, ...input_ids.slice(-4)]).toEqual([300_000, 0, 2, 5, 3]);
    expect(attention_mask.indexOf(1)).toBe(299_997);
  });
});

describe('values nested thousands deep', () => {
  const DEEP = 5000;
  const text = '['.repeat(DEEP) + ']'.repeat(DEEP);
  const deep = JSON.parse(text);

  test.each<[string, object]>([
    ['a key of its own', { other: deep }],
    ['a field', { hidden_size: deep }],
    ['ids', { pad_token_id: deep }],
  ])('in %s of a config are refused', async (_, dict) => {
    await problem('config', () => BertConfig.from_dict(dict as Record<string, unknown>));
  });

  test('in a label are told in short', () => {
    const { id2label } = BertConfig.from_dict({ id2label: { 0: deep, 1: 'b' } });
    expect(id2label).toEqual({ 0: 'an array of 1', 1: 'b' });
  });

  test.each(['tokenizer_config.json', 'special_tokens_map.json'])('in a token of %s are refused', async (name) => {
    const files = { 'vocab.txt': '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]', [name]: `{"extra_special_tokens":[${text}]}` };
    await problem('config', () => BertTokenizer.from_files(files));
  });
});

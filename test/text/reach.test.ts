import { describe, expect, test, vi } from 'vitest';
import {
  type BertConfigOptions,
  BertForMultipleChoice,
  BertModel,
  BertTokenizer,
  F,
  jit,
  nn,
  PreTrainedTokenizerFast,
  SentenceEmbedder,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import '../../src/tokenizer/all.ts';
import { expectSameBits, problem, tinyConfig } from '../support/tiny.ts';
import { NAMES, tokenizerTruth } from '../support/tokenizertruth.ts';

const VOCAB = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'jim', 'was', 'a', 'puppet'];
const ROWS = VOCAB.length;
const made = (options: object = {}) => new BertTokenizer({ vocab: VOCAB, ...options });
const bert = (options: BertConfigOptions = {}) => new BertModel(tinyConfig({ vocab_size: ROWS, ...options }), { seed: 1 });
const inputs = { input_ids: tensor([[2, 5, 3]]), attention_mask: tensor([[1, 1, 1]]) };
const dynamic = { batch: [1, 4], sequence: [1, 12] } as const;
const traced = (tokenizer: BertTokenizer, model: BertModel | SentenceEmbedder = bert()) => jit.trace(model, inputs, { tokenizer, dynamic });

function warnings(): string[] {
  const told: string[] = [];
  vi.spyOn(console, 'warn').mockImplementation((message) => void told.push(String(message)));
  return told;
}

test('a token that was added and has no row is named when a trace is made, and so is what makes room', async () => {
  const tokenizer = made();
  tokenizer.add_tokens(['frog', 'toad']);
  const model = bert();
  const { message } = await problem('value', () => traced(tokenizer, model));
  expect(message).toBe(
    'the tokenizer of the trace: expected ids below 9, the rows of embeddings.word_embeddings.weight, got 10, the id of "toad". ' +
      'Take the tokenizer that belongs to the model. Or make room for added tokens with model.resize_token_embeddings(11)',
  );
  model.resize_token_embeddings(tokenizer.length);
  const trace = await traced(tokenizer, model);
  expectSameBits(await trace.run('jim toad'), model({ input_ids: tensor([[2, 5, 10, 3]]) }));
});

test('a table with more rows than the tokenizer has tokens is as good', async () => {
  const told = warnings();
  await traced(made(), bert({ vocab_size: 64 }));
  await traced(made());
  expect(told).toEqual([]);
});

test.each<[string, object, RegExp]>([
  ['of the vocabulary', { vocab: [...VOCAB, 'frog'] }, /got 9, the id of "frog"\. .*resize_token_embeddings\(10\)/],
  ['that pads', { pad_token: '<pad>' }, /got 9, the id of "<pad>"/],
  ['that is around every text', { cls_token: '<s>' }, /got 9, the id of "<s>"/],
  ['for all others', { unk_token: '<unk>' }, /got 9, the id of "<unk>"/],
])('a token %s without a row is an error', async (_, options, message) => {
  expect((await problem('value', () => traced(made(options)))).message).toMatch(message);
});

test('an empty line behind a vocabulary is no token of any text', async () => {
  await traced(made({ vocab: [...VOCAB, ''] }));
});

describe('a special token that stands only where a text holds it', () => {
  const options = { additional_special_tokens: ['<e1>'] };

  test('is a warning, and an error in the call that has it', async () => {
    const told = warnings();
    const trace = await traced(made(options));
    expect(told).toEqual([
      expect.stringMatching(/^tracelet: the tokenizer of the trace: expected ids below 9, .* got 9, the id of "<e1>"/),
    ]);
    expect((await trace.run('jim was')).last_hidden_state.shape).toEqual([1, 4, 16]);
    await problem('value', () => trace.run('jim <e1>'));
  });

  test('is nothing where texts are split there', async () => {
    const told = warnings();
    await traced(made({ ...options, split_special_tokens: true }));
    expect(told).toEqual([]);
  });
});

test('the tokenizer of an embedder counts', async () => {
  const tokenizer = made();
  const embedder = new SentenceEmbedder(tinyConfig({ vocab_size: ROWS }), { seed: 1, tokenizer });
  tokenizer.add_tokens('frog');
  const trace = () => jit.trace(embedder, inputs, { dynamic });
  expect((await problem('value', trace)).message).toMatch(/rows of bert\.embeddings\.word_embeddings\.weight, got 9, the id of "frog"/);
  embedder.resize_token_embeddings(tokenizer.length);
  expect((await (await trace()).embed('frog')).shape).toEqual([1, 16]);
});

test('tables count that get the ids in another shape, the smallest of them, and none that gets other ids', async () => {
  const choices = new BertForMultipleChoice(tinyConfig({ vocab_size: ROWS - 1 }));
  const ids = inputs.input_ids.reshape([1, 1, 3]);
  await problem('value', () => jit.trace(choices, [ids], { tokenizer: made() }));

  class Two extends nn.Module<[Tensor, Tensor], Tensor> {
    readonly input_names = ['input_ids', 'token_type_ids'];
    large = new nn.Embedding(ROWS, 4);
    small: nn.Embedding;
    types = new nn.Embedding(2, 4);
    constructor(rows: number) {
      super();
      this.small = new nn.Embedding(rows, 4);
    }
    forward(words: Tensor, types: Tensor): Tensor {
      return F.add(F.add(this.large(words), this.small(words)), this.types(types));
    }
  }
  const both = [inputs.input_ids, tensor([[0, 0, 1]])];
  await jit.trace(new Two(ROWS), both, { tokenizer: made() });
  expect((await problem('value', () => jit.trace(new Two(ROWS - 1), both, { tokenizer: made() }))).message).toMatch(
    /rows of small\.weight/,
  );
});

test.each(NAMES)('no text of %s has an id above the largest', (name) => {
  const { json, config, lines } = tokenizerTruth(name);
  const tokenizer = PreTrainedTokenizerFast.from_files({ 'tokenizer.json': json, 'tokenizer_config.json': config });
  const { id, token } = tokenizer.largestId(true);
  const largest = Math.max(...lines.flatMap((line) => (JSON.parse(line).ids ?? []) as number[]));
  expect(largest).toBeLessThanOrEqual(id);
  expect(id).toBe(Math.max(...tokenizer.get_vocab().values()));
  expect(tokenizer.convert_ids_to_tokens(id)).toBe(token);
  expect(tokenizer.largestId().id).toBeLessThanOrEqual(id);
});

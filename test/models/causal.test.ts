import { describe, expect, test } from 'vitest';
import {
  CTRLConfig,
  CTRLForSequenceClassification,
  F,
  GPT2Config,
  type GPT2ConfigOptions,
  GPT2ForSequenceClassification,
  jit,
  tensor,
} from '../../src/index.ts';
import { expectClose } from '../support/fixtures.ts';
import { expectSameBits, fileOf, problem } from '../support/tiny.ts';

const SIZES = { vocab_size: 40, n_embd: 16, n_layer: 2, n_head: 2, n_positions: 12 };
const tiny = (options: GPT2ConfigOptions = {}): GPT2Config => new GPT2Config({ ...SIZES, ...options });

describe('labels are scored by', () => {
  const inputs = {
    input_ids: tensor([[5, 7, 1, 1], [1, 1, 6, 2], [5, 1, 6, 2], [1, 1, 1, 1]]), // biome-ignore format: one row
    attention_mask: tensor([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [1, 1, 1, 1]]), // biome-ignore format: one row
  };
  const ENDS = [1, 3, 3, 0];

  test('the last token that is not padding by its id, of which the mask says nothing, in traces too', async () => {
    const model = new GPT2ForSequenceClassification(tiny({ pad_token_id: 1, num_labels: 3 }), { seed: 4 });
    const hidden = model.transformer(inputs.input_ids, inputs.attention_mask).last_hidden_state;
    const want = ENDS.map((end, b) => model.score(hidden[b][end].reshape([1, 16])));
    const { logits } = model(inputs);
    for (const [b, each] of want.entries()) expectSameBits([logits[b].reshape([1, 3])], [each]);
    const dynamic = { dynamic: { batch: [1, 6], sequence: [1, 12] } } as const;
    for (const options of [{}, dynamic]) {
      const traced = await jit.trace(model, inputs, options);
      expect(traced.graph).toContain('tokens');
      expectClose(traced(inputs).logits, logits, 1e-6, 'logits');
    }
  });

  test('the last of one text, where no token is padding', async () => {
    const model = new GPT2ForSequenceClassification(tiny(), { seed: 4 });
    const one = { input_ids: tensor([[5, 7, 1]]), attention_mask: tensor([[1, 1, 0]]) };
    const hidden = model.transformer(one.input_ids, one.attention_mask).last_hidden_state;
    expectSameBits([model(one).logits], [model.score(F.select(hidden, 1, 2))]);
    expectSameBits((await jit.trace(model, one))(one), model(one));
    expect((await problem('value', () => model(inputs))).message).toMatch(/no pad_token_id: expected one text.* got 4 texts\. Say which/);
    await problem('value', () => jit.trace(model, one, { dynamic: { batch: [1, 2], sequence: [1, 5] } }));
  });

  test('CTRL’s classifier alike', () => {
    const model = new CTRLForSequenceClassification(new CTRLConfig({ ...SIZES, dff: 24, pad_token_id: 1 }), { seed: 4 });
    const hidden = model.transformer(inputs.input_ids, inputs.attention_mask).last_hidden_state;
    const want = ENDS.map((end, b) => model.classifier(hidden[b][end].reshape([1, 16])));
    for (const [b, each] of want.entries()) expectSameBits([model(inputs).logits[b].reshape([1, 2])], [each]);
  });
});

describe('the last tokens', () => {
  const ids = tensor([[5, 1, 7, 1], [1, 1, 1, 1], [1, 1, 1, 6], [2, 3, 4, 5]]); // biome-ignore format: one row

  test('are those that are not padding by their ids, and the first of nothing but padding', () => {
    expect(F.ends(ids, 1).tolist()).toEqual([[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1]]); // biome-ignore format: one row
    for (const none of [null, undefined, -1]) expect(F.ends(ids, none).tolist()).toEqual(Array(4).fill([0, 0, 0, 1]));
  });

  test('are known to a trace by the id of padding, which fills up shorter texts', async () => {
    const model = new GPT2ForSequenceClassification(tiny({ pad_token_id: 7 }), { seed: 4 });
    const inputs = { input_ids: tensor([[2, 3, 4, 5, 6, 7]]), attention_mask: tensor([[1, 1, 1, 1, 1, 0]]) };
    const traced = await jit.load(await fileOf(await jit.trace(model, inputs)));
    expect(traced.inputs.map(({ padding }) => padding)).toEqual([7, undefined]);
    const padded = traced.pad({ input_ids: tensor([[3, 9]]) });
    expect(padded.input_ids.tolist()).toEqual([[3, 9, 7, 7, 7, 7]]);
    expectClose(traced(padded).logits, model(tensor([[3, 9]])).logits, 1e-6, 'logits');
    expect(traced.pad({ input_ids: tensor([[3, 9]]) }, { pad_token_id: 2 }).input_ids.tolist()).toEqual([[3, 9, 2, 2, 2, 2]]);
    const one = await jit.trace(new GPT2ForSequenceClassification(tiny(), { seed: 4 }), inputs);
    expect(one.inputs.map(({ padding }) => padding)).toEqual([undefined, undefined]);
  });

  test('have the bits that they have alone, whatever padding stands around them', async () => {
    const model = new GPT2ForSequenceClassification(tiny({ pad_token_id: 1 }), { seed: 4 });
    const texts = [[5, 6, 7], [2], [9, 8, 7, 6, 5, 4]];
    const inputsOf = (rows: readonly (readonly number[])[], width: number) => ({
      input_ids: tensor(rows.map((row) => Array.from({ length: width }, (_, i) => row[i] ?? 1))),
      attention_mask: tensor(rows.map((row) => Array.from({ length: width }, (_, i) => Number(i < row.length)))),
    });
    const traced = await jit.trace(model, inputsOf(texts, 8), { dynamic: { batch: [1, 4], sequence: [1, 12] } });
    const { logits } = traced(inputsOf(texts, 8));
    for (const [b, text] of texts.entries()) expectSameBits([traced(inputsOf([text], text.length)).logits[0]], [logits[b]]);
    const threads = await jit.load(await fileOf(traced), { threads: 2 });
    expectSameBits(await threads.run(inputsOf(texts, 8)), traced(inputsOf(texts, 8)));
    threads.dispose();
  });
});

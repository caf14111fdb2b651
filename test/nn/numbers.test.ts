import { describe, expect, test } from 'vitest';
import { F, jit, nn, tensor } from '../../src/index.ts';
import { Computed, expectSameBits, fileOf, problem } from '../support/tiny.ts';

const ids = tensor([
  [4, 7, 7, 2],
  [7, 2, 1, 1],
]);

describe('numbers of tokens', () => {
  test('are 1 where an id is', () => {
    expect(F.matches(ids, 7).tolist()).toEqual([
      [0, 1, 1, 0],
      [1, 0, 0, 0],
    ]);
    expect(F.matches(tensor([[5, 6]], { dtype: 'int64' }), 6).tolist()).toEqual([[0, 1]]);
    expect(F.differs(tensor([[5, 6]], { dtype: 'int64' }), 6).tolist()).toEqual([[1, 0]]);
  });

  test('are those before, behind the first', () => {
    expect(F.shift_right(ids, 9).tolist()).toEqual([
      [9, 4, 7, 7],
      [9, 7, 2, 1],
    ]);
    expect(F.shift_right(tensor([[5], [6]]), 0).tolist()).toEqual([[0], [0]]);
  });

  test('count from a number', () => {
    expect(F.positions(ids, null, { offset: 2 }).tolist()).toEqual([
      [2, 3, 4, 5],
      [2, 3, 4, 5],
    ]);
  });

  test.each([
    () => F.matches(tensor([1, 2]), 1),
    () => F.shift_right(tensor([1, 2]), 1),
    () => F.positions(tensor([1, 2]), null, { offset: 2 }),
  ])('ask for tokens of texts', async (call) => {
    expect((await problem('shape', call)).message).toMatch(/^tokens: expected \[batch, sequence/);
  });

  test('are the same in traces of any size, packed where they are of the text', async () => {
    const words = new nn.Embedding(12, 4, { seed: 1 });
    const model = new Computed((input_ids, attention_mask) => {
      const x = F.add(words(input_ids), words(F.positions(input_ids, null, { offset: 3 })));
      const seen = F.attention(x, x, x, { heads: 2, mask: attention_mask });
      return [seen, words(F.shift_right(input_ids, 9)), F.add(x, words(F.matches(input_ids, 7)))];
    });
    Object.assign(model, { input_names: ['input_ids', 'attention_mask'] });
    const given = { input_ids: ids, attention_mask: tensor([[1, 1, 1, 1], [1, 1, 1, 1]]) }; // biome-ignore format: one row
    for (const exact_padding of [false, true]) {
      const traced = await jit.trace(model as never, given, { dynamic: { batch: [1, 3], sequence: [1, 9] }, exact_padding });
      const loaded = await jit.load(await fileOf(traced));
      const small = { input_ids: tensor([[7]]), attention_mask: tensor([[1]]) };
      for (const inputs of [given, small])
        for (const each of [traced, loaded]) expectSameBits(each(inputs), model(inputs.input_ids, inputs.attention_mask));
    }
  });
});

import { describe, expect, test } from 'vitest';
import { F, jit, type Tensor, tensor } from '../../src/index.ts';
import { expectSameBits, tinyBert } from '../support/tiny.ts';

const bert = tinyBert({ num_hidden_layers: 2 });

/** What people put behind a model: general ops on each token, over hidden states, over tokens. */
const HEADS: Record<string, (states: Tensor) => Tensor> = {
  'ops of each element': (states) => F.exp(states.neg()).add(1).reciprocal(),
  'a softmax of each token by hand': (states) => {
    const powers = states.sub(states.amax(-1, true)).exp();
    return powers.div(powers.sum(-1, true));
  },
  'sums up to each number of a token': (states) => states.cumsum(-1).mul(states.gt(0).float()),
  'a number for each token': (states) => states.var(-1).sqrt(),
  'choices and picks': (states) => F.where(states.abs().lt(0.5), 0, states).gather(2, F.argmax(states, -1, true)),
};

describe.each(Object.entries(HEADS))('behind a model that leaves out padding: %s', (_, head) => {
  const input_ids = tensor([[3, 5, 7, 2, 9], [1, 4, 0, 0, 0], [8, 6, 2, 0, 0]]); // biome-ignore format: one row
  const attention_mask = tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0]]); // biome-ignore format: one row
  const model = Object.assign(
    (ids: Tensor, mask: Tensor) => head(bert({ input_ids: ids, attention_mask: mask } as never).last_hidden_state),
    {
      input_names: ['input_ids', 'attention_mask'],
    },
  );

  test('real tokens get the bits that they get alone, at any size', async () => {
    const dynamic = { batch: [1, 4], sequence: [1, 8] } as const;
    const traced = await jit.trace(model, { input_ids, attention_mask }, { dynamic, kernels: 'baseline' });
    const exact = await jit.trace(model, { input_ids, attention_mask }, { dynamic, kernels: 'baseline', exact_padding: true });
    expect(traced.graph).toContain('tokens');
    const [packed, whole] = [traced, exact].map((each) => each(input_ids, attention_mask) as Tensor);
    for (const [row, length] of [5, 2, 3].entries()) {
      const real = (answer: Tensor) => answer.select(0, row).narrow(0, 0, length);
      expectSameBits(real(packed), real(whole));
      const alone = traced(
        input_ids.narrow(0, row, 1).narrow(1, 0, length),
        attention_mask.narrow(0, row, 1).narrow(1, 0, length),
      ) as Tensor;
      expectSameBits(alone.select(0, 0), real(packed));
    }
  });
});

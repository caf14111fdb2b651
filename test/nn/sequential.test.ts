import { describe, expect, test } from 'vitest';
import { F, jit, nn, type Tensor, withKernels } from '../../src/index.ts';
import { expectSameBits, floats } from '../support/tiny.ts';

describe('nn.Sequential', () => {
  const parts = () => [new nn.Linear(4, 3, { seed: 1 }), new nn.ReLU(), new nn.Linear(3, 2, { seed: 2 })] as const;

  test('calls one after the other, eager and traced', async () => {
    const [first, , second] = parts();
    const x = floats([2, 4]);
    const chain = new nn.Sequential(...parts());
    expectSameBits(chain(x), second(F.relu(first(x))));
    expectSameBits(new nn.Sequential([...parts()])(x), chain(x));
    expect([...chain.state_dict().keys()]).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
    expect([...chain]).toHaveLength(3);
    expectSameBits(
      (await jit.trace(chain, [x], { kernels: 'baseline' }))(x),
      withKernels('baseline', () => chain(x)),
    );
    expect(new nn.Sequential()(x)).toBe(x);
  });

  test.each<[string, nn.Module, (x: Tensor) => Tensor]>([
    ['ReLU', new nn.ReLU(), (x) => F.relu(x)],
    ['SiLU', new nn.SiLU(), (x) => F.silu(x)],
    ['Tanh', new nn.Tanh(), (x) => F.tanh(x)],
    ['Sigmoid', new nn.Sigmoid(), (x) => F.sigmoid(x)],
    ['GELU', new nn.GELU(), (x) => F.gelu(x)],
    ['GELU of tanh', new nn.GELU('tanh'), (x) => F.gelu_new(x)],
    ['Softmax', new nn.Softmax(0), (x) => F.softmax(x, 0)],
  ])('takes %s', (_, layer, op) => expectSameBits(new nn.Sequential(layer)(floats([2, 3])), op(floats([2, 3]))));
});

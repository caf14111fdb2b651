import { describe, expect, test } from 'vitest';
import { F, jit, nn, SentenceEmbedder, Tensor, tensor } from '../../src/index.ts';
import { Computed, expectSameBits, floats, problem, tinyConfig } from '../support/tiny.ts';

const embedder = new SentenceEmbedder(tinyConfig(), { seed: 5 });
const ints = (shape: readonly number[], element: (i: number) => number): Tensor =>
  new Tensor(
    'int32',
    shape,
    Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => element(i)),
  );

describe('a model that depends on a size', () => {
  const branching = (test: (length: number) => boolean) =>
    new (class extends nn.Module<[Tensor], Tensor> {
      inner = new (class extends nn.Module<[Tensor], Tensor> {
        head = new Computed((x) => (test(x.shape[1]) ? F.gelu(x) : F.relu(x)));
        forward(x: Tensor): Tensor {
          return this.head(x) as Tensor;
        }
      })();
      forward(x: Tensor): Tensor {
        return F.tanh(this.inner(x));
      }
    })();

  test.each<[string, (length: number) => boolean]>([
    ['below a length', (length) => length > 5],
    ['at one token', (length) => length === 1],
    ['at the largest', (length) => length === 40],
    ['above a power of two', (length) => length > 16],
    ['by parity', (length) => length % 2 === 0],
    ['between the ends', (length) => length > 5 && length < 15],
  ])('by a branch %s is refused with the path of the module', async (_, branch) => {
    const error = await problem('tracing', () => jit.trace(branching(branch), [floats([1, 20])], { dynamic: { sequence: [1, 40] } }));
    expect(error.message).toMatch(
      /^inner\.head depends on a dynamic size in a way that a trace cannot hold: expected (gelu|relu).*sequence \d+/,
    );
  });

  test.each<[string, (length: number) => boolean]>([
    ['more', (length) => length > 25],
    ['fewer', (length) => length < 25],
  ])('by answering %s outputs at other sizes is refused', async (_, twice) => {
    const answers = new Computed((x) => {
      const y = F.relu(x);
      return twice(x.shape[1]) ? [y, y] : [y];
    });
    const { message } = await problem('tracing', () => jit.trace(answers, [floats([1, 20])], { dynamic: { sequence: [1, 40] } }));
    expect(message).toMatch(/^the model depends on a dynamic size .*: expected (the end of the forward pass|return).*, got .*sequence \d+/);
  });

  test('by a number that is another at the size of the dummies alone is refused', async () => {
    const model = new Computed((x) => F.narrow(x, 1, 0, x.shape[1] === 21 ? 1 : 2));
    const { message } = await problem('tracing', () => jit.trace(model, [floats([1, 21])], { dynamic: { sequence: [3, 40] } }));
    expect(message).toMatch(/depends on a dynamic size in a way that a trace cannot hold: expected 2, got 1 at sequence 21/);
  });

  test('is taken where all sizes go one way', async () => {
    const traced = await jit.trace(
      branching((length) => length > 50),
      [floats([1, 20])],
      { dynamic: { sequence: [1, 40] } },
    );
    expectSameBits(traced(floats([1, 7])), F.tanh(F.relu(floats([1, 7]))));
  });

  test('by a constant as long as an input is refused, and told of ids of any length', async () => {
    const table = new nn.Embedding(40, 4);
    const own = (ids: Tensor) => F.add(table(ids), table(ints(ids.shape, (i) => i % ids.shape[1])));
    const error = await problem('tracing', () => jit.trace(new Computed(own), [tensor([[1, 2, 3]])], { dynamic: { sequence: [1, 9] } }));
    expect(error.message).toMatch(/depends on a dynamic size.*F\.positions/);
    const traced = await jit.trace(new Computed((ids) => F.add(table(ids), table(F.positions(ids)))), [tensor([[1, 2, 3]])], {
      dynamic: { sequence: [1, 9] },
    });
    expectSameBits(traced(tensor([[4, 5]])), own(tensor([[4, 5]])));
  });

  test('by a large constant made from a size is refused', async () => {
    const weight = floats([96, 64]);
    const scaled = new Computed((x) => F.linear(x, F.scale(weight, 1 / x.shape[1])));
    const error = await problem('tracing', () =>
      jit.trace(scaled, [floats([1, 4, 64])], { dynamic: { n: [2, 9] }, dynamic_axes: { input_0: { 1: 'n' } } }),
    );
    expect(error.message).toMatch(/depends on a dynamic size/);
  });

  test('by a number that is no sum of products is refused', async () => {
    const halves = new Computed((x) => F.slice(x, 1, 0, Math.ceil(x.shape[1] / 2)));
    const error = await problem('tracing', () => jit.trace(halves, [floats([1, 8])], { dynamic: { sequence: [2, 9] } }));
    expect(error.message).toMatch(/depends on a dynamic size/);
  });

  test('that takes fewer tokens than the bounds allow says so', async () => {
    const error = await problem('value', () => jit.trace(embedder, [tensor([[1, 2, 3]])], { dynamic: { sequence: [1, 13] } }));
    expect(error.message).toMatch(/max_position_embeddings = 12/);
  });
});

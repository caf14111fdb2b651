import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { F, type Tensor, tensor } from '../../src/index.ts';
import { expectSameBits, floats, problem } from '../support/tiny.ts';

const RUNS = { numRuns: 100 };
const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
const counted = (shape: readonly number[]): Tensor => floats(shape);

const strides = (shape: readonly number[]): number[] => shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));

/** The tensor of `shape` whose element at an index is that of `x` at `from(index)`. */
function gathered(x: Tensor, shape: readonly number[], from: (index: number[]) => number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const steps = strides(shape);
  const places = strides(x.shape);
  const values = Array.from({ length: size }, (_, flat) => {
    const index = steps.map((step, i) => Math.floor(flat / step) % shape[i]);
    return Number(x.data[from(index).reduce((at, dim, i) => at + dim * places[i], 0)]);
  });
  return tensor(values, { dtype: 'float32' }).reshape(shape);
}

const shaped = <T>(more: (shape: number[]) => fc.Arbitrary<T>) => shapes.chain((shape) => fc.tuple(fc.constant(shape), more(shape)));
const dimOf = (shape: number[]) => fc.integer({ min: -shape.length, max: shape.length - 1 });
const positive = (dim: number, shape: readonly number[]): number => (dim < 0 ? dim + shape.length : dim);

describe('over random shapes', () => {
  test('permute', () => {
    const orders = shaped((shape) =>
      fc.shuffledSubarray(
        shape.map((_, i) => i),
        { minLength: shape.length },
      ),
    );
    fc.assert(
      fc.property(orders, fc.boolean(), ([shape, order], negative) => {
        const x = counted(shape);
        const want = gathered(
          x,
          order.map((dim) => shape[dim]),
          (index) => shape.map((_, dim) => index[order.indexOf(dim)]),
        );
        expectSameBits(F.permute(x, negative ? order.map((dim) => dim - shape.length) : order), want);
      }),
      RUNS,
    );
  });

  test('transpose', () => {
    fc.assert(
      fc.property(
        shaped((shape) => fc.tuple(dimOf(shape), dimOf(shape))),
        ([shape, [a, b]]) => {
          const x = counted(shape);
          const order = shape.map((_, i) => i);
          const [first, second] = [positive(a, shape), positive(b, shape)];
          [order[first], order[second]] = [order[second], order[first]];
          expectSameBits(
            F.transpose(x, a, b),
            gathered(
              x,
              order.map((dim) => shape[dim]),
              (index) => order.map((dim) => index[dim]),
            ),
          );
        },
      ),
      RUNS,
    );
  });

  test('slice and select', () => {
    fc.assert(
      fc.property(
        shaped((shape) => fc.tuple(dimOf(shape), fc.nat(99), fc.nat(99))),
        ([shape, [along, a, b]]) => {
          const x = counted(shape);
          const dim = positive(along, shape);
          const begin = a % shape[dim];
          const end = begin + 1 + (b % (shape[dim] - begin));
          const want = gathered(
            x,
            shape.map((size, i) => (i === dim ? end - begin : size)),
            (index) => index.map((at, i) => (i === dim ? at + begin : at)),
          );
          expectSameBits(F.slice(x, along, begin, end), want);
          const rest = shape.filter((_, i) => i !== dim);
          const one = gathered(x, rest, (index) => index.toSpliced(dim, 0, begin));
          expectSameBits(F.select(x, along, begin), one);
          expectSameBits(F.select(x, along, begin - shape[dim]), one);
        },
      ),
      RUNS,
    );
  });

  test('cat', () => {
    const cases = shaped((shape) => fc.tuple(dimOf(shape), fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })));
    fc.assert(
      fc.property(cases, ([shape, [along, sizes]]) => {
        const dim = positive(along, shape);
        const parts = sizes.map((size, seed) =>
          floats(
            shape.map((whole, i) => (i === dim ? size : whole)),
            seed,
          ),
        );
        const whole = F.cat(parts, along);
        expect(whole.shape[dim]).toBe(sizes.reduce((a, b) => a + b));
        let begin = 0;
        for (const part of parts) {
          expectSameBits(F.slice(whole, dim, begin, begin + part.shape[dim]), part);
          begin += part.shape[dim];
        }
      }),
      RUNS,
    );
  });

  test('reshape', () => {
    fc.assert(
      fc.property(
        shaped((shape) => fc.nat(shape.length)),
        ([shape, at]) => {
          const x = counted(shape);
          const [left, right] = [shape.slice(0, at), shape.slice(at)];
          const flat = x.reshape([left.reduce((a, b) => a * b, 1), -1]);
          expect(flat.shape).toEqual([left.reduce((a, b) => a * b, 1), right.reduce((a, b) => a * b, 1)]);
          expectSameBits(flat.reshape(shape), x);
          expect(flat.data).toEqual(x.data);
        },
      ),
      RUNS,
    );
  });
});

describe('refusals', () => {
  const x = floats([2, 3]);
  test.each<[string, () => unknown, RegExp]>([
    ['permute short', () => F.permute(x, [0]), /permute: expected an order of the 2 dimensions, got \[0\]/],
    ['permute twice', () => F.permute(x, [1, -1]), /got \[1,-1\]/],
    ['permute beyond', () => F.permute(x, [0, 2]), /permute: expected a dimension of \[2,3\], -2 to 1, got 2/],
    ['transpose beyond', () => F.transpose(x, 0, -3), /transpose: expected a dimension of \[2,3\], -2 to 1, got -3/],
    ['slice along nothing', () => F.slice(x, 2, 0, 1), /slice: expected a dimension/],
    ['slice past the end', () => F.slice(x, 1, 1, 4), /at least one element within dimension 1 of \[2,3\], got 1 to 4/],
    ['slice of nothing', () => F.slice(x, 1, 1, 1), /got 1 to 1/],
    ['slice backwards', () => F.slice(x, 1, 2, 1), /got 2 to 1/],
    ['slice fractions', () => F.slice(x, 1, Number.NaN, 2), /got NaN to 2/],
    ['select beyond', () => F.select(x, 0, 2), /within dimension 0 of \[2,3\], got 2 to 3/],
    ['select before', () => F.select(x, 0, -3), /got -1 to 0/],
    ['cat of other ranks', () => F.cat([x, floats([2])], 0), /cat: expected \[2,3\] but for dimension 0, got \[2\]/],
    ['cat of other sizes', () => F.cat([x, floats([2, 4])], 0), /got \[2,4\]/],
    ['cat beyond', () => F.cat([x, x], 2), /cat: expected a dimension/],
    ['reshape to another size', () => x.reshape([4]), /reshape: expected a shape of 6 elements, got \[4\] from \[2,3\]/],
    ['reshape with a rest', () => x.reshape([4, -1]), /got \[4,-1\]/],
    ['reshape with two unknowns', () => x.reshape([-1, -1]), /got \[-1,-1\]/],
    ['add of other shapes', () => F.add(x, floats([2])), /whose shape ends the first/],
    ['linear of other widths', () => F.linear(x, floats([4, 2])), /a weight \[out, 3\] for x \[2,3\], got \[4,2\]/],
    [
      'heads that do not divide',
      () => F.attention(floats([1, 2, 3]), floats([1, 2, 3]), floats([1, 2, 3]), { heads: 2 }),
      /heads that divide the hidden size 3, got 2/,
    ],
  ])('%s', async (_, body, message) => {
    expect((await problem('shape', body)).message).toMatch(message);
  });

  test('cat of nothing, float ids, int operands', async () => {
    await problem('value', () => F.cat([], 0));
    await problem('dtype', () => F.embedding(floats([2]), floats([4, 4])));
    await problem('dtype', () => F.relu(tensor([1, 2], { dtype: 'float64' })));
    await problem('value', () => F.scale(floats([2]), Number.NaN));
    await problem('value', () => F.activation('swoosh', floats([2])));
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { F, Tensor, tensor } from '../../src/index.ts';
import type { Shape } from '../../src/tensor/tensor.ts';
import { commonShape, elementwise, indexesOf, listOf, type Numbers, numbersOf, reducedOver, repeatedTo } from '../support/arrays.ts';
import { COMPARISONS, PAIRS, ROWS, SINGLES } from '../support/reference-general.ts';
import { floats, problem } from '../support/tiny.ts';

const RUNS = { numRuns: 60 };

/** Whole and broken numbers of both signs, zeros among them, other for each seed. */
const some = (shape: Shape, seed = 1): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: size }, (_, i) => [-2, 0, 0.5, 1, 3, -1.25, 2][(i * 5 + seed * 3 + (i >> 3)) % 7]);
  return new Tensor('float32', shape, data);
};
const whole = (shape: Shape, below: number, seed = 1): Tensor =>
  F.reshape(tensor(Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i * 7 + seed) % below)), shape);

function expectNear(got: Tensor, want: Numbers, tolerance = 4): void {
  expect(got.shape).toEqual(want.shape);
  const values = listOf(want);
  for (const [i, value] of values.entries()) {
    const wanted = Math.fround(value);
    if (Object.is(got.data[i], wanted) || Number(got.data[i]) === wanted) continue;
    if (Number.isNaN(wanted)) expect(got.data[i], `${i}`).toBeNaN();
    else
      expect(Math.abs(Number(got.data[i]) - value), `${i}: ${got.data[i]}, not ${value}`).toBeLessThanOrEqual(
        tolerance * 2 ** -23 * Math.max(1, Math.abs(value)),
      );
  }
}

const size = fc.integer({ min: 1, max: 4 });
const shapes = fc.array(size, { maxLength: 5 });
/** Shapes that are repeated to one. */
const repeated = (count: number) =>
  fc
    .array(fc.tuple(size, fc.array(fc.boolean(), { minLength: count, maxLength: count })), { maxLength: 5 })
    .chain((dims) =>
      fc.tuple(
        ...Array.from({ length: count }, (_, i) =>
          fc.integer({ min: 0, max: dims.length }).map((skip) => dims.slice(skip).map(([size, ones]) => (ones[i] ? 1 : size))),
        ),
      ),
    );
const shaped = <T>(more: (shape: number[]) => fc.Arbitrary<T>, from = shapes) =>
  from.chain((shape) => fc.tuple(fc.constant(shape), more(shape)));
const someDims = (shape: number[]) => fc.subarray([...shape.keys()], { minLength: Math.min(1, shape.length) });
const ranked = fc.array(size, { minLength: 1, maxLength: 6 });
const dimOf = (shape: number[]) => fc.integer({ min: 0, max: shape.length - 1 });
const call = (name: string) => (F as unknown as Record<string, (...args: unknown[]) => Tensor>)[name];

describe('over random shapes', () => {
  test.each(Object.keys(PAIRS))('%s', (name) => {
    fc.assert(
      fc.property(repeated(2), ([left, right]) => {
        const [a, b] = [some(left), some(right, 2)];
        const want = elementwise(PAIRS[name].of, numbersOf(a), numbersOf(b));
        expectNear(call(name)(a, b), want);
      }),
      RUNS,
    );
  });

  test.each(Object.keys(COMPARISONS))('%s of floats and of whole numbers', (name) => {
    fc.assert(
      fc.property(repeated(2), ([left, right]) => {
        for (const [a, b] of [
          [some(left), some(right, 2)],
          [whole(left, 3), whole(right, 3, 2)],
          [whole(left, 3), some(right)],
        ]) {
          const got = call(name)(a, b);
          expect(got.dtype).toBe('int32');
          expectNear(got, elementwise(COMPARISONS[name], numbersOf(a), numbersOf(b)), 0);
        }
      }),
      RUNS,
    );
  });

  test.each(Object.keys(SINGLES))('%s', (name) => {
    const x = some([3, 7]);
    expectNear(call(name)(x), elementwise(SINGLES[name].of, numbersOf(x)));
  });

  test('where, masked_fill and clamp', () => {
    fc.assert(
      fc.property(repeated(3), ([mask, left, right]) => {
        const [condition, a, b] = [whole(mask, 2), some(left), some(right, 2)];
        const [c, x, y] = [condition, a, b].map(numbersOf);
        expectNear(
          F.where(condition, a, b),
          elementwise((c, x, y) => (c ? x : y), c, x, y),
          0,
        );
        expectNear(
          F.where(F.sub(condition, 0), a, b),
          elementwise((c, x, y) => (c ? x : y), c, x, y),
          0,
        );
        const ints = F.where(condition, whole(left, 5), whole(right, 9));
        expect(ints.dtype).toBe('int32');
        expectNear(
          F.masked_fill(a, condition, -7),
          elementwise((c, x) => (c ? -7 : x), c, x),
          0,
        );
        expectNear(
          F.clamp(a, b, 1),
          elementwise((x, y) => Math.min(Math.max(x, y), 1), x, y),
          0,
        );
      }),
      RUNS,
    );
  });

  test.each(Object.keys(ROWS).filter((name) => name !== 'var_biased'))('%s', (name) => {
    fc.assert(
      fc.property(shaped(someDims, ranked), fc.boolean(), fc.boolean(), ([shape, dims], keepdim, negative) => {
        const x = some(shape);
        const given = negative ? dims.map((dim) => dim - shape.length) : dims;
        const want = reducedOver(ROWS[name], numbersOf(x), dims, keepdim);
        expectNear(name === 'var' ? F.var(x, given, { keepdim }) : call(name)(x, given, keepdim), want);
        if (name !== 'var') return;
        expectNear(F.var(x, given, { keepdim, correction: 0 }), reducedOver(ROWS.var_biased, numbersOf(x), dims, keepdim));
        expectNear(F.std(x, given, { keepdim }), elementwise(Math.sqrt, want));
      }),
      RUNS,
    );
  });

  test('all, any, argmax and argmin', () => {
    fc.assert(
      fc.property(shaped(dimOf, ranked), fc.boolean(), ([shape, dim], keepdim) => {
        const x = some(shape, 4);
        const over = (of: (row: number[]) => number) => reducedOver(of, numbersOf(x), [dim], keepdim);
        expectNear(
          F.all(x, dim, keepdim),
          over((row) => Number(row.every((v) => v !== 0))),
          0,
        );
        expectNear(
          F.any(x, dim, keepdim),
          over((row) => Number(row.some((v) => v !== 0))),
          0,
        );
        expectNear(
          F.argmax(x, dim, keepdim),
          over((row) => row.indexOf(Math.max(...row))),
          0,
        );
        expectNear(
          F.argmin(x, dim, keepdim),
          over((row) => row.indexOf(Math.min(...row))),
          0,
        );
      }),
      RUNS,
    );
  });

  test('topk along any dimension', () => {
    fc.assert(
      fc.property(shaped(dimOf, ranked), fc.boolean(), fc.integer({ min: 1, max: 8 }), ([shape, dim], largest, most) => {
        const [x, k] = [some(shape, 4), Math.min(most, shape[dim])];
        const { at } = numbersOf(x);
        const best = (index: readonly number[]) => {
          const row = Array.from({ length: shape[dim] }, (_, i) => at(index.with(dim, i)));
          return [...row.keys()].sort((i, j) => (largest ? row[j] - row[i] : row[i] - row[j]) || i - j)[index[dim]];
        };
        const [values, indices] = F.topk(x, k, dim, largest);
        expectNear(indices, { shape: shape.with(dim, k), at: best }, 0);
        expectNear(values, { shape: shape.with(dim, k), at: (index) => at(index.with(dim, best(index))) }, 0);
      }),
      RUNS,
    );
    expect(F.topk(tensor([[5, 2, 7]]), 0).values.shape).toEqual([1, 0]);
    const [alone, place] = F.topk(tensor(4), 1);
    expect([alone.shape, alone.item(), place.item()]).toEqual([[], 4, 0]);
    const { values, indices } = tensor([[5, 2, 7]]).topk(2);
    expect([values.tolist(), indices.tolist(), values.dtype, indices.dtype]).toEqual([[[7, 5]], [[2, 0]], 'int32', 'int32']);
  });

  test('cumsum, softmax and log_softmax along any dimension', () => {
    fc.assert(
      fc.property(shaped(dimOf, ranked), ([shape, dim]) => {
        const x = some(shape);
        const { at } = numbersOf(x);
        const row = (index: readonly number[]) => Array.from({ length: shape[dim] }, (_, i) => at(index.with(dim, i)));
        const total = (index: readonly number[]) => row(index).reduce((sum, v) => sum + Math.exp(v), 0);
        const upTo = (index: readonly number[]) => row(index).slice(0, index[dim] + 1);
        expectNear(F.cumsum(x, dim), { shape, at: (index) => upTo(index).reduce((a, b) => a + b, 0) });
        expectNear(F.softmax(x, dim), { shape, at: (index) => Math.exp(at(index)) / total(index) });
        expectNear(F.log_softmax(x, dim), { shape, at: (index) => at(index) - Math.log(total(index)) });
      }),
      RUNS,
    );
  });

  test('gather and index_select, of floats and of whole numbers', () => {
    fc.assert(
      fc.property(
        shaped((shape) => fc.tuple(dimOf(shape), fc.integer({ min: 1, max: 5 })), ranked),
        ([shape, [dim, count]]) => {
          const index = whole(shape.with(dim, count), shape[dim]);
          const ids = whole([count], shape[dim], 3);
          for (const x of [some(shape), whole(shape, 50)]) {
            const { at } = numbersOf(x);
            const of = numbersOf(index);
            const got = F.gather(x, dim, index);
            expect(got.dtype).toBe(x.dtype);
            expectNear(got, { shape: of.shape, at: (where) => at(where.with(dim, of.at(where))) }, 0);
            const rows = F.index_select(x, dim - shape.length, ids);
            expect(rows.dtype).toBe(x.dtype);
            expectNear(rows, { shape: of.shape, at: (where) => at(where.with(dim, Number(ids.data[where[dim]]))) }, 0);
          }
        },
      ),
      RUNS,
    );
  });

  test('expand, repeat and repeat_interleave', () => {
    fc.assert(
      fc.property(repeated(2), fc.boolean(), ([own, other], isWhole) => {
        const x = isWhole ? whole(own, 40) : some(own);
        const shape = commonShape(own, other);
        expectNear(F.expand(x, shape), repeatedTo(numbersOf(x), shape), 0);
        expectNear(F.broadcast_to(x, shape), repeatedTo(numbersOf(x), shape), 0);
        const kept = shape.map((size, i) => (own[i - shape.length + own.length] === size ? -1 : size));
        expectNear(F.expand(x, kept), repeatedTo(numbersOf(x), shape), 0);
        const { at } = numbersOf(x);
        const times = [...new Array(other.length).fill(2), ...own.map((_, i) => 1 + (i % 3))].slice(-Math.max(own.length, other.length, 1));
        const lead = times.length - own.length;
        const sizes = times.map((each, i) => each * (i < lead ? 1 : own[i - lead]));
        expectNear(F.repeat(x, times), { shape: sizes, at: (index) => at(own.map((size, i) => index[i + lead] % size)) }, 0);
        if (own.length === 0) return;
        const dim = own.length - 1;
        const longer = own.with(dim, own[dim] * 3);
        expectNear(F.repeat_interleave(x, 3, dim), { shape: longer, at: (index) => at(index.with(dim, Math.floor(index[dim] / 3))) }, 0);
      }),
      RUNS,
    );
  });

  test('permute, slice, chunk, split, unbind and stack of up to six dimensions', () => {
    fc.assert(
      fc.property(
        shaped((shape) => fc.tuple(dimOf(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })), ranked),
        ([shape, [dim, order]]) => {
          for (const x of [some(shape), whole(shape, 99)]) {
            const { at } = numbersOf(x);
            const moved = order.map((axis) => shape[axis]);
            expectNear(F.permute(x, order), { shape: moved, at: (index) => at(order.map((_, axis) => index[order.indexOf(axis)])) }, 0);
            const last = F.slice(x, dim, -1, shape[dim]);
            expectNear(last, { shape: shape.with(dim, 1), at: (index) => at(index.with(dim, shape[dim] - 1)) }, 0);
            for (const parts of [
              F.chunk(x, 2, dim),
              F.split(x, 2, dim),
              F.split(x, [1, ...(shape[dim] > 1 ? [shape[dim] - 1] : [])], dim),
            ]) {
              expect(parts.every((part) => part.dtype === x.dtype)).toBe(true);
              expectNear(F.cat(parts, dim), { shape, at }, 0);
            }
            expect(F.unbind(x, dim).every((part) => part.shape.length === shape.length - 1)).toBe(true);
            expectNear(F.stack(F.unbind(x, dim), dim), { shape, at }, 0);
            expect(F.stack([x, x], -1).shape).toEqual([...shape, 2]);
          }
        },
      ),
      RUNS,
    );
  });

  test('matmul and bmm', () => {
    const matrices = fc.tuple(repeated(2), size, size, size);
    fc.assert(
      fc.property(matrices, fc.boolean(), ([[left, right], m, k, n], vector) => {
        const [a, b] = [some([...left, m, k]), some(vector ? [k] : [...right, k, n], 2)];
        const [x, y] = [numbersOf(a), numbersOf(b)];
        const outer = vector ? left : commonShape(left, right);
        const [p, q] = [repeatedTo({ ...x, shape: x.shape }, [...outer, m, k]), vector ? y : repeatedTo(y, [...outer, k, n])];
        const sum = (term: (i: number) => number) => Array.from({ length: k }, (_, i) => term(i)).reduce((s, v) => s + v, 0);
        const want: Numbers = vector
          ? { shape: [...outer, m], at: (index) => sum((i) => p.at([...index, i]) * y.at([i])) }
          : {
              shape: [...outer, m, n],
              at: (index) => sum((i) => p.at([...index.slice(0, -1), i]) * q.at([...index.slice(0, -2), i, ...index.slice(-1)])),
            };
        expectNear(F.matmul(a, b), want, 32);
        if (!vector && left.length === 1 && left[0] === right[0] && right.length === 1) expectNear(F.bmm(a, b), want, 32);
      }),
      RUNS,
    );
  });

  test('einsum', () => {
    const letters = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 3 }), fc.context(), (terms, log) => {
        const sizes: Record<string, number> = { a: 2, b: 3, c: 1, d: 4, e: 2 };
        const every: string[] = [...new Set(terms.flat())];
        const result = every.filter((_, i) => i % 2 === 0).reverse();
        const equation = `${terms.map((term) => term.join('')).join(', ')} -> ${result.join('')}`;
        log.log(equation);
        const tensors = (terms as string[][]).map((term, i) =>
          some(
            term.map((letter) => sizes[letter]),
            i,
          ),
        );
        const inner = every.filter((letter) => !result.includes(letter));
        const at = (index: readonly number[]): number => {
          let sum = 0;
          for (const by of indexesOf(inner.map((letter) => sizes[letter]))) {
            const of = (letter: string) => (result.includes(letter) ? index[result.indexOf(letter)] : by[inner.indexOf(letter)]);
            sum += tensors.reduce((product, each, i) => product * numbersOf(each).at((terms[i] as string[]).map(of)), 1);
          }
          return sum;
        };
        expectNear(F.einsum(equation, ...tensors), { shape: result.map((letter) => sizes[letter]), at }, 64);
      }),
      { numRuns: 100 },
    );
  });
});

const floating = (value: number): Tensor => tensor([value], { dtype: 'float32' });

/** C's pow, which has 1 where JavaScript has NaN. */
const powerOf = (a: number, b: number): number =>
  a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : Math.fround(a ** b);

describe('by hand', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  test.each<[string, () => Tensor, unknown]>([
    ['einsum without a result', () => F.einsum('ba,cb', [[1, 2]], [[1], [3]]), [[1, 3], [2, 6]]], // biome-ignore format: one row
    ['einsum with an ellipsis', () => F.einsum('...i,i->...', x, [1, 0, 1]), [4, 10]],
    ['einsum of a list', () => F.einsum('ij,ij->', [x, x]), 91],
    ['div rounded down', () => F.div([5, -5], 2, { rounding_mode: 'floor' }), [2, -3]],
    ['div rounded towards 0', () => F.div([5, -5], 2, { rounding_mode: 'trunc' }), [2, -2]],
    [
      'powers by number',
      () => F.stack([2, 3, 0.5, -0.5, -1, 1, 0].map((by) => F.pow([4], by))),
      [[16], [64], [2], [0.5], [0.25], [4], [1]],
    ],
    ['powers of negative numbers', () => F.pow(-2, tensor([3, 2, -1])), [-8, 4, -0.5]],
    ['sum of all', () => x.sum(), 21],
    ['sum of nothing', () => F.sum(floats([2, 0]), 1), [0, 0]],
    ['mean by name', () => x.mean({ dim: 0, keepdim: true }), [[2.5, 3.5, 4.5]]],
    ['logical_not', () => F.logical_not([0, 2, 0.5]), [1, 0, 0]],
    ['where as a method', () => x.where(x.gt(2), 0), [[0, 0, 3], [4, 5, 6]]], // biome-ignore format: one row
    ['clamp by name', () => x.clamp({ min: 2 }), [[2, 2, 3], [4, 5, 6]]], // biome-ignore format: one row
    ['expand dimension by dimension', () => tensor([[1], [2]]).expand(-1, 2), [[1, 1], [2, 2]]], // biome-ignore format: one row
    ['neg of 0', () => F.neg([0, -1]), [-0, 1]],
    ['square and reciprocal', () => F.add(F.square([2]), F.reciprocal([4])), [4.25]],
    ['float', () => tensor([1, 2]).float(), [1, 2]],
  ])('%s', (_, body, want) => {
    expect(body().tolist()).toEqual(want);
  });

  test.each<[string, 'shape' | 'value' | 'dtype', () => unknown, RegExp]>([
    [
      'shapes that are not repeated',
      'shape',
      () => F.div(x, [1, 2]),
      /div: expected shapes equal but for dimensions of 1, got \[2,3\] and \[2\]/,
    ],
    ['comparisons of such', 'shape', () => F.eq(x, [1, 2]), /eq: expected shapes equal/],
    ['choices of such', 'shape', () => F.where([1, 0], x, x), /where: expected operands equal but for dimensions of 1/],
    ['an index beyond', 'value', () => F.gather(x, 1, [[3], [0]]), /gather: ids\[0\]: expected a whole number from 0 to 2, got 3/],
    ['an index below 0', 'value', () => F.index_select(x, 0, [-1]), /ids\[0\]: expected a whole number from 0 to 1, got -1/],
    [
      'an index that is too large',
      'shape',
      () => F.gather(x, 1, [[0], [0], [0]]),
      /gather: index: expected at most \[2,3\] but for dimension 1/,
    ],
    ['an index of other dimensions', 'shape', () => F.index_select(x, 0, [[1]]), /index: expected one dimension, got \[1,1\]/],
    ['the largest of nothing', 'shape', () => F.amax(floats([2, 0]), 1), /reduce: expected rows of at least one element/],
    ['expand of other sizes', 'shape', () => F.expand(x, [2, 4]), /expand: expected \[2,3\] but for dimensions of 1, got \[2,4\]/],
    ['expand to fewer dimensions', 'shape', () => F.expand(x, [3]), /expand: expected \[2,3\]/],
    ['split of other sizes', 'shape', () => F.split(x, [1, 3], 1), /split: expected sizes that add up to 3, got \[1,3\]/],
    ['repeat of fewer dimensions', 'value', () => F.repeat(x, [2]), /repeat: expected 2 whole numbers from 1, or more/],
    [
      'matmul of other sizes',
      'shape',
      () => F.matmul(floats([2, 3, 4]), floats([2, 3, 4])),
      /matmul: expected \[..., 4, n\] for \[2,3,4\]/,
    ],
    ['matmul of numbers', 'shape', () => F.matmul(3, x), /matmul: expected at least one dimension/],
    ['bmm of matrices', 'shape', () => F.bmm(x, x), /bmm: expected \[batch, m, k\]/],
    ['stack of other shapes', 'shape', () => F.stack([x, floats([2, 2])]), /expected \[1,2,3\] but for dimension 0/],
    ['einsum of too few terms', 'value', () => F.einsum('ij->i', x, x), /a term for each of 2 tensors/],
    ['einsum of other dimensions', 'value', () => F.einsum('i->i', x), /expected 2 dimensions in i, got 1/],
    ['einsum with a letter twice', 'value', () => F.einsum('ii->i', floats([2, 2])), /each once in a term/],
    ['einsum of sizes that differ', 'shape', () => F.einsum('ij,jk->ik', x, x), /expected 3 for j, got 2/],
    ['einsum of unknown letters', 'value', () => F.einsum('ij->k', x), /a result of letters that an operand has, got k/],
    ['doubles', 'dtype', () => F.exp(tensor([1.5], { dtype: 'double' })), /float64. Convert it with to\('float32'\)/],
  ])('%s are refused', async (_, code, body, message) => {
    expect((await problem(code, body)).message).toMatch(message);
  });

  test('special numbers are those of IEEE 754', () => {
    const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
    expect(F.exp([-inf, inf, nan, -100]).tolist()).toEqual([0, inf, nan, 0]);
    expect(F.log([0, -1, inf, nan, 1e-45]).tolist()).toEqual([-inf, nan, inf, nan, Math.fround(Math.log(2 ** -149))]);
    expect(F.erf([inf, -inf, nan, -0]).tolist()).toEqual([1, -1, nan, -0]);
    expect(F.sin([inf, -0]).tolist()).toEqual([nan, -0]);
    for (const angle of [3e38, -2.5e9, 2 ** 28, 268435488, 1e15, 16367173 * 2 ** 72])
      for (const of of ['sin', 'cos'] as const)
        expect(F[of](floating(angle)).item(), `${of}(${angle})`).toBeCloseTo(Math[of](Math.fround(angle)), 6);
    expect(F.sign([nan, -inf, -0, 0]).tolist()).toEqual([nan, -1, -0, 0]);
    expect(F.rsqrt([0, inf, -1]).tolist()).toEqual([inf, 0, nan]);
    expect(F.maximum([nan, 1], [1, nan]).tolist()).toEqual([nan, nan]);
    expect(F.clamp([nan, inf, -inf], -1, 1).tolist()).toEqual([nan, 1, -1]);
    expect(F.amax([[1, nan, 3]], 1).tolist()).toEqual([nan]);
    expect(F.ne([nan, 1], [nan, 1]).tolist()).toEqual([1, 0]);
    for (const a of [0, -0, 1, -1, 2, -2, 0.5, -0.5, inf, -inf, nan, 1e-40, 3e38])
      for (const b of [0, 1, -1, 2, 3, -3, 0.5, -0.5, inf, -inf, nan, 1e10])
        expect(F.pow(floating(a), floating(b)).tolist(), `${a} to the power ${b}`).toEqual([powerOf(Math.fround(a), b)]);
  });
});

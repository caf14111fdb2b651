import { describe, expect, test } from 'vitest';
import { jit, type Tensor } from '../../src/index.ts';
import { floats, type Program, Running, whole } from '../support/atenprograms.ts';
import { problem } from '../support/tiny.ts';

/** Indices that no element has: bad input never yields an answer. */

const holds = (values: readonly number[]) => ({
  inputs: { x: floats([2, 3, 4], 1), ids: whole([2], values) },
  weights: { table: floats([5, 4], 2) },
});

/** A trace of `program` on indices in range, and the program as it is. */
async function both(
  program: Program,
): Promise<[traced: (values: readonly number[]) => Tensor, plain: (values: readonly number[]) => Tensor]> {
  const { x, ids } = holds([0, 1]).inputs;
  const running = new Running(program, holds([0, 1]));
  const module = (await jit.trace(running as never, [x, ids] as never)) as unknown as (...given: Tensor[]) => Tensor;
  return [(values) => module(x, whole([2], values)), (values) => running.forward(x, whole([2], values))];
}

const numbersOf = ({ data }: Tensor): number[] => Array.from(data as Float32Array);

const last: Program = (call, { ids }) => call('sub', call('add', ids, 1), 1);

const wide: Program = (call, all) => call('expand', call('view', last(call, all), [2, 1, 1]), [2, 1, 4]);

const PROGRAMS: readonly [string, Program, number, boolean][] = [
  ['embedding', (call, all) => call('embedding', all.table, last(call, all)), 5, false],
  ['gather', (call, all) => call('gather', all.x, 1, wide(call, all)), 3, false],
  ['index_select', (call, all) => call('index_select', all.x, 1, last(call, all)), 3, false],
  ['index', (call, all) => call('index', call('select', all.x, 0, 0), [last(call, all)]), 3, true],
  ['one_hot', (call, all) => call('one_hot', last(call, all), 3), 3, false],
  ['scatter', (call, all) => call('scatter', all.x, 1, wide(call, all), call('neg', all.x)), 3, false],
  ['scatter of a number', (call, all) => call('scatter', all.x, -2, wide(call, all), 9), 3, false],
  ['scatter_add', (call, all) => call('scatter_add', all.x, 1, wide(call, all), all.x), 3, false],
  ['scatter_reduce', (call, all) => call('scatter_reduce', all.x, 1, wide(call, all), all.x, 'amax'), 3, false],
  ['index_add', (call, all) => call('index_add', all.x, 1, last(call, all), call('narrow', all.x, 1, 0, 2)), 3, false],
  ['index_copy', (call, all) => call('index_copy', all.table, 0, last(call, all), call('narrow', all.table, 0, 3, 2)), 5, false],
  ['index_fill', (call, all) => call('index_fill', all.x, 2, last(call, all), 9), 4, true],
  ['index_put', (call, all) => call('index_put', all.table, [last(call, all)], call('narrow', all.table, 0, 3, 2)), 5, true],
  [
    'index_put of two',
    (call, all) =>
      call(
        'index_put',
        call('select', all.x, 0, 0),
        [call('to', call('lt', all.ids, 99), 4), last(call, all)],
        call('select', call('select', all.x, 1, 0), 1, 0),
      ),
    4,
    true,
  ],
  [
    'index_put of each',
    (call, all) => call('index_put', all.x, [call('arange', 2), last(call, all)], call('select', all.x, 1, 0)),
    3,
    true,
  ],
  ['index of two', (call, all) => call('index', all.x, [call('to', call('lt', all.ids, 99), 4), last(call, all)]), 3, true],
];

describe.each(PROGRAMS)('%s by numbers that a program makes', (_, program, size, negative) => {
  test('answers within the range', async () => {
    const [at, plain] = await both(program);
    for (const values of [[size - 1, 0], [1, 1], ...(negative ? [[-1, -size]] : [])])
      expect(numbersOf(at(values))).toEqual(numbersOf(plain(values.map((value) => (value < 0 ? value + size : value)))));
  });

  test('is an error beyond it that says the op, the index and the range', async () => {
    const [at] = await both(program);
    for (const wrong of [
      [0, size],
      [2 * size + 1, 0],
      [negative ? -size - 1 : -1, 1],
    ] as const) {
      const error = await problem('value', () => at(wrong));
      expect(error.message).toMatch(
        /instruction \d+ \((gather|embedding) of the model\)\[\d+\]: expected a whole number from 0 to \d+, got -?\d+/,
      );
    }
  });
});

test('an index that a program has written out is refused where it is out of range', async () => {
  const program: Program = (call, { x }) => call('index', x, [null, call('arange', 4)]);
  const error = await problem('shape', () => both(program));
  expect(error.message).toMatch(/expected -3 to 2, got 3\. aten::index in the model \(code\/test\.py, line 1\)/);
});

test('and so is one to write at', async () => {
  const program: Program = (call, { x }) =>
    call('index_put', x, [call('arange', 2), call('add', call('arange', 2), 3)], call('select', x, 1, 0));
  const error = await problem('shape', () => both(program));
  expect(error.message).toMatch(/expected -3 to 2, got 3\. aten::index_put/);
});

import type { Shape } from '../../src/tensor/tensor.ts';
import { LOOKUPS } from './cases.ts';
import { integerProduct, integersOf, range } from './formulas.ts';
import type { Definition } from './reference.ts';

/** 2^-24, the rounding error that tolerances count. */
const UNIT = 2 ** -24;

function integerLinear(sizes: [m: number, n: number, k: number][], weightsOf: (n: number, k: number) => Record<string, Shape>): Definition {
  return {
    cases: sizes.flatMap(([m, n, k]) => {
      const shapes = { x: [m, k], ...weightsOf(n, k), scale: [n], sums: [Math.ceil(k / 384), n] };
      return [{ shapes }, { shapes: { ...shapes, smooth: [k], bias: [n] } }];
    }),
    of: (operands, numbers) => integerProduct(operands, numbers, UNIT),
    tolerance: () => 1.1,
  };
}

function integerLookup(weightsOf: (vocab: number, cols: number) => Record<string, Shape>, lookups: typeof LOOKUPS): Definition {
  return {
    cases: lookups.map(([rows, vocab, cols]) => ({ shapes: { ids: [rows], ...weightsOf(vocab, cols), scale: [vocab] } })),
    of: (operands, { cols }) => {
      const table = integersOf(operands);
      return { values: Array.from(operands.ids).flatMap((id) => range(cols).map((c) => table[id * cols + c] * operands.scale[id])) };
    },
    tolerance: () => 1,
  };
}

/** The ops that multiply or look up whole numbers, by definition. */
export const INTEGER_REFERENCE = {
  embedding_i8: integerLookup((vocab, cols) => ({ table: [vocab, cols] }), LOOKUPS),
  embedding_i4: integerLookup(
    (vocab, cols) => ({ table: [vocab, cols / 2], steps: [vocab, cols / 32] }),
    [
      [0, 3, 32],
      [1, 1, 32],
      [5, 7, 64],
      [9, 4, 416],
    ],
  ),
  linear_i8: integerLinear(
    [
      [1, 1, 1],
      [0, 3, 4],
      [5, 1, 3],
      [2, 3, 5],
      [4, 8, 31],
      [6, 9, 32],
      [7, 13, 33],
      [5, 40, 16],
      [13, 41, 67],
      [3, 81, 130],
      [129, 2, 9],
      [9, 5, 384],
      [12, 7, 385],
      [1, 6, 1151],
      [131, 43, 400],
    ],
    (n, k) => ({ weight: [n, k] }),
  ),
  linear_i4: integerLinear(
    [
      [1, 1, 32],
      [0, 3, 64],
      [5, 2, 96],
      [7, 41, 32],
      [130, 3, 64],
      [4, 9, 384],
      [6, 83, 416],
      [3, 5, 1184],
      [131, 43, 416],
    ],
    (n, k) => ({ weight: [n, k / 2], steps: [n, k / 32] }),
  ),
} satisfies Record<string, Definition>;

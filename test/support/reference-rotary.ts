import { range, rowsOf } from './formulas.ts';
import type { Definition } from './reference.ts';

/** Angles in float32, of which sines and cosines are taken. */
const angles = (positions: ArrayLike<number>, frequencies: ArrayLike<number>): number[][] =>
  Array.from(positions, (position) => Array.from(frequencies, (frequency) => Math.fround(position * frequency)));

export const ROTARY_REFERENCE = {
  rotations: {
    cases: [
      [0, 3],
      [1, 1],
      [5, 4],
      [7, 9],
      [40, 32],
    ].map(([rows, half]) => ({ shapes: { positions: [rows], frequencies: [half] }, attrs: { scale: 1.25 } })),
    of: ({ positions, frequencies }, { scale }) => ({
      values: angles(positions, frequencies).flatMap((row) => [
        ...row.map((angle) => Math.cos(angle) * scale),
        ...row.map((angle) => Math.sin(angle) * scale),
      ]),
    }),
    tolerance: () => 2,
  },
  rotary: {
    cases: [
      { shapes: { x: [0, 4], rotation: [0, 4] }, attrs: { heads: 1, head_dim: 4 } },
      { shapes: { x: [1, 2], rotation: [1, 2] }, attrs: { heads: 1, head_dim: 2 } },
      { shapes: { x: [3, 24], rotation: [3, 8] }, attrs: { heads: 3, head_dim: 8 } },
      { shapes: { x: [5, 31], rotation: [5, 6] }, attrs: { heads: 3, head_dim: 9 } },
      { shapes: { x: [4, 72], rotation: [4, 18] }, attrs: { heads: 2, head_dim: 24 } },
      { shapes: { x: [2, 3, 16], rotation: [2, 3, 16] }, attrs: { heads: 1, head_dim: 16 } },
    ],
    of({ x, rotation }, { cols, heads, head_dim, half }) {
      const turns = rowsOf(rotation, 2 * half);
      const values = rowsOf(x, cols).flatMap((row, r) => {
        const turned = [...row];
        for (const h of range(heads))
          for (const i of range(half)) {
            const [a, b] = [h * head_dim + i, h * head_dim + i + half];
            turned[a] = row[a] * turns[r][i] - row[b] * turns[r][half + i];
            turned[b] = row[b] * turns[r][i] + row[a] * turns[r][half + i];
          }
        return turned;
      });
      return { values, sizes: values.map((v) => Math.abs(v) + 8) };
    },
    tolerance: () => 3,
  },
} satisfies Record<string, Definition>;
